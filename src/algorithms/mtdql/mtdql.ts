/**
 * @file MTDQL: diffusion Q-learning of all tasks from data. A denoiser of single actions, told which task it is in, imitates the
 * data and is drawn towards actions that its critics value; it acts by the best of some candidates.
 * Symbols: B batch, N tasks, O observation size, A action size, K diffusion timesteps.
 * No definition of the multi-task row could be read. Ours: Diffusion-QL (Zhendong-Wang/Diffusion-Policies-for-Offline-RL, d871f5c) with
 * a one-hot task id beside the state, in actor and critics. Differs: observations are scaled to [-1, 1] by their range in the
 * data, rewards by their range in each task; before `emaFrom` the averaged actor is a copy, not the first weights.
 */
import { z } from "zod";
import { countTo, mostUnits, type Random, sizeOfSpace } from "../../base/index.ts";
import { denoisingSteps } from "../../diffusion/index.ts";
import { averagePace } from "../../nn/index.ts";
import {
  add,
  constant,
  float32,
  gather,
  int32,
  mul,
  type Parameter,
  type Value,
} from "../../tensor/index.ts";
import { actorCriticLearner, type TracedNetworks } from "../actor-critic-learner.ts";
import { type Context, type Data, type Offline, type OfflineLearner, offlineSettings } from "../algorithm.ts";
import { rewardColumns, rewardScales } from "../reward-scale.ts";
import { type OneStepInputs, oneStepColumns, oneStepRows, oneStepSpecs } from "../transition-columns.ts";
import {
  type ActionCritics,
  actorLosses,
  criticLoss,
  type DiffusionActor,
  denoiserOf,
  drawnActions,
  initActionCritics,
  initActor,
  type SeenTransitions,
} from "./losses.ts";
import { actorSizes, diffusionOf, type MtdqlModel, mtdqlPolicy, seenOf } from "./policy.ts";

export const MtdqlConfig = z.strictObject({
  ...offlineSettings({ steps: 1_000_000, batchSize: 256 }),
  width: countTo(mostUnits).default(256).describe("width of the three hidden layers, of each network"),
  numTrainTimesteps: z.int().positive().max(100).default(5).describe("denoising steps of an action, K"),
  learningRate: z.number().positive().default(3e-4).describe("Adam step size"),
  maxGradientNorm: z.number().positive().default(9).describe("longer gradients are scaled down to it"),
  eta: z
    .number()
    .nonnegative()
    .default(1)
    .describe("weight of the actions' value beside imitation; 0: behavior cloning by diffusion"),
  candidates: z
    .int()
    .positive()
    .max(1000)
    .default(50)
    .describe("actions drawn for each that is made; one is taken by softmax of its value"),
  discount: z.number().min(0).max(1).default(0.99).describe("discount of a reward per step, gamma"),
  tau: z
    .number()
    .gt(0)
    .max(1)
    .default(0.005)
    .describe("share of the critics in their moving average, per step"),
  emaDecay: z.number().min(0).lt(1).default(0.995).describe("decay of the averaged actor, per update"),
  emaEvery: z
    .int()
    .positive()
    .default(5)
    .describe("gradient steps from one update of the averaged actor to the next"),
  emaFrom: z
    .int()
    .nonnegative()
    .default(1000)
    .describe("gradient steps before which it is a copy of the actor"),
});
export type MtdqlConfig = Readonly<z.infer<typeof MtdqlConfig>>;

/** Settings with which a laptop learns ten tasks in minutes. */
const mtdqlPresets = {
  laptop: { steps: 20_000, width: 128, learningRate: 1e-3, candidates: 10 },
} as const satisfies Record<string, z.input<typeof MtdqlConfig>>;

const readings = { transitions: { columns: oneStepColumns }, rewards: { columns: rewardColumns } };

export const mtdql: Offline<MtdqlConfig, MtdqlModel, typeof readings> = {
  kind: "offline",
  name: "mtdql",
  summary:
    "Diffusion Q-learning of all tasks: a denoiser of actions that is told its task imitates the data and is drawn to what critics value.",
  config: MtdqlConfig,
  presets: mtdqlPresets,
  metrics: [
    "train/critic_loss",
    "train/actor_loss",
    "eval/critic_loss",
    "eval/imitation_loss",
    "eval/value_loss",
  ],
  policy: mtdqlPolicy,
  reads: () => readings,
  start: startMtdql,
};

async function startMtdql(
  config: MtdqlConfig,
  { transitions, rewards }: Data<typeof readings>,
  { random, device }: Context,
): Promise<OfflineLearner<MtdqlModel>> {
  const { train } = transitions;
  const { spaces, tasks, observationRange: normalizer } = train;
  const { width, numTrainTimesteps, candidates, learningRate, maxGradientNorm, batchSize, tau, eta } = config;
  const policy = { spaces, tasks, normalizer, width, numTrainTimesteps, candidates };
  const sizes = actorSizes(policy);
  const weights = random.split("weights");
  const scales = await rewardScales(rewards.train, random.split("reward scales"));
  const losses = lossesOf(config, policy, scales);
  const drawSizes = { action: sizes.action, steps: numTrainTimesteps };
  return actorCriticLearner({
    first: "critics",
    critics: {
      network: initActionCritics(sizes, weights.split("critics")),
      loss: losses.critic,
      optimizer: { weightDecay: 0, maxGradientNorm, emaDecay: 1 - tau },
      learningRate: () => learningRate,
    },
    actor: {
      network: initActor(sizes, weights.split("actor")),
      loss(networks, batch: Inputs) {
        const { imitation, value } = losses.actor(networks, batch);
        return add(imitation, mul(eta, value));
      },
      optimizer: { weightDecay: 0, maxGradientNorm, emaDecay: config.emaDecay },
      emaDecay: averagePace({ decay: config.emaDecay, every: config.emaEvery, from: config.emaFrom }),
      learningRate: () => learningRate,
    },
    inputs: (rows) => ({
      ...oneStepSpecs({ observation: sizeOfSpace(spaces.observation), action: sizes.action }, rows),
      ...drawSpecs(rows, drawSizes),
    }),
    evaluation(networks, batch) {
      const { imitation, value } = losses.actor(networks, batch);
      return { critic_loss: losses.critic(networks, batch), imitation_loss: imitation, value_loss: value };
    },
    data: transitions,
    emptyBatch: (rows) => ({ ...train.emptyBatch(rows), ...emptyDraws(rows, drawSizes) }),
    async draw(sampler, stream, batch) {
      const { observation, action, reward, terminated, task, ...draws } = batch;
      await sampler.sample(stream, { observation, action, reward, terminated, task });
      fillDraws(stream.split("draws"), draws, numTrainTimesteps);
    },
    model: ({ actor, averageCritics }) => ({ config: policy, network: { actor, critics: averageCritics } }),
    batchSize,
    random: random.split("held out"),
    device,
  });
}

type Networks = TracedNetworks<DiffusionActor<Parameter>, ActionCritics<Parameter>>;
type Inputs = OneStepInputs & Readonly<Record<keyof ReturnType<typeof drawSpecs>, Value>>;

/** Both losses of a batch. scales: of the rewards, (N,) */
function lossesOf(config: MtdqlConfig, policy: MtdqlModel["config"], scales: Float32Array) {
  const { numTrainTimesteps } = policy;
  const diffusion = diffusionOf(policy);
  const steps = denoisingSteps(diffusion);
  const seen = (batch: Inputs): SeenTransitions => {
    const reward = mul(batch.reward, gather(constant(scales), batch.task));
    const { now, next, task, ...rest } = oneStepRows({ ...batch, reward });
    return { ...rest, now: seenOf(policy, now, task), next: seenOf(policy, next, task) };
  };
  return {
    critic({ critics, averageCritics, averageActor }: Networks, batch: Inputs): Value {
      const rows = seen(batch);
      const draws = { start: batch.nextStart, noise: batch.nextNoise };
      const next = drawnActions(steps, denoiserOf(averageActor, numTrainTimesteps), rows.next, draws);
      return criticLoss(critics, averageCritics, next, rows, config.discount);
    },
    actor: ({ actor, critics }: Networks, batch: Inputs) =>
      actorLosses(diffusion, steps, actor, critics, seen(batch), {
        imitation: { noise: batch.noise, timestep: batch.timestep },
        chain: { start: batch.ownStart, noise: batch.ownNoise },
        coin: batch.coin,
      }),
  };
}

interface DrawSizes {
  readonly action: number;
  /** Denoising steps. */
  readonly steps: number;
}

/** Draws beside the transitions: of the next actions, of the actor's own, of what is put into the data's. */
const drawSpecs = (rows: number, { action, steps }: DrawSizes) => ({
  nextStart: float32(rows, action),
  nextNoise: float32(steps, rows, action),
  ownStart: float32(rows, action),
  ownNoise: float32(steps, rows, action),
  noise: float32(rows, action),
  timestep: int32(rows),
  coin: float32(),
});

function emptyDraws(rows: number, { action, steps }: DrawSizes) {
  const noise = () => new Float32Array(rows * action);
  const chain = () => new Float32Array(steps * rows * action);
  return {
    nextStart: noise(),
    nextNoise: chain(),
    ownStart: noise(),
    ownNoise: chain(),
    noise: noise(),
    timestep: new Int32Array(rows),
    coin: new Float32Array(1),
  };
}

function fillDraws(
  random: Random,
  { timestep, coin, ...noises }: ReturnType<typeof emptyDraws>,
  numTrainTimesteps: number,
): void {
  for (const noise of Object.values(noises)) random.fillNormal(noise);
  random.fillIntegers(timestep, 0, numTrainTimesteps);
  random.fillUniform(coin);
}
