import { appendFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeRuns } from "../../test/fixture-runs.ts";
import { findRuns, readRun } from "./read.ts";

const top = mkdtempSync(join(tmpdir(), "sodp-run-files-"));
const config = { env: { task: "push" }, clip: [0.1, 0.2], learning_rate: 1e-4, start: null };
const folders = ["push/bc-0", "push/bc-1", "push/kl-0", "reach/bc-0"];
beforeAll(
  () =>
    writeRuns(
      top,
      folders.map((folder, seed) => ({ folder, seed, config, success: { 0: 0.1, 8000: 0.5 } })),
    ),
  60_000,
);
afterAll(() => rmSync(top, { recursive: true }));

test("a run's origin, configuration by dotted keys, and numbers", async () => {
  const { record, config, metrics } = await readRun(join(top, "push/bc-1"));
  expect(record).toMatchObject({ kind: "finetune", seed: 1 });
  expect(config).toEqual({ "env.task": "push", clip: "0.1, 0.2", learning_rate: 1e-4, start: null });
  expect(metrics).toHaveLength(4);
  expect(metrics[3]).toMatchObject({ env_steps: 8000, "eval/success_rate": 0.5 });
});

test("a line that is being written is not read; a damaged one is named", async () => {
  const folder = join(top, "push/kl-0");
  appendFileSync(join(folder, "metrics.jsonl"), '{"env_steps": 9000, "eval/suc');
  expect((await readRun(folder)).metrics).toHaveLength(4);
  appendFileSync(join(folder, "metrics.jsonl"), "\n");
  await expect(readRun(folder)).rejects.toThrow(/metrics\.jsonl, line 5: expected one JSON object/);
});

test.each([
  [["push/bc-0"], ["push/bc-0"]],
  [["push"], ["push/bc-0", "push/bc-1", "push/kl-0"]],
  [["."], folders],
  [["*/bc-0"], ["push/bc-0", "reach/bc-0"]],
  [["p?sh/*-0"], ["push/bc-0", "push/kl-0"]],
  [["*"], folders],
  [
    ["reach", "push/bc*", "push/bc-1"],
    ["reach/bc-0", "push/bc-0", "push/bc-1"],
  ],
])("%j names %j", async (patterns, expected) =>
  expect(await findRuns(patterns.map((pattern) => join(top, pattern)))).toEqual(
    expected.map((folder) => join(top, folder)),
  ),
);

test("a pattern without runs is an error", async () => {
  mkdirSync(join(top, "empty"), { recursive: true });
  for (const pattern of ["empty", "nothing", "x*"])
    await expect(findRuns([join(top, pattern)])).rejects.toThrow(
      `${join(top, pattern)} names no run: a run is a folder with a run.json.`,
    );
});
