/** @file A run whose process is killed, asked to stop, or short of room. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { outcome, toyStart, walk } from "../../test/toy-run.ts";
import { Random } from "../base/index.ts";
import { Run } from "./index.ts";

vi.setConfig({ testTimeout: 120_000 }); // processes, on machines that may be busy

const top = mkdtempSync(join(tmpdir(), "sodp-kill-"));
const steps = 400;
let expected: Awaited<ReturnType<typeof outcome>>;
beforeAll(async () => {
  const folder = join(top, "uninterrupted");
  await using run = await Run.start(folder, toyStart);
  await walk(run, steps);
  expected = await outcome(folder);
}, 120_000);
afterAll(() => rmSync(top, { recursive: true }));

/** A process that walks, as far as the signals let it, beginning `after` milliseconds after its first step. */
async function walkUntil(folder: string, signals: readonly NodeJS.Signals[], after: number) {
  const child = spawn(process.execPath, ["--import", "tsx", "test/toy-run.ts", folder, String(steps), "5"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (text) => {
    said += text;
  });
  const end = once(child, "exit");
  await once(child.stdout, "data");
  for (const signal of signals) {
    await setTimeout(after);
    child.kill(signal);
  }
  const [code, killedBy] = await end;
  return { code, killedBy, said: said.trimEnd().split("\n").at(-1) };
}

test.skipIf(process.platform === "win32")("kill -9, again and again, changes nothing", async () => {
  const folder = join(top, "killed");
  const random = new Random(1);
  for (let kills = 0; kills < 6; kills++) {
    const { killedBy } = await walkUntil(folder, ["SIGKILL"], 20 + 300 * random.uniform());
    expect(killedBy).toBe("SIGKILL");
  }
  await using run = await Run.resume(folder);
  await walk(run, steps);
  expect(await outcome(folder)).toEqual(expected);
});

test.skipIf(process.platform === "win32")(
  "a signal brings a checkpoint, from which all goes on as if nothing had been",
  async () => {
    const folder = join(top, "asked");
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1"] as const) {
      expect(await walkUntil(folder, [signal], 60)).toEqual({ code: 0, killedBy: null, said: signal });
      expect(readFileSync(join(folder, "log.txt"), "utf8")).toContain(
        `${signal}: stopping at the next checkpoint.`,
      );
    }
    await using run = await Run.resume(folder);
    await walk(run, steps);
    expect(await outcome(folder)).toEqual(expected);
  },
);

test.skipIf(process.platform === "win32")(
  "the end of the terminal brings a checkpoint, though nothing can be written to it",
  async () => {
    const folder = join(top, "hung-up");
    const program = ["--import", "tsx", "test/toy-run.ts", folder, String(steps), "5"];
    const child = spawn(process.execPath, program, { stdio: ["ignore", "pipe", "pipe"] });
    await once(child.stdout, "data");
    child.stdout.destroy();
    child.stderr.destroy();
    child.kill("SIGHUP");
    expect(await once(child, "exit")).toEqual([0, null]);
    await using run = await Run.resume(folder);
    expect(run.last).toBeDefined();
  },
);

test.skipIf(process.platform === "win32")("a second Ctrl-C ends the process, but not its echo", async () => {
  // a step that takes longer than the test
  const program = `
    import { Run } from ${JSON.stringify(join(import.meta.dirname, "index.ts"))};
    const run = await Run.start(${JSON.stringify(join(top, "stuck"))}, ${JSON.stringify(toyStart)});
    console.log("walking");
    await new Promise((resolve) => setTimeout(resolve, 60_000));
  `;
  const child = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "-e", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  child.kill("SIGINT");
  await setTimeout(100);
  child.kill("SIGINT");
  await setTimeout(1200);
  expect(child.exitCode).toBeNull();
  child.kill("SIGINT");
  expect(await once(child, "exit")).toEqual([130, null]);
});

/** A file system without room, where the kernel has one. */
test.skipIf(!existsSync("/dev/full"))("a device without room is a full disk", async () => {
  const folder = join(top, "full");
  await using run = await Run.start(folder, toyStart);
  await walk(run, 5);
  const { writeFile } = await import("node:fs/promises");
  await expect(run.checkpoint(6, () => writeFile("/dev/full", "x"))).rejects.toThrow(
    `The disk is full: checkpoint 6 of ${folder} could not be written. Checkpoint 5 is kept; make room, then resume it`,
  );
});
