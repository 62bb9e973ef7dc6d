/** @file `sodp quickstart` as a user meets it, with sizes that learn nothing. */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, expect, test } from "vitest";

const top = mkdtempSync(join(tmpdir(), "sodp-quickstart-"));
afterAll(() => rmSync(top, { recursive: true }));
const folder = join(top, "run");
const sizes =
  "--collect.episodes 1 --env.max_steps 30 --pretrain.steps 5 --finetune.env_steps 1200 --eval.n_episodes 2".split(
    " ",
  );

/** Runs the command. stopAt: what it writes to stderr when it is to be stopped, as by Ctrl-C */
async function quickstart({ seed = "7", tasks = "drawer-open,reach", stopAt = "\0" } = {}) {
  const flags = ["--seed", seed, "--env.task", tasks, ...sizes, "--output_dir", folder, "--json"];
  const child = spawn(process.execPath, ["--import", "tsx", "src/cli/main.ts", "quickstart", ...flags]);
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    if (!stderr.includes(stopAt) && (stderr + chunk).includes(stopAt)) child.kill("SIGINT");
    stderr += chunk;
  });
  const status = new Promise<number | null>((resolve) => child.once("close", resolve));
  const stdout = await text(child.stdout);
  return { status: await status, stdout, stderr };
}

test("stopped and called again it goes on where it was, to a report", { timeout: 900_000 }, async () => {
  const stopped = await quickstart({ stopAt: "[4/6]" });
  expect([stopped.status, stopped.stderr]).toEqual([130, expect.stringContaining("SIGINT")]);
  const half = JSON.parse(stopped.stdout);
  expect(half).toMatchObject({ status: "interrupted", data: { episodes: 10, steps: 300 }, report: null });
  expect(half.tasks).toMatchObject([
    { task: "metaworld/drawer-open", before: { n: 2 }, after: null },
    { task: "metaworld/reach", before: { n: 2 }, after: null },
  ]);

  const finished = await quickstart();
  expect(finished.status).toBe(0);
  expect(finished.stderr).not.toContain("[3/6]");
  const whole = JSON.parse(finished.stdout);
  expect(whole).toMatchObject({ status: "finished", data: half.data, report: join(folder, "report.html") });
  expect(whole.tasks.map(({ before }: { before: unknown }) => before)).toEqual(
    half.tasks.map(({ before }: { before: unknown }) => before),
  );
  expect(whole.tasks).toMatchObject([
    { after: { n: 2, ci95: [expect.any(Number), expect.any(Number)] } },
    {},
  ]);
  const stages = ["collect", "pretrain", "evaluate", "finetune", "evaluate again", "report"];
  expect(Object.keys(whole.seconds)).toEqual([...stages, "together"]);
  expect(whole.seconds.collect).toBe(half.seconds.collect);

  const report = readFileSync(whole.report, "utf8");
  expect(report.match(/data:image\/png/g)).toHaveLength(2 * 2 * 2); // tasks, seeds, moving and still
  for (const part of ["Success", "Learning curves", "Trajectories", "Time", "sodp finetune --preset laptop"])
    expect(report).toContain(part);
  const written = statSync(whole.report).mtimeMs;

  const again = await quickstart();
  expect([again.status, again.stdout, again.stderr]).toEqual([0, finished.stdout, ""]);
  expect(statSync(whole.report).mtimeMs).toBe(written);

  const other = await quickstart({ seed: "8" });
  expect([other.status, other.stdout]).toEqual([2, ""]);
  expect(other.stderr).toMatch(/--seed is 7, not 8/);
});

test("a task that is not there: one sentence and exit code 2", { timeout: 60_000 }, async () => {
  const { status, stderr } = await quickstart({ tasks: "drawer-opn" });
  expect([status, stderr.trimEnd().split("\n").length]).toEqual([2, 1]);
  expect(stderr).toMatch(/drawer-opn/);
});

test("a task of another family: the same, before anything is collected", { timeout: 60_000 }, async () => {
  const { status, stderr } = await quickstart({ tasks: "toy/corner" });
  expect([status, stderr.trim()]).toEqual([
    2,
    "The quickstart's planner learns from Meta-World's episodes and is fine-tuned there, not in toy/corner. Choose tasks of metaworld.",
  ]);
});
