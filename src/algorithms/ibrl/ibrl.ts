/**
 * @file IBRL: a policy of behavior cloning proposes actions beside the agent's own, in episodes and in the values of next
 * states; the critics choose.
 * Symbols: B batch, A action size, E critics, M critics of a value, S numbers seen.
 * Source: Hu et al. 2024, arXiv:2311.02198, as in hengyuan-hu/ibrl (3c457da), its agent of states.
 */
import { z } from "zod";
import { countTo, Random, requireSameSpaces, sizeOfSpace, UserError } from "../../base/index.ts";
import type { CpuDevice } from "../../devices/index.ts";
import { dropoutBy, fillDropout, type Mlp } from "../../nn/index.ts";
import { flatten, float32, int32, layoutOf, type Parameter, unpack, type Value } from "../../tensor/index.ts";
import type { Context, Online, OnlineGiven, OnlineLearner } from "../algorithm.ts";
import { mtbc } from "../mtbc.ts";
import { ActorCritic } from "../online/actor-critic.ts";
import { criticSteps, dataReplaySettings, offlineShare } from "../online/config.ts";
import {
  type Agent,
  encoderOf,
  ReplayLearner,
  sizesOf,
  type TransitionReadings,
  transitionReadings,
} from "../online/learner.ts";
import { encodedSize } from "../online/observation-encoder.ts";
import { type Transitions, transitionSpecs } from "../online/transitions.ts";
import { initTaskPolicy, type TaskPolicyModel, taskActions } from "../task-policy.ts";
import { ibrlActorLoss, ibrlCriticLoss, noisyActions } from "./losses.ts";
import { actorMean, ChosenCritics, type IbrlCritics, valuesBy } from "./networks.ts";
import {
  IbrlActing,
  type IbrlModel,
  type IbrlModelConfig,
  ibrlPolicy,
  imitationIds,
  initIbrl,
  type Manner,
} from "./policy.ts";

export const IbrlConfig = z.strictObject({
  ...dataReplaySettings({
    envSteps: 1_000_000,
    utdRatio: 2.5,
    hiddenSizes: [1024, 1024, 1024],
    learningRate: 1e-4,
    tau: 0.01,
  }),
  learningStarts: z
    .int()
    .nonnegative()
    .default(20_000)
    .describe("environment steps in which the imitation acts alone"),
  offlineShare: offlineShare(null),
  criticSteps: criticSteps(5),
  nSteps: countTo(1000).default(3).describe("environment steps of a transition"),
  critics: countTo(100).default(5).describe("critics, E"),
  targetCritics: countTo(50)
    .default(2)
    .describe("critics, drawn at each step, whose lowest value chooses, and as many others that value, M"),
  noise: z.number().nonnegative().default(0.1).describe("deviation of the noise on the actor's actions"),
  noiseClip: z.number().nonnegative().default(0.3).describe("largest noise in updates"),
  dropout: z
    .number()
    .min(0)
    .lt(1)
    .default(0.5)
    .describe("share of the actor's features that are dropped in updates"),
  softBeta: z
    .number()
    .positive()
    .nullable()
    .default(null)
    .describe(
      "the choice is drawn by the exponentials of so many times the values (authors: 10); null: the better one",
    ),
});
export type IbrlConfig = Readonly<z.infer<typeof IbrlConfig>>;

/** Settings with which a laptop learns a task in minutes. */
const presets = {
  laptop: {
    envSteps: 20_000,
    episodes: 2,
    learningStarts: 2000,
    utdRatio: 1,
    criticSteps: 2,
    batchSize: 128,
    hiddenSizes: [128, 128],
    learningRate: 1e-3,
    discount: 0.98,
    normalize: true,
    rewardScale: 0.1,
    dropout: 0,
    evalEvery: 5000,
  },
} as const satisfies Record<string, z.input<typeof IbrlConfig>>;

/** The networks that learn. */
interface Learned {
  readonly actor: Mlp<Parameter>;
  readonly critics: IbrlCritics<Parameter>;
}

type Networks = ActorCritic<
  Learned["actor"],
  Learned["critics"],
  "observations" | "noise" | "masks",
  keyof Transitions | "noise" | "masks" | "uniform" | "imitation" | "rawObservations" | "ids"
>;

/** The networks under training. The averaged critics are given as 2 M: those that choose, and those that value. */
export function compileIbrl(
  config: IbrlConfig,
  model: IbrlModelConfig,
  first: Learned,
  device: CpuDevice,
): Promise<Networks> {
  const { batchSize, hiddenSizes, targetCritics, noise: deviation, noiseClip, tau } = config;
  const [observationSize, actionSize] = [model.spaces.observation, model.spaces.action].map(sizeOfSpace);
  const width = encodedSize(observationSize, model.tasks);
  const imitation = layoutOf(initTaskPolicy(model.imitation, new Random(0)).network);
  const noise = float32(batchSize, actionSize);
  const masks = float32(batchSize * hiddenSizes.reduce((a, b) => a + b));
  const critics = new ChosenCritics(first.critics, new Float32Array(), 2 * targetCritics);
  const [actorOf, criticsOf] = [(a: unknown) => a as Mlp<Value>, (c: unknown) => c as IbrlCritics<Value>];
  return ActorCritic.compile({
    first,
    actorInputs: { observations: float32(batchSize, width), noise, masks },
    criticInputs: {
      ...transitionSpecs(batchSize, width, actionSize),
      noise,
      masks,
      uniform: float32(batchSize),
      imitation: float32(imitation.size),
      rawObservations: float32(batchSize, observationSize),
      ids: int32(batchSize),
    },
    targets: critics.layout,
    criticLoss(critic, actor, targets, inputs) {
      const { each, norms } = criticsOf(targets);
      const [choice, value] = [each.slice(0, targetCritics), each.slice(targetCritics)].map((some) =>
        valuesBy({ each: some, norms }),
      );
      const means = actorMean(actorOf(actor), inputs.nextObservations, dropoutBy(inputs.masks));
      const cloned = unpack(imitation, inputs.imitation) as unknown as Mlp<Value>;
      const proposals = {
        actor: noisyActions(means, inputs.noise, deviation, noiseClip),
        imitation: taskActions(model.imitation, cloned, inputs.rawObservations, inputs.ids),
        uniform: inputs.uniform,
      };
      return ibrlCriticLoss(valuesBy(criticsOf(critic)), { choice, value }, proposals, inputs, config);
    },
    actorLoss(actor, critic, inputs) {
      const means = actorMean(actorOf(actor), inputs.observations, dropoutBy(inputs.masks));
      const actions = noisyActions(means, inputs.noise, deviation, noiseClip);
      return ibrlActorLoss(valuesBy(criticsOf(critic)), inputs.observations, actions);
    },
    tau,
    averagesActor: true,
    criticSteps: config.criticSteps,
    device,
  });
}

/** One update: steps of the critics, each on a batch of its own, then one of the actor on the last. */
export function updateIbrl(
  networks: Networks,
  config: IbrlConfig,
  model: IbrlModelConfig,
  first: Learned,
  imitation: Float32Array,
): Agent<IbrlModel>["update"] {
  const { batchSize, hiddenSizes, critics, targetCritics, learningRate, dropout } = config;
  const noise = new Float32Array(batchSize * sizeOfSpace(model.spaces.action));
  const masks = new Float32Array(batchSize * hiddenSizes.reduce((a, b) => a + b));
  const uniform = new Float32Array(batchSize);
  const ids = new Int32Array(batchSize);
  const known = imitationIds(model);
  const chosen = new ChosenCritics(first.critics, networks.criticsAverage, 2 * targetCritics);
  return async (draw, random) => {
    let criticLoss = 0;
    let observations: Float32Array = new Float32Array();
    for (let step = 0; step < config.criticSteps; step++) {
      const stream = random.split(`critics ${step}`);
      const { transitions, next } = await draw(stream);
      for (let row = 0; row < batchSize; row++) ids[row] = known[next.tasks[row]];
      const [choosing, valuing] = [0, 1].map(() => stream.permutation(critics).subarray(0, targetCritics));
      const targets = chosen.weightsOf([...choosing, ...valuing]);
      fillDropout(masks, dropout, stream);
      const draws = { noise: stream.fillNormal(noise), masks, uniform: stream.fillUniform(uniform) };
      const batch = { ...transitions, ...draws, imitation, rawObservations: next.observations, ids };
      const actor = networks.average;
      criticLoss = await networks.stepCritics(batch, learningRate, { actor, targets });
      observations = transitions.observations;
    }
    const stream = random.split("actor");
    fillDropout(masks, dropout, stream);
    const batch = { observations, masks, noise: stream.fillNormal(noise) };
    const actorLoss = await networks.stepActor(batch, learningRate);
    return { "train/critic_loss": criticLoss, "train/actor_loss": actorLoss };
  };
}

export const ibrl: Online<IbrlConfig, IbrlModel, TaskPolicyModel, TransitionReadings> = {
  kind: "online",
  name: "ibrl",
  summary:
    "IBRL: learns by episodes and a data set while a policy of behavior cloning (mtbc) proposes actions beside its own, of which " +
    "critics take the better one.",
  config: IbrlConfig,
  presets,
  check({ critics, targetCritics }) {
    if (targetCritics > critics)
      throw new UserError(`targetCritics ${targetCritics} are more than the ${critics} critics there are.`);
  },
  metrics: ["train/critic_loss", "train/actor_loss", "train/own_actions"],
  policy: ibrlPolicy,
  envs: "several",
  startsFrom: mtbc.policy,
  reads: (config, _, tasks) => transitionReadings(config, tasks),
  needsData: true,
  start,
};

async function start(
  settings: IbrlConfig,
  { envs, data, policy }: OnlineGiven<TaskPolicyModel, TransitionReadings>,
  context: Context<CpuDevice>,
): Promise<OnlineLearner<IbrlModel>> {
  const { random, device } = context;
  const sizes = sizesOf(envs);
  const [{ spaces, task }] = envs;
  requireSameSpaces("The policy that is imitated", policy.config.spaces, task, spaces);
  const encoder = await encoderOf(sizes, settings, data, random);
  const { tasks, scaling } = encoder;
  const { hiddenSizes, critics } = settings;
  const model = { spaces, tasks, hiddenSizes, critics, scaling, imitation: policy.config };
  const first = initIbrl(model, random.split("weights"));
  const networks = await compileIbrl(settings, model, first, device);
  const imitation = new Float32Array(layoutOf(policy.network).size);
  flatten(policy.network, imitation);
  const layouts = {
    actor: networks.layout,
    critics: layoutOf(first.critics),
    imitation: layoutOf(policy.network),
  };
  const acting = await IbrlActing.compile({
    config: model,
    layouts,
    ...settings,
    batchSize: sizes.rows,
    device,
  });
  const playing = (env: number, manner: Manner) =>
    acting.playing({ actor: networks.theta, critics: networks.criticsAverage, imitation }, env, manner);
  const agent: Agent<IbrlModel> = {
    get steps() {
      return networks.steps;
    },
    update: updateIbrl(networks, settings, model, first, imitation),
    async measure() {
      const { actions, own } = acting.explored;
      return actions > 0 ? { "train/own_actions": own / actions } : {};
    },
    behaviorPolicy(env) {
      if (env === 0) Object.assign(acting.explored, { actions: 0, own: 0 });
      return playing(env, "explore");
    },
    evaluationPolicy: (env) => playing(env, "greedy"),
    model: async () => ({
      config: model,
      network: {
        actor: (await networks.network()) as unknown as Mlp<Parameter>,
        critics: (await networks.targets()) as unknown as IbrlCritics<Parameter>,
        imitation: policy.network,
      },
    }),
    tensors: () => networks.tensors(),
    restore: (tensors, steps) => networks.restore(tensors, steps),
    async [Symbol.asyncDispose]() {
      await networks[Symbol.asyncDispose]();
      await acting[Symbol.asyncDispose]();
    },
  };
  const { eval: _, ...config } = settings;
  const origin = { agent: "ibrl", ...config, hiddenSizes: [...hiddenSizes] };
  const firstPolicy = (env: number) => playing(env, "imitate");
  return new ReplayLearner({ settings, envs, data, context, agent, encoder, origin, firstPolicy });
}
