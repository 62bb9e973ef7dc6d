/** @file MTIQL against recorded numbers of CORL's and the authors' implicit Q-learning; heads of several tasks. */
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { backends, relativeError } from "../../../test/both-backends.ts";
import { RecordedWeights, torchLinear } from "../../../test/recorded-weights.ts";
import { Random, type StoredTensors, vectorSpace, vectorSpaces } from "../../base/index.ts";
import { EpisodeList, samplerOf } from "../../data/index.ts";
import { cpu } from "../../devices/index.ts";
import { readTensors } from "../../platform/index.ts";
import { float32, grad, layoutOf, type Mapped, mul, unpack, type Value } from "../../tensor/index.ts";
import { oneStepSpecs } from "../transition-columns.ts";
import { actorLoss, criticLosses, initIql, logProb } from "./losses.ts";
import { MtiqlConfig, mtiql } from "./mtiql.ts";

const device = cpu({ threads: 1 });
const [rows, sizes] = [6, { observation: 11, action: 4 }];
const settings = { expectile: 0.7, beta: 3, discount: 0.99 };
const recording = async (name: string) =>
  (await readTensors(join(import.meta.dirname, `fixtures/${name}.safetensors`))).tensors;
const numbersOf = (tensors: StoredTensors, name: string) => tensors[name].data as Float32Array;

/** Networks of as many tasks; the normalizer changes nothing. */
function networks(tasks: number) {
  const config = {
    spaces: {
      observation: vectorSpace("state", sizes.observation),
      action: vectorSpace("action", sizes.action),
    },
    tasks: Array.from({ length: tasks }, (_, i) => `task ${i}`),
    hiddenSizes: [32, 32],
    normalizer: {
      low: new Array<number>(sizes.observation).fill(-1),
      high: new Array<number>(sizes.observation).fill(1),
    },
  };
  const { actor, critics } = initIql(config, sizes, new Random(0));
  return { config, layouts: { actor: layoutOf(actor), critics: layoutOf(critics) } };
}

/** The recorded transitions as a batch. */
function batchOf(tensors: StoredTensors) {
  const of = (name: string) => numbersOf(tensors, `inputs/${name}`);
  const [now, next, size] = [of("observations"), of("next_observations"), sizes.observation];
  const observation = Float32Array.from({ length: rows * 2 * size }, (_, i) => {
    const [row, at] = [Math.floor(i / (2 * size)), i % (2 * size)];
    return at < size ? now[row * size + at] : next[row * size + at - size];
  });
  const terminated = "inputs/masks" in tensors ? of("masks").map((mask) => 1 - mask) : of("terminals");
  const task = "inputs/task" in tensors ? (tensors["inputs/task"].data as Int32Array) : new Int32Array(rows);
  return { observation, action: of("actions"), reward: of("rewards"), terminated, task };
}

/** Networks of CORL, by our paths: single values, or shared layers with heads. */
const torchNames = {
  actor: (path: string) => {
    if (path === "logStd") return { name: "actor/log_std" };
    return torchLinear(`actor/net.net.${2 * Number(path.split(".")[1])}`, path);
  },
  critics: (group: { q: string; v?: string }, lastLayer: (layer: number) => string) => (path: string) => {
    const [kind, ...rest] = path.split(".");
    const layer = Number(rest.at(-2));
    if (kind === "v")
      return group.v === undefined ? undefined : torchLinear(`${group.v}/v.${lastLayer(layer)}`, path);
    return torchLinear(`${group.q}/q${Number(rest[0]) + 1}.${lastLayer(layer)}`, path);
  },
};
const inNet = (layer: number) => `net.${2 * layer}`;
const withHead = (layer: number) => (layer === 2 ? "head" : `trunk.${2 * layer}`);

describe.each([
  ["iql", 1, inNet],
  ["mtiql", 3, withHead],
] as const)("as CORL's: %s", async (name, tasks, layerName) => {
  const tensors = await recording(name);
  const { config, layouts } = networks(tasks);
  const actor = new RecordedWeights(layouts.actor, tensors, torchNames.actor);
  const weightsOf = (group: { q: string; v?: string }) =>
    new RecordedWeights(layouts.critics, tensors, torchNames.critics(group, layerName));
  const [critics, targets] = [weightsOf({ q: "q", v: "v" }), weightsOf({ q: "q_target" })];
  const numbers = {
    ...batchOf(tensors),
    actor: actor.vector("weights"),
    critics: critics.vector("weights"),
    targets: targets.vector("weights"),
  };
  const expected = (loss: string) => numbersOf(tensors, `outputs/${loss}`);

  test.each(Object.entries(backends))("losses and every gradient, %s", async (_, { run }) => {
    const specs = {
      ...oneStepSpecs(sizes, rows),
      actor: float32(layouts.actor.size),
      critics: float32(layouts.critics.size),
      targets: float32(layouts.critics.size),
    };
    const results = await run(
      specs,
      (values) => {
        const theta = [
          unpack(layouts.critics, values.critics),
          unpack(layouts.critics, values.targets),
        ] as const;
        const [now, averaged] = theta as unknown as readonly Parameters<typeof criticLosses>[1][];
        const policy = unpack(layouts.actor, values.actor) as unknown as Parameters<typeof actorLoss>[1];
        const { value, critic } = criticLosses(config, now, averaged, now.v, values, settings);
        const imitated = actorLoss(config, policy, averaged, now.v, values, settings);
        return {
          value,
          critic,
          imitated,
          logProb: logProb(config, policy, values),
          ofValue: grad(value, [values.critics])[0],
          ofCritic: grad(critic, [values.critics])[0],
          ofActor: grad(imitated, [values.actor])[0],
        };
      },
      numbers,
    );
    expect(relativeError(results.value, expected("value_loss"))).toBeLessThan(1e-5);
    expect(relativeError(results.critic, expected("q_loss"))).toBeLessThan(1e-5);
    expect(relativeError(results.imitated, expected("actor_loss"))).toBeLessThan(1e-5);
    if (name === "iql") expect(relativeError(results.logProb, expected("log_prob"))).toBeLessThan(1e-5);
    // Neither loss of the critics has a gradient in the other's networks.
    const both = Float64Array.from(results.ofValue, (each, i) => each + results.ofCritic[i]);
    const truth = critics.vector("grads");
    expect(relativeError(both, truth)).toBeLessThan(1e-5);
    expect(truth.filter((each, i) => each === 0 && both[i] !== 0)).toHaveLength(0);
    expect(relativeError(...actor.pairs(results.ofActor, "grads"))).toBeLessThan(1e-5);
  });

  test.runIf(name === "iql")("one step of Adam, and of the average", async () => {
    const columns = { observation: [0, 1], action: [0], reward: [0], terminated: [0], task: [0] };
    const empty = () => batchOf(tensors);
    const transitions = {
      spec: columns,
      spaces: config.spaces,
      tasks: config.tasks,
      observationRange: config.normalizer,
      emptyBatch: empty,
      sample() {},
    };
    const rewards = {
      tasks: config.tasks,
      emptyBatch: () => ({ reward: new Float32Array(2), task: new Int32Array(2) }),
      sample: (_: Random, { reward }: { reward: Float32Array }) => reward.set([0, 1]), // rewards stay as they are
    };
    const given = { transitions: { train: transitions }, rewards: { train: rewards } };
    const sized = MtiqlConfig.parse({ batchSize: rows, hiddenSizes: config.hiddenSizes });
    await using learner = await mtiql.start(sized, given as never, {
      random: new Random(0),
      device,
      folder: "",
    });
    const vector = (data: Float32Array) => ({ dtype: "F32", shape: [data.length], data }) as const;
    const zeros = (of: Float32Array) => vector(new Float32Array(of.length));
    const moments = (part: "actor" | "critics") => ({
      [`${part}.theta`]: vector(numbers[part]),
      [`${part}.firstMoment`]: zeros(numbers[part]),
      [`${part}.secondMoment`]: zeros(numbers[part]),
    });
    await learner.restore({
      tensors: { ...moments("actor"), ...moments("critics"), "critics.ema": vector(numbers.targets) },
      json: { steps: 0 },
    });
    const metrics = await learner.step(new Random(1));
    expect(relativeError([metrics["train/actor_loss"]], expected("actor_loss"))).toBeLessThan(1e-5);
    const both = expected("value_loss")[0] + expected("q_loss")[0];
    expect(relativeError([metrics["train/critic_loss"]], [both])).toBeLessThan(1e-5);
    const after = (await learner.state()).tensors;
    for (const [weights, key, before] of [
      [actor, "actor.theta", numbers.actor],
      [critics, "critics.theta", numbers.critics],
      [targets, "critics.ema", numbers.targets],
    ] as const) {
      expect(relativeError(...weights.pairs(numbersOf(after, key), "weights1"))).toBeLessThan(1e-5);
      // The step itself is no rounding: without it the weights are that far off.
      expect(relativeError(...weights.pairs(before, "weights1"))).toBeGreaterThan(5e-5);
    }
  });
});

test("as the authors' own, but for the order: losses and gradients with the new V", async () => {
  const tensors = await recording("iql-jax");
  const { config, layouts } = networks(1);
  const layer = (group: string, at: string | undefined, path: string) => ({
    name: `${group}/${at}/${path.endsWith("bias") ? "bias" : "kernel"}`,
  });
  const actor = new RecordedWeights(layouts.actor, tensors, (path) => {
    if (path === "logStd") return { name: "actor/log_stds" };
    return layer("actor", ["MLP_0/Dense_0", "MLP_0/Dense_1", "Dense_0"][Number(path.split(".")[1])], path);
  });
  const criticsOf = (group: string) =>
    new RecordedWeights(layouts.critics, tensors, (path) => {
      const [kind, ...rest] = path.split(".");
      if (kind === "v") return layer("value", `MLP_0/Dense_${rest[0]}`, path);
      return layer(group, `Critic_${rest[0]}/MLP_0/Dense_${rest[1]}`, path);
    });
  const critics = criticsOf("critic");
  const numbers = {
    ...batchOf(tensors),
    actor: actor.vector("weights"),
    critics: critics.vector("weights"),
    targets: criticsOf("target_critic").vector("weights"),
    next: critics.vector("weights1"),
  };
  const vector = float32(layouts.critics.size);
  const results = await backends["on the processor, in float32"].run(
    {
      ...oneStepSpecs(sizes, rows),
      actor: float32(layouts.actor.size),
      critics: vector,
      targets: vector,
      next: vector,
    },
    (values) => {
      const network = (theta: Value) =>
        unpack(layouts.critics, theta) as unknown as Mapped<Parameters<typeof criticLosses>[1], Value>;
      const [now, averaged, next] = [values.critics, values.targets, values.next].map(
        network,
      ) as never as Parameters<typeof criticLosses>[1][];
      const policy = unpack(layouts.actor, values.actor) as unknown as Parameters<typeof actorLoss>[1];
      const { value, critic } = criticLosses(config, now, averaged, next.v, values, settings);
      const summed = mul(2, critic); // theirs adds both critics' errors
      const imitated = actorLoss(config, policy, averaged, next.v, values, settings);
      return {
        value,
        summed,
        imitated,
        ofValue: grad(value, [values.critics])[0],
        ofCritic: grad(summed, [values.critics])[0],
        ofActor: grad(imitated, [values.actor])[0],
      };
    },
    numbers,
  );
  const expected = (loss: string) => numbersOf(tensors, `outputs/${loss}`);
  expect(relativeError(results.value, expected("value_loss"))).toBeLessThan(1e-5);
  expect(relativeError(results.summed, expected("critic_loss"))).toBeLessThan(1e-5);
  expect(relativeError(results.imitated, expected("actor_loss"))).toBeLessThan(1e-5);
  const both = results.ofValue.map((each, i) => each + results.ofCritic[i]);
  expect(relativeError(both, critics.vector("grads"))).toBeLessThan(1e-5);
  expect(relativeError(...actor.pairs(results.ofActor, "grads"))).toBeLessThan(1e-5);
});

test("prefers the better of the data's actions, of each task its own", async () => {
  const random = new Random(3);
  const episodes = Array.from({ length: 60 }, (_, i) => {
    const action = 2 * random.uniform() - 1;
    const sign = i % 2 === 0 ? 1 : -1;
    return {
      task: sign > 0 ? "up" : "down",
      seed: i,
      observations: new Float32Array(1),
      finalObservation: new Float32Array(1),
      actions: Float32Array.of(action),
      rewards: Float32Array.of(sign * action),
      successes: Uint8Array.of(0),
      terminated: true,
    };
  });
  const list = new EpisodeList(vectorSpaces(1, 1), { episodes: episodes as never });
  const config = MtiqlConfig.parse({
    steps: 200,
    batchSize: 32,
    hiddenSizes: [16],
    learningRate: 0.01,
    beta: 10,
    tau: 0.05,
  });
  const reads = mtiql.reads(config);
  const given = {
    transitions: { train: samplerOf(list, reads.transitions.columns) },
    rewards: { train: samplerOf(list, reads.rewards.columns) },
  };
  await using learner = await mtiql.start(config, given, { random: new Random(0), device, folder: "" });
  for (let step = 0; step < config.steps; step++) await learner.step(random.split(`${step}`));
  for (const [task, sign] of [
    ["up", 1],
    ["down", -1],
  ] as const) {
    const env = { task, spaces: list.spaces };
    await using policy = await mtiql.policy.compile(await learner.model(), { env, batchSize: 1, device });
    const row = { episode: { seed: 0, random }, observations: new Float32Array(1), state: undefined };
    // Behavior cloning would do about 0, the mean of the data.
    expect(sign * (await policy.act([row])).actions[0]).toBeGreaterThan(0.4);
  }
});
