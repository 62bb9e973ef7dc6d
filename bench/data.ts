/**
 * @file Reading a large data set: the wait before the first batch, batches of random windows, memory, the check of every
 * byte. With what the operating system keeps of files, and with --cold without.
 */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readdirSync, statSync, writeFileSync } from "node:fs";
import { mkdtemp, rm, statfs } from "node:fs/promises";
import { cpus, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { UserError } from "../src/base/index.ts";
import { columns } from "../src/cli/table.ts";
import { StopRequest } from "../src/platform/index.ts";
import type { Reading } from "./data/reader.ts";
import { makeSet, stepBytes } from "./data/synthetic.ts";

const limits = { first: 2, median: 2, megabytes: 90 };
/** Batches that are drawn: 2000 of a large set, few of one that is only tried. */
const batchesOf = (steps: number) => Math.min(2000, Math.ceil(steps / 100));

/** MB/s at which all files of a data set are read; null where there is no such program. */
interface Rates {
  readonly check: number;
  readonly sha256sum: number | null;
  readonly cat: number | null;
}
type Measured = Reading & Rates;

/** Prints a table, or with --json one document. Progress goes to stderr. Removes what it writes, after Ctrl-C too. */
export async function data(options: string[]): Promise<void> {
  const { steps, cold: clearing, json } = readOptions(options);
  if (clearing) clearCache();
  const stop = new AbortController();
  using _ = new StopRequest(() => stop.abort());
  const top = await mkdtemp(join(tmpdir(), "sodp-bench-"));
  try {
    await checkSpace(top, steps);
    const folder = join(top, "set");
    console.error(`Writes ${steps} steps to ${folder}.`);
    await makeSet(folder, steps, stop.signal);
    const batches = batchesOf(steps);
    const cold = clearing ? await measure(folder, batches, "cold", stop.signal) : null;
    const warm = await measure(folder, batches, "warm", stop.signal);
    const setting = {
      machine: `${cpus()[0].model}, ${cpus().length} cores, ${(totalmem() / 1e9).toFixed(0)} GB of memory`,
      set: `${steps} steps, ${(sizeOf(folder) / 1e9).toFixed(1)} GB`,
    };
    console.log(
      json
        ? JSON.stringify({ ...setting, batches, limits, cold, warm }, null, 2)
        : table(setting, batches, cold, warm),
    );
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    process.exitCode = 130;
  } finally {
    await rm(top, { recursive: true, maxRetries: 3 });
  }
}

function readOptions(args: string[]): { steps: number; cold: boolean; json: boolean } {
  const { values } = parse(args);
  const steps = Number(values.steps ?? 50e6);
  if (Number.isInteger(steps) && steps >= 1)
    return { steps, cold: values.cold ?? false, json: values.json ?? false };
  throw new UserError(`--steps: expected a whole number from 1, got ${values.steps}.`);
}

function parse(args: string[]) {
  const options = {
    json: { type: "boolean" },
    cold: { type: "boolean" },
    steps: { type: "string" },
  } as const;
  try {
    return parseArgs({ args, options });
  } catch (error) {
    throw new UserError(`${(error as Error).message.split(". ")[0]}. Known: --json, --cold, --steps <n>.`);
  }
}

/** Throws UserError unless the disk has room for the set and as much again as a shard. */
async function checkSpace(folder: string, steps: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const needed = 1.02 * steps * stepBytes + 2e8;
  if (bavail * bsize >= needed) return;
  const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;
  throw new UserError(
    `${steps} steps take ${gigabytes(needed)}, ${tmpdir()} has ${gigabytes(bavail * bsize)} free. Name another folder ` +
      "by TMPDIR, or fewer steps by --steps.",
  );
}

/** Lets the operating system forget the files it keeps in memory. Throws UserError where it does not let us. */
function clearCache(): void {
  spawnSync("sync"); // what is not on disk yet is not forgotten
  try {
    writeFileSync("/proc/sys/vm/drop_caches", "3");
  } catch {
    throw new UserError("--cold: only root on Linux can clear the system's cache of files.");
  }
}

const path = (file: string) => fileURLToPath(new URL(file, import.meta.url));
const sizeOf = (folder: string) => filesOf(folder).reduce((sum, file) => sum + statSync(file).size, 0);
const filesOf = (folder: string) =>
  readdirSync(join(folder, "data")).map((name) => join(folder, "data", name));

/** Every measurement in a process of its own. cold: the cache is cleared before each; warm: it holds what fits */
async function measure(
  folder: string,
  batches: number,
  cache: "cold" | "warm",
  signal: AbortSignal,
): Promise<Measured> {
  const [files, bytes] = [filesOf(folder), sizeOf(folder)];
  const ours = async (...args: string[]) =>
    (await run(process.execPath, [...process.execArgv, ...args], signal, "pipe")) as string; // our flags read TypeScript
  const rate = async (work: () => Promise<string | null>) => {
    if (cache === "cold") clearCache();
    const begun = performance.now();
    const done = (await work()) !== null;
    return done ? bytes / 1e3 / (performance.now() - begun) : null;
  };
  console.error(`Measures, ${cache}.`);
  const cat = await rate(() => run("cat", files, signal, "ignore"));
  const sha256sum = await rate(() => run("sha256sum", files, signal, "ignore"));
  const check = (await rate(() => ours(path("../src/cli/main.ts"), "data", "check", folder))) as number;
  if (cache === "cold") clearCache();
  const reading: Reading = JSON.parse(await ours(path("data/reader.ts"), folder, String(batches)));
  return { ...reading, check, sha256sum, cat };
}

/** Output of a program, where that is asked for; null if there is no such program. */
async function run(program: string, args: readonly string[], signal: AbortSignal, output: "pipe" | "ignore") {
  const child = spawn(program, args, { signal, stdio: ["ignore", output, "pipe"] });
  const [printed, said] = ["", ""].map((all) => ({ all }));
  child.stdout?.on("data", (text) => {
    printed.all += text;
  });
  child.stderr?.on("data", (text) => {
    said.all += text;
  });
  try {
    const [code] = await once(child, "close");
    if (code === 0) return printed.all;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
  throw new Error(`${program} failed: ${said.all}`);
}

function table(
  setting: Readonly<Record<string, string>>,
  batches: number,
  cold: Measured | null,
  warm: Measured,
): string {
  const row = (name: string, of: (measured: Measured) => number | null, unit: string, limit?: number) => {
    const cell = (measured: Measured | null) => {
      const value = measured && of(measured);
      return value === null ? "-" : `${Number(value.toPrecision(3))} ${unit}`;
    };
    return [name, cell(cold), cell(warm), limit === undefined ? "" : `${limit} ${unit}`];
  };
  return [
    ...Object.entries(setting).map(([name, value]) => `${name}: ${value}`),
    "",
    columns([
      ["", "cold", "warm", "limit"],
      row("first batch, from the start of the process", (all) => all.first, "s", limits.first),
      row("... of it from opening the data set on", (all) => all.open, "s"),
      row(`256 windows, median of ${batches} batches`, (all) => all.median, "ms", limits.median),
      row("... of the first 200", (all) => all.medianAtStart, "ms"),
      row("... 95 % take at most", (all) => all.slow, "ms"),
      row("memory above the loaded network", (all) => all.megabytes, "MB", limits.megabytes),
      row("sodp data check", (all) => all.check, "MB/s"),
      row("sha256sum", (all) => all.sha256sum, "MB/s"),
      row("cat", (all) => all.cat, "MB/s"),
    ]),
    "Warm: the system keeps in memory what fits of the files. Cold, with --cold: cleared before each measurement.",
  ].join("\n");
}
