import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { centerAt, gaussianPlanner } from "../../../test/gaussian-planner.ts";
import { type ToyDynamics, toyPool } from "../../../test/toy-pool.ts";
import { finetuneIn } from "../../../test/trainings.ts";
import { Random, vectorSpaces } from "../../base/index.ts";
import { cpu } from "../../devices/index.ts";
import { loadPlanner } from "../../policies/files/index.ts";
import { type DenoisingChain, type DiffusionPolicy, type Planner, thetaOf } from "../../policies/index.ts";
import type { EnvPool, PlayedEpisode } from "../../rollout/index.ts";
import { Run } from "../../runs/index.ts";
import { Critic } from "./critic.ts";
import type { FinetuneConfig } from "./finetune-config.ts";

const device = cpu({ threads: 1 });
const patience = { timeout: 120_000 };
const top = mkdtempSync(join(tmpdir(), "sodp-finetune-"));
afterAll(() => rmSync(top, { recursive: true }));

type Input = object;
type Options = Partial<Parameters<typeof finetuneIn>[4]>;
type Metrics = Readonly<Record<string, number>>;

let runs = 0;
/** A fine-tuning in a folder of its own. */
async function tune(config: Input, planner: Planner, pool: EnvPool, options: Options = {}) {
  const folder = join(top, `${runs++}`);
  const start = { kind: "finetune", config, overrides: {}, command: "sodp finetune", seed: 0 };
  await using run = await Run.start(folder, start);
  const tuned = await finetuneIn(config, planner, pool, run, { device, ...options });
  const lines = readFileSync(join(folder, "metrics.jsonl"), "utf8").trim().split("\n");
  const metrics = lines.map((line): Metrics => JSON.parse(line));
  const best = run.best === undefined ? undefined : await loadPlanner(run.policyIn(run.best));
  return { tuned, best, updates: metrics.filter((line) => "train/loss" in line), metrics };
}

type Played = readonly PlayedEpisode<DenoisingChain>[];
/** Tells of what is played: by the behaviour policy, which plays first, or by the one that is evaluated. */
function watched(
  pool: EnvPool,
  tell: (played: Played, policy: DiffusionPolicy, isBehavior: boolean) => Played,
): EnvPool {
  let behavior: unknown;
  return {
    ...pool,
    async play(policy, requests, options) {
      behavior ??= policy;
      const played = (await pool.play(policy, requests, options)) as unknown as Played;
      return tell(played, policy as never, policy === (behavior as never)) as never;
    },
  };
}

describe("advantages of action chunks", patience, () => {
  // One timestep: action sequences are Gaussian around these four actions, the second and the third of which are executed.
  const center = [0.1, -0.2, 0.3, 0.05];
  const sigma = 0.1;
  const discount = 0.8;
  const planner = gaussianPlanner(center, { horizon: 4, nObsSteps: 2, nActionSteps: 2 });

  /** Pays by time and action; ends, is solved or breaks in some episodes. */
  function payingByTime(): ToyDynamics {
    let kind = 0;
    return {
      reset(seed) {
        kind = seed % 11;
        return [kind / 11];
      },
      step: ([action], time) => ({
        observation: [kind / 11 - time / 10],
        reward: Math.sin(kind + time) + 3 * action + time,
        success: kind >= 4 && time === kind - 3,
        terminated: kind === 2 && time === 4,
        ...(kind === 3 && time === 3 && { fault: "It broke." }),
      }),
    };
  }
  const spec = { spaces: vectorSpaces(1, 1), maxSteps: 7 };

  /** A chunk as the test sees it, from the episode alone. */
  interface SeenChunk {
    readonly index: number;
    readonly reward: number;
    /** Slope of the log-probability in the centre's executed numbers, at the actions that were executed. */
    readonly slope: readonly number[];
  }
  function seenChunks({ rewards, actions, chunks, fault }: PlayedEpisode<DenoisingChain>): SeenChunk[] {
    return chunks.slice(0, fault === undefined ? undefined : -1).map(({ step, executed, trace }, index) => {
      const actionsOfChunk = trace.samples.subarray(4 + 1, 4 + 3); // the chain is (2, 4): noise and the action sequence
      for (let i = 0; i < executed; i++) expect(actions[step + i]).toBeCloseTo(actionsOfChunk[i], 6);
      const [first, second] = [rewards[step], executed === 2 ? rewards[step + 1] : rewards[step]];
      return {
        index,
        reward: first + discount * second,
        slope: [0, 1].map((i) => (actionsOfChunk[i] - center[1 + i]) / sigma ** 2 / 2), // the mean of two numbers
      };
    });
  }
  const mean = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0) / numbers.length;
  const deviation = (numbers: readonly number[]) =>
    Math.sqrt(mean(numbers.map((x) => (x - mean(numbers)) ** 2)));
  const standardized = (numbers: readonly number[]) =>
    numbers.map((x) => (x - mean(numbers)) / deviation(numbers));

  type Estimate = (
    batches: readonly (readonly (readonly SeenChunk[])[])[],
    played: Played,
  ) => number[] | Promise<number[]>;
  const rewardsIn = (episodes: readonly (readonly SeenChunk[])[]) =>
    episodes.flat().map(({ reward }) => reward);
  /** By hand, for the latest of the batches. */
  const estimates: Readonly<Record<FinetuneConfig["advantage"], Estimate>> = {
    none: (batches) => rewardsIn(batches[batches.length - 1]),
    batch: (batches) => standardized(rewardsIn(batches[batches.length - 1])),
    running(batches) {
      const all = batches.flatMap(rewardsIn);
      return rewardsIn(batches[batches.length - 1]).map((x) => (x - mean(all)) / deviation(all));
    },
    "time-step"(batches) {
      const now = batches[batches.length - 1].flat();
      const rest = now.map(
        ({ reward, index }) =>
          reward - mean(now.filter((other) => other.index === index).map((other) => other.reward)),
      );
      return rest.map((x) => x / deviation(rest));
    },
    async gae(batches, played) {
      const [episodes, decay] = [batches[batches.length - 1], 0.9];
      const soFar = (own: readonly SeenChunk[]) =>
        own.map((_, n) =>
          own.slice(0, n + 1).reduce((sum, { reward }, i) => sum + 0.99 ** (n - i) * reward, 0),
        );
      const scale = deviation(episodes.flatMap(soFar));
      const random = new Random(5).split("critic");
      await using critic = await Critic.create(planner, { learningRate: 1e-3, random, device });
      const all: number[] = [];
      for (const [i, own] of episodes.entries()) {
        const { observations, finalObservation, fault } = played[i];
        const seen = [...observations, ...finalObservation];
        const steps = [...own.map((_, index) => 2 * index), own.length * 2];
        const states = steps.map((step) => Float32Array.of(seen[Math.max(step - 1, 0)], seen[step] ?? 0));
        const values = [...(await critic.values(states))];
        if (fault === undefined) values[values.length - 1] = 0;
        const differences = own.map(
          ({ reward }, n) => reward / scale + discount ** 2 * values[n + 1] - values[n],
        );
        for (const n of own.keys())
          all.push(
            differences
              .slice(n)
              .reduce((sum, each, later) => sum + (discount ** 2 * decay) ** later * each, 0),
          );
      }
      return standardized(all);
    },
    // The critic knows nothing yet: only what an end is worth counts.
    "finite-horizon"(batches, played) {
      const [episodes, decay] = [batches[batches.length - 1], 0.9];
      const sound = played.filter(({ fault }) => fault === undefined);
      const largest = Math.max(0, ...sound.flatMap(({ rewards }) => [...rewards]));
      const all: number[] = [];
      for (const [i, own] of episodes.entries()) {
        const { successes, fault } = played[i];
        const solved = fault === undefined && successes.at(-1) === 1;
        const left = Math.max(spec.maxSteps - 2 * own.length, 0); // steps beyond the last chunk
        const onwards = Array.from({ length: left }, (_, n) => discount ** n * largest);
        const end = solved ? onwards.reduce((a, b) => a + b, 0) : 0;
        const differences = own.map(
          ({ reward }, n) => reward + (n === own.length - 1 ? discount ** 2 * end : 0),
        );
        for (const n of own.keys())
          all.push(
            differences
              .slice(n)
              .reduce((sum, each, later) => sum + (discount ** 2 * decay) ** later * each, 0),
          );
      }
      return standardized(all);
    },
  };
  /** Whose later iterations depend on what a critic has learned. */
  const critics: readonly string[] = ["gae", "finite-horizon"];

  test.each(Object.keys(estimates) as (keyof typeof estimates)[])("%s", async (advantage) => {
    const explored: Played[] = [];
    const pool = watched(toyPool(spec, payingByTime, 5), (played, _, isBehavior) => {
      if (isBehavior && played.length > 0) explored.push(played);
      return played;
    });
    const { updates } = await tune(
      {
        envSteps: critics.includes(advantage) ? 1 : 150,
        episodes: 22,
        initialEpisodes: 0,
        eval: { nEpisodes: 1 },
        evalEvery: 100_000,
        regularizer: "none",
        advantage,
        discount,
        gaeLambda: 0.9,
        clip: [10, 10],
        epochs: 1,
        minibatchSize: 1,
        learningRate: 1e-12,
        seed: 5,
      },
      planner,
      pool,
    );
    expect(updates.length).toBe(critics.includes(advantage) ? 1 : 2);
    const kinds = new Set(explored[0].map(({ fault, terminated }) => fault ?? terminated));
    expect(kinds).toEqual(new Set(["It broke.", true, false]));
    const batches: SeenChunk[][][] = [];
    for (const [iteration, played] of explored.entries()) {
      batches.push(played.map(seenChunks));
      const now = batches[iteration].flat();
      const advantages = await estimates[advantage](batches, played);
      expect(updates[iteration]["rollout/chunk_rew_mean"]).toBeCloseTo(
        mean(now.map(({ reward }) => reward)),
        5,
      );
      expect(updates[iteration]["train/loss"]).toBeCloseTo(-mean(advantages), 4);
      // One minibatch per chunk: the mean of the gradients' lengths tells whose advantage met whose chain.
      const lengths = now.map(({ slope }, i) => Math.abs(advantages[i]) * Math.hypot(...slope));
      expect(Math.abs(updates[iteration]["train/gradient_norm"] / mean(lengths) - 1)).toBeLessThan(1e-3);
    }
  });
});

describe("the best weights", patience, () => {
  const planner = gaussianPlanner([0.2, -0.1], { horizon: 1 });
  const config = {
    episodes: 6,
    initialEpisodes: 6,
    eval: { nEpisodes: 4 },
    evalEvery: 1,
    epochs: 1,
    minibatchSize: 6,
    regularizerBatchSize: 4,
    learningRate: 0.01,
    emaDecay: 0.5,
  } as const;

  /** Evaluations come out as `script` says; what played is written down. */
  async function scripted(script: readonly number[], more: Input = {}) {
    const evaluated: Float32Array[] = [];
    const explored: Float32Array[] = [];
    const one = toyPool(
      { spaces: vectorSpaces(1, 2), maxSteps: 1 },
      () => ({ reset: () => [0], step: ([a, b]) => ({ observation: [0], reward: a + b }) }),
      6,
    );
    const pool = watched(one, (played, { theta }, isBehavior) => {
      (isBehavior ? explored : evaluated).push((theta as Float32Array).slice());
      if (isBehavior) return played;
      const solved = 4 * script[evaluated.length - 1];
      return played.map((episode, i) => ({ ...episode, successes: Uint8Array.of(Number(i < solved)) }));
    });
    const outcome = await tune({ ...config, envSteps: 6 * script.length, ...more }, planner, pool);
    expect(evaluated).toHaveLength(script.length);
    const evaluations = outcome.metrics.filter((line) => "eval/success_rate" in line);
    expect(evaluations.map((line) => line["eval/success_rate"])).toEqual(script);
    return {
      ...outcome,
      evaluated,
      explored,
      rolledBack: evaluations.map((line) => line["eval/rolled_back"]),
    };
  }

  test("come back at the end, and lie in the best checkpoint", async () => {
    const { tuned, best, evaluated, rolledBack } = await scripted([0.25, 1, 0.75, 0.5]);
    expect(rolledBack).toEqual([0, 0, 0, 0]);
    expect(tuned && thetaOf(tuned)).toEqual(evaluated[1]);
    expect(best && thetaOf(best)).toEqual(evaluated[1]);
    expect(evaluated[3]).not.toEqual(evaluated[1]);
  });

  test("of equals are the later: they have learned longer", async () => {
    const { tuned, best, evaluated } = await scripted([0.5, 1, 1, 0.75]);
    expect(tuned && thetaOf(tuned)).toEqual(evaluated[2]);
    expect(best && thetaOf(best)).toEqual(evaluated[2]);
  });

  test("return when success collapses, and learning goes on from them", async () => {
    const { tuned, best, evaluated, explored, rolledBack } = await scripted([0.5, 1, 0.75, 0.25, 0.75, 0]);
    expect(rolledBack).toEqual([0, 0, 0, 1, 0, 1]);
    // Explored: before the first evaluation, and after each but the last.
    expect(explored[4]).toEqual(evaluated[1]);
    expect(evaluated[4]).not.toEqual(evaluated[1]);
    expect(tuned && thetaOf(tuned)).toEqual(evaluated[1]);
    expect(best && thetaOf(best)).toEqual(evaluated[1]);
  });

  test("do not return where nobody asks for it, nor before anything succeeded", async () => {
    expect((await scripted([1, 0, 0], { rollbackBelow: 0 })).rolledBack).toEqual([0, 0, 0]);
    expect((await scripted([0, 0, 0.25])).rolledBack).toEqual([0, 0, 0]);
  });

  test("are averages; the planner that plays for learning is not averaged", async () => {
    const { evaluated, explored } = await scripted([0, 0, 0, 0]);
    const at = centerAt(planner);
    const centerOf = (theta: Float32Array) => theta[at];
    // theta of updates 1, 2, 3 as explored after them; the first evaluation comes before any.
    const averages = [centerOf(explored[1])];
    for (const theta of [2, 3])
      averages.push(0.5 * averages[averages.length - 1] + 0.5 * centerOf(explored[theta]));
    for (const i of [0, 1, 2]) expect(centerOf(evaluated[i])).toBeCloseTo(averages[i], 6);
    expect(centerOf(explored[3])).not.toBeCloseTo(centerOf(evaluated[2]), 4);
  });
});

describe("the start", patience, () => {
  const pool = toyPool(
    { spaces: vectorSpaces(1, 1), maxSteps: 1 },
    () => ({ reset: () => [0], step: ([a]) => ({ observation: [0], reward: a }) }),
    2,
  );
  const planner = gaussianPlanner([0.3], { horizon: 1 });
  const config = {
    envSteps: 3,
    episodes: 2,
    initialEpisodes: 2,
    eval: { nEpisodes: 2 },
    minibatchSize: 2,
    epochs: 1,
  };

  test.each(["pretrained", "scratch"] as const)("%s", async (start) => {
    const explored: Float32Array[] = [];
    const telling = watched(pool, (played, { theta }, isBehavior) => {
      if (isBehavior) explored.push((theta as Float32Array).slice());
      return played;
    });
    await tune({ ...config, start }, planner, telling);
    expect(explored[0]).toEqual(thetaOf(planner)); // what fills the buffer is pre-trained in either case
    if (start === "pretrained") expect(explored[1]).toEqual(thetaOf(planner));
    else expect(explored[1]).not.toEqual(thetaOf(planner));
  });

  const paying = (reward: number, success = true) =>
    toyPool(
      { spaces: vectorSpaces(1, 1), maxSteps: 1 },
      () => ({ reset: () => [0], step: () => ({ observation: [0], reward, success }) }),
      2,
    );
  const learned = async (more: Input, env: EnvPool) => {
    const { tuned } = await tune({ ...config, learningRate: 0.01, ...more }, planner, env);
    return tuned && thetaOf(tuned);
  };

  test("imitation alone follows no reward", async () => {
    const alone = (policyGradient: boolean, reward: number) => learned({ policyGradient }, paying(reward));
    expect(await alone(false, 5)).toEqual(await alone(false, -1));
    expect(await alone(true, 5)).not.toEqual(await alone(true, -1));
  });

  test("rewards are not followed while too few episodes are solved", async () => {
    const from = (success: boolean, reward: number) =>
      learned({ policyGradientFrom: 0.5 }, paying(reward, success));
    expect(await from(false, 5)).toEqual(await from(false, -1));
    expect(await from(true, 5)).not.toEqual(await from(true, -1));
  });

  test("advantages are cut down to their limit", async () => {
    const within = (reward: number) => learned({ advantageClip: 2 }, paying(reward));
    expect(await within(5)).toEqual(await within(3));
    expect(await within(1)).not.toEqual(await within(3));
    expect(await within(-4)).toEqual(await within(-2));
  });
});
