/**
 * @file Training and sampling side by side with PyTorch. Each side runs in a process of its own, starts from the same
 * weights and sees the same batches; they take turns, so that whatever else the machine does meets both.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { z } from "zod";
import { lookup, UserError } from "../src/base/index.ts";
import { cases, footprint } from "./learning/cases.ts";
import { compare, type EnvPool } from "./learning/compare.ts";
import { installPeer, startOurs, startPeer } from "./learning/contestant.ts";
import { measureFootprint } from "./learning/footprint.ts";
import { versionsOf } from "./learning/materials.ts";
import { type Row, type Setting, showRow, showTable, verdict } from "./learning/report.ts";

type Measure = (pool: EnvPool) => Promise<readonly Row[]>;

/** Everything there is to measure, by the name of its case: with one thread, then with two. */
const measures: Readonly<Record<string, readonly Measure[]>> = {
  ...Object.fromEntries(
    Object.entries(cases).map(([name, chosen]) => [
      name,
      [1, 2].map(
        (threads): Measure =>
          async (pool) => [await compare(pool, name, chosen, threads)],
      ),
    ]),
  ),
  [footprint.name]: [measureFootprint],
};

/** Prints a row for each measurement as a table, or with --json as one document. Progress goes to stderr. */
export async function learning(options: string[]): Promise<void> {
  const { names, rounds, json } = readOptions(options);
  const chosen = names.flatMap((name) => lookup(measures, name, "case"));
  const folder = await mkdtemp(join(tmpdir(), "sodp-bench-"));
  try {
    const pool = { python: installPeer(), folder, rounds };
    const setting = await describe(pool);
    const rows: Row[] = [];
    for (const measure of chosen) {
      const measured = await measure(pool);
      for (const row of measured) console.error(showRow(row).join("  "));
      rows.push(...measured);
    }
    const withVerdicts = rows.map((row) => ({ ...row, verdict: verdict(row) }));
    console.log(json ? JSON.stringify({ setting, rows: withVerdicts }, null, 2) : showTable(setting, rows));
  } finally {
    await rm(folder, { recursive: true });
  }
}

function readOptions(options: string[]): { names: readonly string[]; rounds: number; json: boolean } {
  const { values, positionals } = parse(options);
  const names = [...(values.case ?? []), ...positionals];
  const rounds = Number(values.rounds ?? 11);
  if (!Number.isInteger(rounds) || rounds < 1)
    throw new UserError(`--rounds: expected a whole number from 1, got ${values.rounds}.`);
  return { names: names.length > 0 ? names : Object.keys(measures), rounds, json: values.json ?? false };
}

/** `--case a b` names two cases: what is no option is a case. */
function parse(args: string[]) {
  const options = {
    json: { type: "boolean" },
    case: { type: "string", multiple: true },
    rounds: { type: "string" },
  } as const;
  try {
    return parseArgs({ args, options, allowPositionals: true });
  } catch (error) {
    const fault = (error as Error).message.split(". ")[0];
    throw new UserError(`${fault}. Known: --json, --case <name>..., --rounds <n>.`);
  }
}

async function describe({ python, folder }: EnvPool): Promise<Setting> {
  using ours = startOurs();
  using peer = startPeer(python);
  const { onnxruntime } = await ours.ask(z.object({ onnxruntime: z.string() }), { command: "ready" });
  const { torch, instructions } = await versionsOf(folder, peer);
  return {
    machine: `${cpus()[0].model}, ${cpus().length} cores`,
    ours: `Node ${process.version}, ONNX Runtime ${onnxruntime}; two threads wait busily (spin), those of sac quietly`,
    PyTorch: `${torch}, ${instructions}; eager, fused AdamW, averages by _foreach_lerp_; sac as CleanRL has it, with Adam's defaults`,
    time: "per call; one thread: processor time, two threads: wall time; medians over rounds, of the paired ratios too",
    quiet:
      "rounds in which other programs used at most 10 % of the machine; from 3 on, the others are left out",
  };
}
