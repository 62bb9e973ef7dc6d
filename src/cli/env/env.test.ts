/** @file `sodp env` as a user types it. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";

const golden = join(import.meta.dirname, "../../envs/metaworld/fixtures");
const folder = mkdtempSync(join(tmpdir(), "sodp-env-"));
afterAll(() => rmSync(folder, { recursive: true }));

function sodp(...given: string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--import", "tsx", join(import.meta.dirname, "../main.ts"), "env", ...given],
    { encoding: "utf8" },
  );
  return { status, stdout, stderr };
}

const patience = { timeout: 60_000 };

test("list names the tasks of a suite", patience, () => {
  const { status, stdout } = sodp("list", "--env.task", "very-hard", "--json");
  expect(status).toBe(0);
  const names = JSON.parse(stdout).map(({ name }: { name: string }) => name);
  expect(names).toContain("metaworld/shelf-place");
  expect(names).toHaveLength(5);
});

test("verify finds our reach equal to the official one, by any of its names", patience, () => {
  const { status, stdout, stderr } = sodp(
    "verify",
    "--golden",
    golden,
    "--env.task",
    "metaworld/reach-v3",
    "--json",
  );
  const { tasks } = JSON.parse(stdout);
  expect(tasks).toMatchObject([{ task: "reach", complaints: [], successMismatches: 0 }]);
  expect(tasks[0].observationError).toBeLessThan(1e-6);
  expect(tasks[0].episodes[0]).toHaveProperty("compared");
  expect([status, stderr]).toEqual([0, "[1/1] reach\n"]);
});

test("verify tells a recording that differs, or is none, and exits with 1", patience, () => {
  const episode = {
    kind: "scripted",
    goal_index: 0,
    rand_vec: [0, 0.65, 0.02, 0, 0.85, 0.1],
    reset_obs: new Array(39).fill(0),
    target: [0, 0, 0],
    actions: [],
    obs: [],
    rewards: [],
    info: [],
  };
  const recording = { task: "reach-v3", seed: 42, episodes: [episode] };
  writeFileSync(join(folder, "reach-v3.json"), JSON.stringify(recording));
  writeFileSync(join(folder, "push-v3.json"), JSON.stringify({ ...recording, seed: "x" }));
  const { status, stdout } = sodp("verify", "--golden", folder);
  expect(status).toBe(1);
  expect(stdout).toMatch(/^reach: random vectors differ by 0\.\d+ \(limit 1e-12\)$/m);
  expect(stdout).toMatch(/^push: .*push-v3\.json is no recording of a task: seed: .*expected number.*\.$/m);
});

test("expert plays and says how sure its success is", patience, () => {
  const { status, stdout } = sodp(
    "expert",
    "--env.task",
    "reach",
    "--eval.n_episodes",
    "2",
    "--seed",
    "123",
    "--json",
  );
  expect(status).toBe(0);
  const { tasks, meanSuccess } = JSON.parse(stdout);
  expect(tasks).toMatchObject([{ task: "metaworld/reach", successes: 2, episodes: 2 }]);
  expect(tasks[0].interval).toEqual([expect.closeTo(0.342, 3), 1]);
  expect(meanSuccess).toBe(1);
});

test("show draws a PNG", patience, () => {
  const file = join(folder, "reach.png");
  const { status } = sodp("show", "reach-v3", "--out", file, "--width", "64", "--height", "48");
  expect(status).toBe(0);
  expect(readFileSync(file).subarray(1, 4).toString()).toBe("PNG");
});

test.each([
  [2, ["show", "drawer-opn"], 'Unknown task or suite "drawer-opn". Known: metaworld/drawer-open, '],
  [2, ["list", "--env.task", "mt5"], 'Unknown task or suite "mt5". Known: mt50, '],
  [2, ["list", "--suite", "mt50"], "error: --suite is now --env.task"],
  [
    2,
    ["expert", "--eval.n_episodes", "some"],
    '--eval.n_episodes: expected a whole number from 1, got "some".',
  ],
  [2, ["expert", "--episodes", "2"], "error: --episodes is now --eval.n_episodes"],
  [2, ["show", "reach", "--replay", "reach.gif"], "end the name reach.gif in .png"],
  [2, ["lst"], "Did you mean list?"],
  [2, ["verify"], "--golden is required: recordings"],
  [1, ["verify", "--golden", join(folder, "nothing")], "nothing is no folder that can be read."],
  [1, ["verify", "--golden", golden, "--env.task", "reach", "--golden", tmpdir()], "no recording of reach"],
  [1, ["show", "reach", "--camera", "front"], 'Unknown camera "front". Known: topview'],
  [1, ["show", "reach", "--out", join(process.execPath, "x.png")], "could not be made: "],
])("exit code %i: %s", patience, (code, given, sentence) => {
  const { status, stdout, stderr } = sodp(...given);
  expect(stderr).toContain(sentence);
  expect([status, stdout]).toEqual([code, ""]);
});
