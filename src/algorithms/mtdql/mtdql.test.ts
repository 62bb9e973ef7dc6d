/** @file MTDQL against recorded numbers of Diffusion-QL's own code. */
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { backends, relativeError } from "../../../test/both-backends.ts";
import { RecordedWeights, torchLinear } from "../../../test/recorded-weights.ts";
import { Random, vectorSpaces } from "../../base/index.ts";
import { EpisodeList, samplerOf } from "../../data/index.ts";
import { cpu } from "../../devices/index.ts";
import { createSchedule, denoisingSteps } from "../../diffusion/index.ts";
import { createTrainer } from "../../nn/index.ts";
import { readTensors } from "../../platform/index.ts";
import {
  add,
  concat,
  constant,
  float32,
  grad,
  int32,
  layoutOf,
  unpack,
  type Value,
} from "../../tensor/index.ts";
import {
  type ActionCritics,
  actorLosses,
  criticLoss,
  type DiffusionActor,
  denoiserOf,
  drawnActions,
  initActionCritics,
  initActor,
} from "./losses.ts";
import { MtdqlConfig, mtdql } from "./mtdql.ts";
import { diffusionOf } from "./policy.ts";

const device = cpu({ threads: 1 });
const { tensors } = await readTensors(join(import.meta.dirname, "fixtures/diffusion-ql.safetensors"));
const numbersOf = (name: string) => tensors[name].data as Float32Array;

/** Recorded: eleven numbers seen and no task; whose one-hot row of weights is zero here. */
const [rows, observationSize, actionSize, numTrainTimesteps, coin] = [6, 11, 4, 5, 0.417022004702574];
const sizes = { seen: observationSize + 1, action: actionSize, width: 32 };
const first = {
  actor: initActor(sizes, new Random(0)),
  critics: initActionCritics(sizes, new Random(0)),
};
const layouts = { actor: layoutOf(first.actor), critics: layoutOf(first.critics) };

const actorOf = (group: string) =>
  new RecordedWeights(layouts.actor, tensors, (path) => {
    const [kind, at] = path.split(".");
    if (kind === "time") return torchLinear(`${group}/model.time_mlp.${2 * Number(at) + 1}`, path);
    if (kind === "hidden")
      return torchLinear(
        `${group}/model.${at === "2" ? "final_layer" : `mid_layer.${2 * Number(at) + 2}`}`,
        path,
      );
    const begin = { action: 0, time: 4, seen: 20, bias: 0 }[at] as number;
    const end = { action: 4, time: 20, seen: 31, bias: 0 }[at] as number;
    const row = (input: number) => (input >= begin && input < end ? input - begin : undefined);
    return torchLinear(`${group}/model.mid_layer.0`, path, row);
  });
const criticsOf = (group: string) =>
  new RecordedWeights(layouts.critics, tensors, (path) => {
    const [critic, layer] = path.split(".").map(Number);
    const afterTask = (input: number) => (input < observationSize ? input : input + 1);
    return torchLinear(
      `${group}/q${critic + 1}_model.${2 * layer}`,
      path,
      layer === 0 ? afterTask : undefined,
    );
  });

const recorded = { actor: actorOf("actor"), critics: criticsOf("critic") };
const weights = {
  actor: recorded.actor.vector("weights"),
  critics: recorded.critics.vector("weights"),
  averageActor: actorOf("ema_actor").vector("weights"),
  averageCritics: criticsOf("critic_target").vector("weights"),
};
const diffusion = diffusionOf({ numTrainTimesteps });
const steps = denoisingSteps(diffusion);

const inputs = {
  now: float32(rows, observationSize),
  next: float32(rows, observationSize),
  action: float32(rows, actionSize),
  reward: float32(rows),
  goesOn: float32(rows),
  nextStart: float32(rows, actionSize),
  nextNoise: float32(numTrainTimesteps, rows, actionSize),
  ownStart: float32(rows, actionSize),
  ownNoise: float32(numTrainTimesteps, rows, actionSize),
  noise: float32(rows, actionSize),
  timestep: int32(rows),
  coin: float32(),
};
const numbers = {
  now: numbersOf("inputs/observations"),
  next: numbersOf("inputs/next_observations"),
  action: numbersOf("inputs/actions"),
  reward: numbersOf("inputs/rewards"),
  goesOn: numbersOf("inputs/not_done"),
  nextStart: numbersOf("inputs/next_start"),
  nextNoise: numbersOf("inputs/next_noise"),
  ownStart: numbersOf("inputs/new_start"),
  ownNoise: numbersOf("inputs/new_noise"),
  noise: numbersOf("inputs/bc_noise"),
  timestep: tensors["inputs/bc_timestep"].data as Int32Array,
  coin: Float32Array.of(coin),
};
type Inputs = Readonly<Record<keyof typeof inputs, Value>>;

/** With the one-hot of a single task. */
const seen = (batch: Inputs) => {
  const told = (observation: Value) =>
    concat([observation, constant(new Float32Array(rows).fill(1), [rows, 1])], 1);
  return { ...batch, now: told(batch.now), next: told(batch.next) };
};
const ofCritics = (
  networks: {
    critics: ActionCritics<Value>;
    averageCritics: ActionCritics<Value>;
    averageActor: DiffusionActor<Value>;
  },
  batch: Inputs,
) => {
  const transitions = seen(batch);
  const draws = { start: batch.nextStart, noise: batch.nextNoise };
  const denoise = denoiserOf(networks.averageActor, numTrainTimesteps);
  const nextActions = drawnActions(steps, denoise, transitions.next, draws);
  const loss = criticLoss(networks.critics, networks.averageCritics, nextActions, transitions, 0.99);
  return { nextActions, loss };
};
const ofActor = (actor: DiffusionActor<Value>, critics: ActionCritics<Value>, batch: Inputs) =>
  actorLosses(diffusion, steps, actor, critics, seen(batch), {
    imitation: { noise: batch.noise, timestep: batch.timestep },
    chain: { start: batch.ownStart, noise: batch.ownNoise },
    coin: batch.coin,
  });
const actorIn = (theta: Value) => unpack(layouts.actor, theta) as unknown as DiffusionActor<Value>;
const criticsIn = (theta: Value) => unpack(layouts.critics, theta) as unknown as ActionCritics<Value>;
const vectors = {
  actor: float32(layouts.actor.size),
  averageActor: float32(layouts.actor.size),
  critics: float32(layouts.critics.size),
  averageCritics: float32(layouts.critics.size),
};

describe("as Diffusion-QL", () => {
  test("the schedule", () => {
    const { beta } = createSchedule("vp", numTrainTimesteps);
    expect(relativeError(beta, numbersOf("outputs/betas"))).toBeLessThan(1e-6);
  });

  test.each(Object.entries(backends))(
    "the critics' loss, every gradient, the next actions, %s",
    async (_, { run }) => {
      const results = await run(
        { ...inputs, ...vectors },
        ({ critics, averageCritics, averageActor, actor: __, ...batch }) => {
          const networks = {
            critics: criticsIn(critics),
            averageCritics: criticsIn(averageCritics),
            averageActor: actorIn(averageActor),
          };
          const { nextActions, loss } = ofCritics(networks, batch);
          return { nextActions, loss, gradient: grad(loss, [critics])[0] };
        },
        { ...numbers, ...weights },
      );
      expect(relativeError(results.nextActions, numbersOf("outputs/next_actions"))).toBeLessThan(1e-5);
      expect(relativeError(results.loss, numbersOf("outputs/critic_loss"))).toBeLessThan(1e-5);
      expect(relativeError(...recorded.critics.pairs(results.gradient, "grads"))).toBeLessThan(1e-5);
    },
  );

  test.each(Object.entries(backends))(
    "the actor's losses with the critics updated, every gradient through the chain, %s",
    async (_, { run }) => {
      const results = await run(
        { ...inputs, actor: vectors.actor, critics: vectors.critics },
        ({ actor, critics, ...batch }) => {
          const { imitation, value } = ofActor(actorIn(actor), criticsIn(critics), batch);
          const draws = { start: batch.ownStart, noise: batch.ownNoise };
          const denoise = denoiserOf(actorIn(actor), numTrainTimesteps);
          const own = drawnActions(steps, denoise, seen(batch).now, draws);
          return { imitation, value, own, gradient: grad(add(imitation, value), [actor])[0] };
        },
        { ...numbers, actor: weights.actor, critics: recorded.critics.vector("weights1") },
      );
      expect(relativeError(results.imitation, numbersOf("outputs/bc_loss"))).toBeLessThan(1e-5);
      expect(relativeError(results.value, numbersOf("outputs/ql_loss"))).toBeLessThan(1e-5);
      expect(relativeError(results.own, numbersOf("outputs/new_actions"))).toBeLessThan(1e-5);
      expect(relativeError(...recorded.actor.pairs(results.gradient, "grads"))).toBeLessThan(1e-5);
    },
  );

  test("one step of both, gradients clipped, the averaged critics with them", async () => {
    const { actor, averageActor, critics, averageCritics } = vectors;
    const zeros = (size: number) => ({
      firstMoment: new Float32Array(size),
      secondMoment: new Float32Array(size),
    });
    await using judges = await createTrainer({
      network: first.critics,
      inputs: { ...inputs, averageCritics, averageActor },
      loss: (network, { averageCritics, averageActor, ...batch }) =>
        ofCritics(
          {
            critics: network,
            averageCritics: criticsIn(averageCritics),
            averageActor: actorIn(averageActor),
          },
          batch,
        ).loss,
      optimizer: { weightDecay: 0, maxGradientNorm: 9, emaDecay: 0.995 },
      device,
    });
    await judges.restore({
      steps: 0,
      theta: weights.critics,
      ema: weights.averageCritics,
      ...zeros(critics.shape[0]),
    });
    await using denoiser = await createTrainer({
      network: first.actor,
      inputs: { ...inputs, critics },
      loss(network, { critics, ...batch }) {
        const { imitation, value } = ofActor(network, criticsIn(critics), batch);
        return add(imitation, value);
      },
      optimizer: { weightDecay: 0, maxGradientNorm: 9 },
      device,
    });
    await denoiser.restore({ steps: 0, theta: weights.actor, ...zeros(actor.shape[0]) });
    const { averageActor: next, averageCritics: targets } = weights;
    await judges.step({ ...numbers, averageActor: next, averageCritics: targets }, 3e-4);
    await denoiser.step({ ...numbers, critics: judges.theta as Float32Array }, 3e-4);
    for (const [of, after, before] of [
      [recorded.critics, judges.theta, weights.critics],
      [criticsOf("critic_target"), judges.average, weights.averageCritics],
      [recorded.actor, denoiser.theta, weights.actor],
    ] as const) {
      // Of two of the actor's 3700 gradients rounding decides the sign, and with it that of Adam's step.
      expect(relativeError(...of.pairs(after as Float32Array, "weights1"))).toBeLessThan(
        of === recorded.actor ? 1e-4 : 1e-5,
      );
      // The step itself is no rounding: without it the weights are that far off.
      expect(relativeError(...of.pairs(before, "weights1"))).toBeGreaterThan(1e-3);
    }
  });
});

test("draws towards what the critics value, in each task its own way", async () => {
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
  const list = new EpisodeList(vectorSpaces(1, 1), { episodes });
  const config = MtdqlConfig.parse({
    batchSize: 32,
    width: 16,
    learningRate: 0.01,
    numTrainTimesteps: 2,
    candidates: 1,
  });
  const reads = mtdql.reads(config);
  const given = {
    transitions: { train: samplerOf(list, reads.transitions.columns) },
    rewards: { train: samplerOf(list, reads.rewards.columns) },
  };
  await using learner = await mtdql.start(config, given, { random: new Random(0), device, folder: "" });
  for (let step = 0; step < 120; step++) await learner.step(random.split(`${step}`));
  for (const [task, sign] of [
    ["up", 1],
    ["down", -1],
  ] as const) {
    const env = { task, spaces: list.spaces };
    await using policy = await mtdql.policy.compile(await learner.model(), { env, batchSize: 8, device });
    const rows = Array.from({ length: 8 }, (_, seed) => ({
      episode: { seed, random: random.split(`act ${seed}`) },
      observations: new Float32Array(1),
      state: undefined,
    }));
    const { actions } = await policy.act(rows);
    // Behavior cloning would do about 0, the mean of the data.
    expect((sign * actions.reduce((sum, action) => sum + action, 0)) / 8).toBeGreaterThan(0.3);
  }
}, 60_000);
