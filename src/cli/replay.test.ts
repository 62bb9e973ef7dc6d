/** @file `sodp replay`, `sodp report` and `sodp data view` as a user types them, in the toy family. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { writeRuns } from "../../test/fixture-runs.ts";
import { Random, vectorSpaces } from "../base/index.ts";
import { DatasetWriter } from "../data/index.ts";
import { makeEnv } from "../envs/pool/index.ts";
import { savePlanner } from "../policies/files/index.ts";
import { initPlanner } from "../policies/index.ts";
import { collect } from "../rollout/local/index.ts";
import { readEpisodes } from "../runs/index.ts";
import { createProgram } from "./program.ts";

const top = mkdtempSync(join(tmpdir(), "sodp-replay-"));
afterAll(() => rmSync(top, { recursive: true }));
const at = (name: string) => join(top, name);

const output = { stdout: "", stderr: "" };
beforeEach(() => {
  Object.assign(output, { stdout: "", stderr: "" });
  vi.spyOn(console, "log").mockImplementation((text) => {
    output.stdout += `${text}\n`;
  });
  vi.spyOn(console, "error").mockImplementation((text) => {
    output.stderr += `${text}\n`;
  });
});
afterEach(() => vi.restoreAllMocks());

async function sodp(...words: string[]): Promise<string> {
  output.stdout = "";
  await (await createProgram(words)).parseAsync(words, { from: "user" });
  return output.stdout;
}
const json = async (...words: string[]) => JSON.parse(await sodp(...words, "--json"));

beforeAll(async () => {
  const collected = { env: {}, tasks: ["toy/reach", "toy/corner"], episodes: 4, success: 0.5, seed: 1 };
  await collect(collected, at("data"), { threads: 1 });
  await collect({ ...collected, tasks: ["toy/corner"], env: { observation: "pointCloud" } }, at("cloud"), {
    threads: 1,
  });
  const config = { env: { task: "toy/corner", max_steps: 7 }, eval: { n_episodes: 8 } };
  await writeRuns(top, [{ folder: "run", seed: 1, config, success: { 10: 0.5, 20: 0.75 } }]);
  const normalizer = (size: number) => ({ low: Array(size).fill(-1), high: Array(size).fill(1) });
  const planner = initPlanner(
    { spaces: vectorSpaces(7, 2), numTrainTimesteps: 2, denoiser: { kind: "mlp", width: 8, blocks: 1 } },
    { observation: { state: normalizer(7) }, action: normalizer(2) },
    new Random(1),
  );
  await savePlanner(planner, at("run/checkpoints/1/pretrained_model"), "F16");
}, 120_000);

const planner = () => at("run/checkpoints/1");

describe("an evaluation", () => {
  test("keeps its episodes, which play again bit for bit", async () => {
    await sodp(
      "eval",
      "--policy.type",
      "expert",
      "--env.task",
      "toy",
      "--eval.n_episodes",
      "3",
      "--threads",
      "1",
      "--output_dir",
      at("eval"),
    );
    const kept = await readEpisodes(at("eval"));
    expect(kept?.tasks.map(({ episodes }) => episodes.length)).toEqual(kept?.tasks.map(() => 3));
    for (const { env: config, episodes } of kept?.tasks ?? []) {
      using env = await makeEnv(config);
      for (const { seed, actions, rewards, successes } of episodes) {
        env.reset(seed);
        const again = [...rewards.keys()].map((i) => env.step(actions.subarray(2 * i, 2 * i + 2)));
        expect(Float32Array.from(again, ({ reward }) => reward)).toEqual(rewards);
        expect(Uint8Array.from(again, ({ success }) => Number(success))).toEqual(successes);
      }
    }
  });

  test("is drawn, all of it or the episodes asked for", async () => {
    const [page, gif] = [at("eval.html"), at("eval.gif")];
    const drawn = await json(
      "replay",
      at("eval"),
      "--env.task",
      "corner",
      "--episodes",
      "2",
      "--out",
      `${page},${gif}`,
    );
    expect(drawn.episodes).toHaveLength(2);
    expect(drawn.episodes[0]).toMatchObject({ task: "toy/corner", solved: true });
    expect(readFileSync(page, "utf8").match(/<img class="moving" src="data:image\/png/g)).toHaveLength(2);
    expect(readFileSync(gif, "latin1").slice(0, 6)).toBe("GIF89a");
    expect((await json("replay", at("eval"), "--episode", "4", "--out", page)).episodes).toHaveLength(1);
    await expect(sodp("replay", at("eval"), "--episode", "99", "--out", page)).rejects.toThrow(
      /numbered 0 to \d+, got 99/,
    );
  });

  test("stands in a report beside the run, with intervals", async () => {
    await sodp("report", at("run"), at("eval"), "--out", at("report.html"));
    const page = readFileSync(at("report.html"), "utf8");
    const text = page.replace(/<[^>]*>/g, " ").replace(/\s+/g, " ");
    expect(text).toMatch(/75 % 41 to 93 % 75 % 41 to 93 %/); // last and best of 8 episodes
    expect(text).toMatch(/toy\/corner .*?100 % 44 to 100 % 3 of 3 seeds from 90000/);
    expect(page).toContain("Success rate");
    expect(page).not.toMatch(/<script|NaN|undefined/);
  });
});

test("a policy plays where its run was trained, with the run's settings", async () => {
  const drawn = await json(
    "replay",
    planner(),
    "--episodes",
    "2",
    "--threads",
    "1",
    "--out",
    at("policy.gif"),
  );
  expect(drawn.episodes.map(({ task, seed }: never) => [task, seed])).toEqual([
    ["toy/corner", 90000],
    ["toy/corner", 90001],
  ]);
  for (const { steps, solved } of drawn.episodes) expect(solved || steps === 7).toBe(true);
  const elsewhere = await json(
    "replay",
    planner(),
    "--env.task",
    "toy/reach",
    "--env.max_steps",
    "3",
    "--episodes",
    "1",
    "--threads",
    "1",
    "--out",
    at("policy.gif"),
  );
  expect(elsewhere.episodes[0]).toMatchObject({ task: "toy/reach", steps: 3 });
});

describe("a data set", () => {
  test.each(["data", "cloud"])("%s is drawn from its seeds and actions", async (name) => {
    const drawn = await json("replay", at(name), "--episodes", "1", "--out", at("data.html"));
    expect(drawn.faults).toEqual([]);
    expect(drawn.episodes.length).toBe(name === "data" ? 2 : 1);
  });

  test("is viewed: card, an episode that is solved and one that is not, and their numbers", async () => {
    const viewed = await json("data", "view", at("data"), "--out", at("view.html"));
    expect(viewed).toMatchObject({ drawn: 4, faults: [] });
    const page = readFileSync(at("view.html"), "utf8");
    expect(page.match(/<img class="moving"/g)).toHaveLength(4);
    expect(page).toContain("Success over the time of collection");
    expect(page).toContain(">Return</th>");
  });

  test("of an environment that is not known is viewed without pictures, and says so", async () => {
    const writer = await DatasetWriter.create(at("foreign"));
    const [observations, actions] = [new Float32Array(14), new Float32Array(4)];
    const rest = { rewards: new Float32Array(2), successes: new Uint8Array(2), terminated: false };
    const episode = {
      task: "pendulum/up",
      seed: 1,
      observations,
      actions,
      finalObservation: observations.slice(7),
      ...rest,
    };
    await writer.add(episode, vectorSpaces(7, 2));
    await writer.add({ ...episode, task: "toy/corner" }, vectorSpaces(7, 2));
    await writer.close();
    const viewed = await json("data", "view", at("foreign"), "--out", at("foreign.html"));
    expect(viewed.drawn).toBe(0);
    expect(viewed.faults).toEqual([
      expect.stringMatching(/^Not drawn: Unknown task "pendulum\/up"/),
      expect.stringMatching(/^Not drawn: Played again, toy\/corner of seed 1 starts otherwise than it did/),
    ]);
    expect(readFileSync(at("foreign.html"), "utf8")).toContain("starts otherwise than it did");
    await expect(sodp("replay", at("foreign"), "--out", at("old.gif"))).rejects.toThrow(/^Not drawn: /);
  });
});

test("what has no episodes is told in a sentence", async () => {
  await expect(sodp("replay", at("nothing"), "--out", at("a.gif"))).rejects.toThrow();
  await expect(sodp("replay", at("data"), "--out", at("a.mp4"))).rejects.toThrow(
    `--out: pages are .html and pictures .gif files, got "${at("a.mp4")}".`,
  );
  await expect(sodp("replay", planner(), "--episode", "1", "--out", at("a.gif"))).rejects.toThrow(
    "--episode means nothing to a policy",
  );
});
