/** @file The benches' command line, and what a row is worth. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { median, type Row, verdict } from "../bench/learning/report.ts";

const bench = (...args: string[]) =>
  spawnSync(process.execPath, ["--import", "tsx", "bench/main.ts", ...args], { encoding: "utf8" });

test("a name that is no bench, no case or no option is answered by those there are", {
  timeout: 60_000,
}, () => {
  expect(bench("lerning")).toMatchObject({
    status: 2,
    stderr: 'Unknown bench "lerning". Known: learning, finetuning, envs, data, optimizer, pictures.\n',
  });
  expect(bench("worlds")).toMatchObject({ status: 2, stderr: 'Bench "worlds" is now "envs".\n' });
  expect(bench("learning", "--case", "unet")).toMatchObject({
    status: 2,
    stderr: expect.stringMatching(/^Unknown case "unet"\. Known: unet-32-b64, /),
  });
  expect(bench("learning", "--quick")).toMatchObject({
    status: 2,
    stderr: "Unknown option '--quick'. Known: --json, --case <name>..., --rounds <n>.\n",
  });
});

test("a data set is made, measured and removed", { timeout: 120_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), "sodp-bench-test-"));
  const { status, stdout } = spawnSync(
    process.execPath,
    ["--import", "tsx", "bench/main.ts", "data", "--steps", "3000", "--json"],
    { encoding: "utf8", env: { ...process.env, TMPDIR: folder } },
  );
  expect([status, readdirSync(folder).filter((name) => name.startsWith("sodp"))]).toEqual([0, []]);
  const some = expect.any(Number);
  expect(JSON.parse(stdout)).toMatchObject({ cold: null, warm: { first: some, median: some, check: some } });
  rmSync(folder, { recursive: true });
});

test("without a name the benches are listed", { timeout: 60_000 }, () => {
  expect(bench()).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(/^learning .*\nfinetuning .*\ndata .*\noptimizer /),
  });
});

const row: Row = {
  name: "unet-32-b64",
  ours: 8,
  pytorch: 10,
  ratio: 0.8,
  unit: "ms",
  clock: "wall",
  threads: 2,
  batch: 64,
  lossDifference: 1e-7,
  limit: { of: "ratio", atMost: 0.8 },
  rounds: 15,
  quietRounds: 15,
};

test("a row keeps its limit, misses it, or was disturbed", () => {
  expect(verdict(row)).toBe("kept");
  expect(verdict({ ...row, ratio: 0.81 })).toBe("missed");
  expect(verdict({ ...row, quietRounds: 2 })).toBe("disturbed");
  expect(verdict({ ...row, quietRounds: 2, clock: "processor" })).toBe("kept");
});

test("the median of an even number lies between the middle two", () => {
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect(median([3, 1, 2])).toBe(2);
});
