/** @file Every policy keeps the promises of its contract; no stored kind of policy is without an example here. */
import { describe, expect, test } from "vitest";
import { initSequenceModel } from "../src/algorithms/decision-transformer/model.ts";
import { initIbrl } from "../src/algorithms/ibrl/policy.ts";
import { algorithms, mtbc, mtdt, plannerPolicy, sacPolicy } from "../src/algorithms/index.ts";
import { initMtdiffNetwork, type MtdiffModelConfig, mtdiffPolicy } from "../src/algorithms/mtdiff/model.ts";
import { initActionCritics, initActor } from "../src/algorithms/mtdql/losses.ts";
import type { StoredPolicy } from "../src/algorithms/table.ts";
import { initTaskPolicy } from "../src/algorithms/task-policy.ts";
import { Random, vectorSpaces } from "../src/base/index.ts";
import { cpu } from "../src/devices/index.ts";
import { initMlp } from "../src/nn/index.ts";
import { DiffusionPolicy, initPlanner } from "../src/policies/index.ts";
import { type PlayedEpisode, playEpisodes, randomPolicy, stepwisePolicy } from "../src/rollout/index.ts";
import { type PolicyExample, testPolicy } from "./policy-suite.ts";
import { seeingPlanner, seeingSpaces } from "./seeing-planner.ts";
import { recurrentPolicy, returnConditionedPolicy } from "./toy-policies.ts";
import { toyGroup } from "./toy-pool.ts";

const device = cpu({ threads: 1 });
const { ibrl } = algorithms;
const spaces = vectorSpaces(3, 2);
const range = (size: number) => ({ low: new Array(size).fill(-1), high: new Array(size).fill(1) });
const planner = initPlanner(
  {
    spaces,
    horizon: 4,
    nActionSteps: 2,
    numTrainTimesteps: 3,
    denoiser: { kind: "unet", width: 8, multiples: [1, 2] },
  },
  { observation: { state: range(3) }, action: range(2) },
  new Random(1),
);
const denoising = { minSamplingStd: 0.1 };

const env = { task: "metaworld/reach", spaces };

/** A decision transformer that is told the task and shown a prompt. */
function promptedModel() {
  const count = (size: number) => Array.from({ length: 2 * size }, (_, i) => Math.sin(i));
  const prompt = {
    observation: count(3),
    action: count(2),
    returnToGo: count(1),
    step: [3, 4],
    mask: [1, 1],
  };
  return initSequenceModel(
    {
      spaces,
      tasks: [env.task],
      isTold: true,
      contextSteps: 3,
      width: 8,
      layers: 1,
      heads: 2,
      maxSteps: 12,
      returnScale: 10,
      targetReturns: [20],
      standardization: [{ mean: [0, 0, 0], std: [1, 1, 1] }],
      prompts: [prompt],
    },
    new Random(4),
  );
}
const taskModel = initTaskPolicy(
  { spaces, tasks: ["metaworld/push", env.task], hiddenSizes: [8], normalizer: range(3) },
  new Random(2),
);
const imitating = {
  spaces,
  tasks: ["metaworld/push", env.task],
  hiddenSizes: [8],
  critics: 3,
  scaling: { center: [0, 0, 0], scale: [1, 1, 1] },
  imitation: { spaces, tasks: [env.task, "metaworld/push"], hiddenSizes: [8], normalizer: range(3) },
};
const actorSizes = { seen: 5, action: 2, width: 8 };
const diffusionQModel = {
  config: {
    spaces,
    tasks: taskModel.config.tasks,
    normalizer: range(3),
    width: 8,
    numTrainTimesteps: 3,
    candidates: 4,
  },
  network: {
    actor: initActor(actorSizes, new Random(4)),
    critics: initActionCritics(actorSizes, new Random(5)),
  },
};
const mtdiffConfig: MtdiffModelConfig = {
  spaces,
  tasks: taskModel.config.tasks,
  observationNormalizer: range(3),
  actionNormalizer: range(2),
  horizon: 2,
  promptSteps: 2,
  promptsPerTask: 3,
  width: 8,
  layers: 1,
  heads: 2,
  innerSize: 8,
  numTrainTimesteps: 3,
  guidance: 1.2,
  noiseScale: 0.5,
  targetValue: 1,
};
const mtdiffModel = {
  config: mtdiffConfig,
  network: initMtdiffNetwork(mtdiffConfig, new Random(6)),
  prompts: { shape: [2, 3, 2, 5], data: new Random(7).fillNormal(new Float32Array(60)) },
};
/** Of each kind of stored policy, a model as training leaves it. */
const stored = {
  [plannerPolicy.format]: { kind: plannerPolicy, model: planner },
  [mtbc.policy.format]: { kind: mtbc.policy, model: taskModel },
  [algorithms.mtdql.policy.format]: { kind: algorithms.mtdql.policy, model: diffusionQModel },
  [mtdiffPolicy.format]: { kind: mtdiffPolicy, model: mtdiffModel },
  [algorithms.mtiql.policy.format]: { kind: algorithms.mtiql.policy, model: taskModel },
  [mtdt.policy.format]: { kind: mtdt.policy, model: promptedModel() },
  [ibrl.policy.format]: {
    kind: ibrl.policy,
    model: { config: imitating, network: initIbrl(imitating, new Random(4)) },
  },
  [sacPolicy.format]: {
    kind: sacPolicy,
    model: {
      config: {
        spaces,
        tasks: [env.task],
        hiddenSizes: [8],
        scaling: { center: [0, 0, 0], scale: [1, 1, 1] },
      },
      network: { actor: initMlp([3, 8, 4], new Random(3)) },
    },
  },
} as Readonly<Record<string, StoredPolicy>>;

test("every kind of policy that an algorithm leaves is among the examples", () => {
  const formats = Object.values(algorithms).map(({ policy }) => policy.format);
  expect(Object.keys(stored).sort()).toEqual([...new Set(formats)].sort());
});
for (const [format, { kind, model }] of Object.entries(stored))
  testPolicy(`a stored ${format}`, {
    spaces,
    open: () => kind.compile(model, { env, batchSize: 5, device, denoising }),
  });

const examples: Readonly<Record<string, PolicyExample>> = {
  random: { spaces, open: async () => randomPolicy(2) },
  "step by step, with a state that changes in place": {
    spaces,
    open: async () =>
      stepwisePolicy({
        start: ({ seed }) => ({ steps: seed }),
        act([x, y], { random }, state) {
          state.steps += 1;
          return Float32Array.of(Math.sin(x + state.steps), 0.1 * y + random.uniform());
        },
      }),
  },
  "a planner that sees through encoders": {
    spaces: seeingSpaces,
    open: () => DiffusionPolicy.compile(seeingPlanner(2), { batchSize: 5, denoising, device }),
  },
  recurrent: { spaces, open: () => recurrentPolicy(3, 2) },
  "conditioned on returns": { spaces, open: async () => returnConditionedPolicy(2, 5) },
};
for (const [name, example] of Object.entries(examples)) testPolicy(name, example);

describe("a policy with a hidden state", () => {
  const observed = (...numbers: number[]) => Float32Array.from(numbers);
  test("remembers all that an episode showed, whatever other episodes did in between", async () => {
    await using policy = await recurrentPolicy(3, 2);
    const episodes = [0, 1].map((seed) => ({ seed, random: new Random(seed) }));
    const states = episodes.map((episode) => policy.start(episode));
    const act = async (row: number, observations: Float32Array) => {
      const output = await policy.act([{ episode: episodes[row], observations, state: states[row] }]);
      states[row] = output.states?.[0] ?? states[row];
      return output.actions;
    };
    const first = await act(0, observed(1, 0, 0));
    await act(1, observed(0, 1, 0));
    const [a, b] = [await act(0, observed(0, 0, 1)), await act(1, observed(0, 0, 1))];
    expect(a).not.toEqual(b); // they see the same now, but saw other things before
    states[0] = policy.start(episodes[0]);
    expect(await act(0, observed(1, 0, 0))).toEqual(first);
    await act(1, observed(0.5, 0.5, 0.5));
    expect(await act(0, observed(0, 0, 1))).toEqual(a);
  });
});

describe("a policy that is told what it earned", () => {
  test("knows at each chunk what is left, and what was really done", async () => {
    // Rewards 1, 2, 3, ...: actions beyond 1 are clipped when they are executed.
    const dynamics = () => ({
      reset: (seed: number) => [seed, 0],
      step: (_: Float64Array, time: number) => ({ observation: [0, time], reward: time + 1 }),
    });
    const group = toyGroup({ spaces: vectorSpaces(2, 1), maxSteps: 5 }, [dynamics(), dynamics()]);
    const loud = returnConditionedPolicy(1, 100);
    const louder = {
      ...loud,
      act: async (rows: Parameters<typeof loud.act>[0]) => {
        const output = await loud.act(rows);
        return { ...output, actions: output.actions.map((action) => 4 * action) };
      },
    };
    const requests = [7, 8, 9].map((seed) => ({ seed, random: new Random(seed) }));
    const played = await playEpisodes([group], louder, requests, { stopAtSuccess: false });
    for (const episode of played as readonly PlayedEpisode<{ remaining: number; past: number[] }>[]) {
      expect(episode.chunks.map(({ trace }) => trace.remaining)).toEqual([100, 100 - 3, 100 - 3 - 7]);
      for (const { step, trace } of episode.chunks)
        expect(Float32Array.from(trace.past)).toEqual(episode.actions.slice(0, step));
      expect(Math.max(...episode.actions.map(Math.abs))).toBe(1);
    }
  });
});
