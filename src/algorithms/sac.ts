/**
 * @file Soft actor-critic: what collects the mixed, sub-optimal data that planners are pre-trained on. Its replay, kept in
 * order of collection, begins with chance and ends with what the agent learned.
 * Symbols: B batch, N tasks, O observation size, A action size, C numbers that tell tasks apart (N, or 0 of a single task).
 * Source: Haarnoja et al. 2018, arXiv:1812.05905, as in CleanRL sac_continuous_action.py (vwxyzjn/cleanrl, 004f8a0).
 */
import { join } from "node:path";
import { z } from "zod";
import { mean as average, Random, refuseRepeated, type StoredTensors, UserError } from "../base/index.ts";
import { Dataset, DatasetWriter, findManifest, type Origin } from "../data/index.ts";
import { type CpuDevice, cpu } from "../devices/index.ts";
import { createTrainer, initMlp, type Mlp, mlp } from "../nn/index.ts";
import {
  type EnvPool,
  randomPolicy,
  rolloutMetrics,
  stepsOf,
  successRate,
  trainingRequests,
} from "../rollout/index.ts";
import { type Run, readState, writeState } from "../runs/index.ts";
import {
  add,
  concat,
  exp,
  float32,
  layoutOf,
  matmul,
  mean,
  minimum,
  mul,
  type Parameter,
  reshape,
  slice,
  square,
  stopGradient,
  sub,
  unpack,
  type Value,
} from "../tensor/index.ts";
import { encodedSize, ObservationEncoder } from "./observation-encoder.ts";
import { parse } from "./planner.ts";
import { Replay, type Transitions } from "./replay.ts";
import { ActorPolicy, drawAction } from "./sac-actor.ts";
import { optimizerState, optimizerTensors } from "./training-state.ts";

const count = () => z.int().positive();
const rate = () => z.number().positive();

export const SacConfig = z.strictObject({
  envSteps: count()
    .default(1_000_000)
    .describe("environment steps of an agent's training, all its tasks together"),
  episodes: count().default(1).describe("episodes of each task from one round of updates to the next"),
  learningStarts: z
    .int()
    .nonnegative()
    .default(10_000)
    .describe("environment steps in which actions are uniformly random (garage)"),
  utdRatio: rate().default(1).describe("gradient steps per environment step, after the random ones"),
  batchSize: count().default(256).describe("transitions per gradient step, B"),
  hiddenSizes: z
    .array(count())
    .min(1)
    .readonly()
    .default([256, 256])
    .describe("widths of the hidden layers of all networks"),
  learningRate: rate().default(3e-4).describe("Adam step size of actor and temperature"),
  criticLearningRate: rate().default(1e-3).describe("Adam step size of the critics (CleanRL)"),
  discount: z.number().min(0).max(1).default(0.99).describe("of rewards, per environment step"),
  targetDecay: z
    .number()
    .min(0)
    .max(1)
    .default(0.995)
    .describe("per gradient step, of the averaged critics that value the next state"),
  normalize: z
    .boolean()
    .default(false)
    .describe("whether observations are centred and scaled by those of the random steps"),
  rewardScale: rate().default(1).describe("what rewards are multiplied with"),
  targetEntropy: z
    .number()
    .nullable()
    .default(null)
    .describe("of the actor, which the temperature keeps; null: minus the size of an action"),
  evalEvery: count().default(20_000).describe("environment steps from one evaluation to the next"),
  evalEpisodes: count().default(20).describe("episodes of an evaluation per task, always the same"),
  seed: z.int().nonnegative().default(0).describe("fixes episodes, noise, first weights and batches"),
});
export type SacConfig = Readonly<z.infer<typeof SacConfig>>;

/** What differs where a laptop is to fill a replay in minutes; docs/log.md has the trials. */
export const sacPresets = {
  laptop: {
    envSteps: 100_000,
    episodes: 4,
    learningStarts: 4000,
    batchSize: 128,
    discount: 0.98,
    normalize: true,
    evalEpisodes: 50,
  },
} as const satisfies Record<string, z.input<typeof SacConfig>>;

export interface SacSizes {
  readonly observationSize: number;
  readonly actionSize: number;
  readonly tasks: readonly string[];
}

/** What the actor's optimizer moves. T is Parameter outside a graph, Value inside. */
interface ActorNetwork<T> {
  readonly actor: Mlp<T>;
  /** Logarithm of the temperature alpha of each task. (N,) */
  readonly logTemperature: T;
}
/** Two critics, each from (B, O + C + A) to (B, 1). */
type Critics<T> = readonly [Mlp<T>, Mlp<T>];

/** What the losses are told of a batch, and the noise that actions are drawn with: standard normal, (B, A). */
export interface SacInputs extends Record<keyof Transitions, Value> {
  readonly noise: Value;
}

/** The smaller of what two critics expect. returns: (B,) */
function minQValue([first, second]: Critics<Value>, observations: Value, actions: Value): Value {
  return minimum(qValue(first, observations, actions), qValue(second, observations, actions));
}

function qValue(critic: Mlp<Value>, observations: Value, actions: Value): Value {
  return reshape(mlp(critic, concat([observations, actions], 1), "relu"), [observations.shape[0]]);
}

/** The temperature of each row's task. returns: (B,), or (1,) of a single task */
function temperatureOf(logTemperature: Value, observations: Value, observationSize: number): Value {
  const tasks = logTemperature.shape[0];
  if (tasks === 1) return exp(logTemperature);
  const code = slice(observations, 1, observationSize, observationSize + tasks);
  return exp(reshape(matmul(code, reshape(logTemperature, [tasks, 1])), [observations.shape[0]]));
}

/**
 * How far both critics are off what the reward and the averaged critics say of the next state. returns: ()
 * Source: Haarnoja et al. 2018, Eq. 5 and 6, without the halves, as in CleanRL.
 */
export function criticLoss(
  critics: Critics<Value>,
  { actor, logTemperature }: ActorNetwork<Value>,
  targets: Critics<Value>,
  inputs: SacInputs,
  config: Pick<SacConfig, "discount" | "rewardScale">,
  { observationSize }: Pick<SacSizes, "observationSize">,
): Value {
  const { observations, actions, rewards, nextObservations, continues, noise } = inputs;
  const { action, logProb } = drawAction(actor, nextObservations, noise);
  const temperature = temperatureOf(logTemperature, nextObservations, observationSize);
  const next = sub(minQValue(targets, nextObservations, action), mul(temperature, logProb));
  const target = stopGradient(
    add(mul(config.rewardScale, rewards), mul(mul(config.discount, continues), next)),
  );
  const errorOf = (critic: Mlp<Value>) => mean(square(sub(qValue(critic, observations, actions), target)));
  return add(errorOf(critics[0]), errorOf(critics[1]));
}

/**
 * The actor's loss, Eq. 7 of Haarnoja et al. 2018, and the temperature's, Eq. 18. returns: () each
 * Differs: the temperature learns from the action that the actor learns from, where CleanRL draws another, and at the
 * actor's learning rate, where CleanRL's has the critics'.
 */
export function actorLosses(
  { actor, logTemperature }: ActorNetwork<Value>,
  critics: Critics<Value>,
  { observations, noise }: Pick<SacInputs, "observations" | "noise">,
  config: Pick<SacConfig, "targetEntropy">,
  { observationSize, actionSize }: Pick<SacSizes, "observationSize" | "actionSize">,
): { actor: Value; temperature: Value } {
  const { action, logProb } = drawAction(actor, observations, noise);
  const temperature = temperatureOf(logTemperature, observations, observationSize);
  return {
    actor: mean(sub(mul(stopGradient(temperature), logProb), minQValue(critics, observations, action))),
    temperature: mean(
      mul(mul(-1, temperature), add(stopGradient(logProb), config.targetEntropy ?? -actionSize)),
    ),
  };
}

/** First weights: PyTorch's, and temperatures of 1. */
export function initSac(config: SacConfig, { observationSize, actionSize, tasks }: SacSizes, random: Random) {
  const width = encodedSize(observationSize, tasks);
  const critic = (name: string): Mlp<Parameter> =>
    initMlp([width + actionSize, ...config.hiddenSizes, 1], random.split(name));
  const actor: ActorNetwork<Parameter> = {
    actor: initMlp([width, ...config.hiddenSizes, 2 * actionSize], random.split("actor")),
    logTemperature: { shape: [tasks.length], data: new Float32Array(tasks.length) },
  };
  const critics: Critics<Parameter> = [critic("first critic"), critic("second critic")];
  return { actor, critics };
}

/** Compiles the losses with their gradients. first: the first weights. Holds device memory until disposed. */
export async function createLearner(
  config: SacConfig,
  sizes: SacSizes,
  first: ReturnType<typeof initSac>,
  device: CpuDevice,
) {
  const { batchSize, learningRate, criticLearningRate, targetDecay: emaDecay } = config;
  const { observationSize, actionSize, tasks } = sizes;
  const seen = float32(batchSize, encodedSize(observationSize, tasks));
  const acts = float32(batchSize, actionSize);
  const layouts = { actor: layoutOf(first.actor), critics: layoutOf(first.critics) };
  const actorOf = (theta: Value) => unpack(layouts.actor, theta) as unknown as ActorNetwork<Value>;
  const criticsOf = (theta: Value) => unpack(layouts.critics, theta) as unknown as Critics<Value>;
  const critics = await createTrainer({
    network: first.critics,
    inputs: {
      observations: seen,
      actions: acts,
      rewards: float32(batchSize),
      nextObservations: seen,
      continues: float32(batchSize),
      noise: acts,
      actor: float32(layouts.actor.size),
      targets: float32(layouts.critics.size),
    },
    loss: (network, { actor, targets, ...batch }) =>
      criticLoss(
        network as unknown as Critics<Value>,
        actorOf(actor),
        criticsOf(targets),
        batch,
        config,
        sizes,
      ),
    optimizer: { weightDecay: 0, emaDecay },
    device,
  });
  const actor = await createTrainer({
    network: first.actor,
    inputs: { observations: seen, noise: acts, critics: float32(layouts.critics.size) },
    loss: (network, { critics, ...batch }) => {
      const losses = actorLosses(
        network as unknown as ActorNetwork<Value>,
        criticsOf(critics),
        batch,
        config,
        sizes,
      );
      // Neither has a gradient in what the other is to learn; in value it is the actor's alone.
      return add(losses.actor, sub(losses.temperature, stopGradient(losses.temperature)));
    },
    optimizer: { weightDecay: 0 },
    device,
  });
  const noise = {
    next: new Float32Array(batchSize * actionSize),
    now: new Float32Array(batchSize * actionSize),
  };
  const vectors = {
    actor: actor.theta as Float32Array,
    critics: critics.theta as Float32Array,
    targets: critics.average as Float32Array,
  };
  return {
    layout: layouts.actor,
    /** Actor and logarithms of the temperatures. */
    theta: vectors.actor,
    /** Updates so far. */
    get steps(): number {
      return actor.steps;
    },
    /** One update of the critics, then one of actor and temperature. random: of this update alone */
    async step(batch: Transitions, random: Pick<Random, "fillNormal">) {
      random.fillNormal(noise.next);
      random.fillNormal(noise.now);
      const { actor: theta, targets } = vectors;
      const judged = await critics.step(
        { ...batch, noise: noise.next, actor: theta, targets },
        criticLearningRate,
      );
      const { observations } = batch;
      const acted = await actor.step(
        { observations, noise: noise.now, critics: vectors.critics },
        learningRate,
      );
      return { criticLoss: judged.loss, actorLoss: acted.loss };
    },
    /** Temperature of each task. (N,) */
    async temperatures(): Promise<Float32Array> {
      const { logTemperature } = (await actor.network()) as unknown as ActorNetwork<Parameter>;
      return logTemperature.data.map(Math.exp);
    },
    async tensors(): Promise<StoredTensors> {
      return {
        ...optimizerTensors("actor", await actor.state()),
        ...optimizerTensors("critics", await critics.state()),
      };
    },
    async restore(tensors: StoredTensors, steps: number): Promise<void> {
      await actor.restore(optimizerState("actor", tensors, steps));
      await critics.restore(optimizerState("critics", tensors, steps));
    },
    async [Symbol.asyncDispose](): Promise<void> {
      await actor[Symbol.asyncDispose]();
      await critics[Symbol.asyncDispose]();
    },
  };
}

/** Where a training stands, beside its weights and its replay. */
const Standing = z.strictObject({
  envSteps: z.int(),
  round: z.int(),
  updates: z.int(),
  evaluatedAt: z.int().describe("environment steps at the last evaluation; -1: none yet"),
  episodes: z.int().describe("in the replay"),
  randomEpisodes: z.int().describe("of these, how many were played by chance"),
});

/** Where a run keeps its replay: a data set in order of collection. */
export const replayOf = (runFolder: string): string => join(runFolder, "replay");

/**
 * Trains one agent on the tasks of `stages` and keeps all that it lives through. Goes on from the run's last checkpoint,
 * bit for bit on the processor. Returns false if the run was interrupted, after a checkpoint.
 */
export async function sac(
  input: z.input<typeof SacConfig>,
  pools: readonly EnvPool[],
  run: Run,
  { device = cpu() }: { readonly device?: CpuDevice } = {},
): Promise<boolean> {
  const config = parse(SacConfig, input, "sac");
  const sizes = sizesOf(pools);
  const { tasks } = sizes;
  const random = new Random(config.seed);
  const first = initSac(config, sizes, random.split("weights"));
  await using learner = await createLearner(config, sizes, first, device);
  const batchSize = Math.max(...pools.map((pool) => pool.batchSize));
  const encoder = new ObservationEncoder(sizes.observationSize, tasks);
  const { layout } = learner;
  const { actionSize } = sizes;
  await using actor = await ActorPolicy.compile({ layout, encoder, actionSize, batchSize, device });
  const replay = new Replay(encoder);
  let now: z.infer<typeof Standing> = {
    envSteps: 0,
    round: 0,
    updates: 0,
    evaluatedAt: -1,
    episodes: 0,
    randomEpisodes: 0,
  };
  if (run.last !== undefined) {
    const { tensors, json } = await readState(run.last);
    now = parse(Standing, json, run.last);
    await learner.restore(tensors, now.updates);
  }
  const writer = await openReplay(replayOf(run.folder), replay, now.episodes, {
    agent: "sac",
    ...config,
    hiddenSizes: [...config.hiddenSizes],
  });
  /** Once chance has played, its steps say how observations are seen. */
  const adaptEncoder = () => {
    if (config.normalize) encoder.fit(replay.episodes.slice(0, now.randomEpisodes));
  };
  if (now.randomEpisodes > 0 && now.envSteps >= config.learningStarts) adaptEncoder();
  const batch = replay.emptyBatch(config.batchSize, actionSize);
  /** What a metric's name ends with where there are several tasks. */
  const suffixOf = (task: number) => (tasks.length > 1 ? `/${tasks[task]}` : "");
  const chance = randomPolicy(actionSize);

  const save = async (score?: number) => {
    await writer.flush();
    await run.checkpoint(
      now.envSteps,
      async (folder) => {
        const standing = { ...now, updates: learner.steps, episodes: replay.episodes.length };
        await writeState(folder, await learner.tensors(), standing);
      },
      score === undefined ? {} : { score },
    );
  };

  /** Every task's next episodes, into the replay. */
  const collect = async () => {
    const stream = random.split(`round ${now.round}`);
    const byChance = now.envSteps < config.learningStarts;
    for (const [task, pool] of pools.entries()) {
      const policy = byChance ? chance : actor.playing(learner.theta, task, true);
      const requests = trainingRequests(config.episodes, stream.split(tasks[task]));
      const played = await pool.play(policy, requests, { stopAtSuccess: false });
      for (const episode of played.filter(({ fault }) => fault === undefined)) {
        replay.add(episode);
        if (replay.episodes.length > writer.episodes) await writer.add(episode); // else an interrupted run has written it
      }
      if (replay.episodes.length === 0)
        throw new UserError(
          `${tasks[task]}: the simulator gave up in all of the first ${played.length} episodes: ${played[0].fault}`,
        );
      now = { ...now, envSteps: now.envSteps + stepsOf(played) };
      const metrics = Object.entries(rolloutMetrics(played)).map(([name, value]) => [
        name + suffixOf(task),
        value,
      ]);
      run.log({ env_steps: now.envSteps }, Object.fromEntries(metrics));
    }
    now = { ...now, round: now.round + 1 };
    if (!byChance) return;
    now = { ...now, randomEpisodes: replay.episodes.length };
    if (now.envSteps >= config.learningStarts) adaptEncoder();
  };

  /** Makes the updates that the steps so far call for. */
  const learn = async () => {
    const owed = Math.floor(Math.max(0, now.envSteps - config.learningStarts) * config.utdRatio);
    if (learner.steps >= owed) return;
    let losses = { criticLoss: 0, actorLoss: 0 };
    while (learner.steps < owed) {
      const stream = random.split(`update ${learner.steps}`);
      replay.draw(stream, batch);
      losses = await learner.step(batch, stream);
    }
    const temperatures = await learner.temperatures();
    run.log(
      { env_steps: now.envSteps, grad_steps: learner.steps },
      {
        "train/critic_loss": losses.criticLoss,
        "train/actor_loss": losses.actorLoss,
        "train/temperature": average(temperatures),
      },
    );
  };

  /** Judges the actor's modes on episodes that are always the same. */
  const evaluate = async () => {
    const rates: number[] = [];
    for (const [task, pool] of pools.entries()) {
      const requests = trainingRequests(config.evalEpisodes, random.split(`evaluation ${tasks[task]}`));
      const policy = actor.playing(learner.theta, task, false);
      rates.push(successRate(await pool.play(policy, requests, { stopAtSuccess: true })));
    }
    now = { ...now, evaluatedAt: now.envSteps };
    const each = rates.map((rate, task) => [`eval/success_rate${suffixOf(task)}`, rate]);
    const success = average(rates);
    run.log({ env_steps: now.envSteps }, { ...Object.fromEntries(each), "eval/success_rate": success });
    run.progress(now.envSteps, config.envSteps, { success });
    await save(success);
  };

  for (;;) {
    const over = now.envSteps >= config.envSteps;
    const sinceEvaluation = now.evaluatedAt < 0 ? Number.POSITIVE_INFINITY : now.envSteps - now.evaluatedAt;
    if (sinceEvaluation >= config.evalEvery || (over && sinceEvaluation > 0)) await evaluate();
    if (over) return true;
    if (run.interrupted) {
      if (now.evaluatedAt < now.envSteps) await save();
      return false;
    }
    await collect();
    await learn();
    run.progress(now.envSteps, config.envSteps, {});
  }
}

/** The sizes that all worlds share. Throws UserError if they differ, or a task comes twice. */
function sizesOf(pools: readonly EnvPool[]): SacSizes {
  const [{ observationSize, actionSize }] = pools;
  const tasks = pools.map(({ task }) => task);
  const other = pools.find(
    (pool) => pool.observationSize !== observationSize || pool.actionSize !== actionSize,
  );
  if (other !== undefined)
    throw new UserError(
      `One agent sees and acts in equal sizes everywhere: ${tasks[0]} has ${observationSize} and ${actionSize}, ` +
        `${other.task} ${other.observationSize} and ${other.actionSize}.`,
    );
  refuseRepeated(tasks);
  return { observationSize, actionSize, tasks };
}

/** The data set of a replay, new or as an interrupted run left it, whose first `episodes` are put into `replay`. */
async function openReplay(
  folder: string,
  replay: Replay,
  episodes: number,
  origin: Origin,
): Promise<DatasetWriter> {
  if ((await findManifest(folder)) === undefined) return DatasetWriter.create(folder, origin);
  using dataset = await Dataset.open(folder);
  if (dataset.damage.length > 0)
    throw new UserError(`${dataset.damage[0].reason} Its run cannot go on; start it anew.`);
  for (let i = 0; i < episodes; i++) replay.add(dataset.episode(i));
  return DatasetWriter.append(folder);
}
