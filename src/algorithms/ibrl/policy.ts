/**
 * @file IBRL's policy: of an actor's action and an imitation's, the one that the averaged critics value more.
 * Symbols: B rows, O observation size, A action size, E critics, N tasks, S numbers seen.
 */
import { z } from "zod";
import { countTo, parse, Random, requireSameSpaces, sizeOfSpace, spacesSchema } from "../../base/index.ts";
import { initMlp, type Mlp } from "../../nn/index.ts";
import { readModel, saveModel } from "../../policies/files/index.ts";
import type { Policy, Row } from "../../rollout/index.ts";
import {
  add,
  compile,
  concat,
  constant,
  type Device,
  flatten,
  float32,
  gather,
  int32,
  type Layout,
  layoutOf,
  max,
  neg,
  type Parameter,
  type Program,
  reshape,
  unpack,
  type Value,
  where,
} from "../../tensor/index.ts";
import type { PolicyKind } from "../algorithm.ts";
import { exportOneStep } from "../export-one-step.ts";
import { encodedSize, ObservationScaling, scaledObservations } from "../online/observation-encoder.ts";
import { oneHot, taskId } from "../task-ids.ts";
import { hiddenSizes, initTaskPolicy, TaskPolicyConfig, taskActions } from "../task-policy.ts";
import { prefersActor, withinLimits } from "./losses.ts";
import { actorMean, type IbrlCritics, initCritics, valuesBy } from "./networks.ts";

const mostCritics = 100;
const ModelConfig = z.strictObject({
  spaces: spacesSchema,
  tasks: z.array(z.string()).min(1).readonly().describe("names, in the order of their numbers"),
  hiddenSizes: hiddenSizes(),
  critics: countTo(mostCritics),
  scaling: ObservationScaling,
  imitation: TaskPolicyConfig,
});
export type IbrlModelConfig = Readonly<z.infer<typeof ModelConfig>>;

/** Networks that act. T is Parameter outside a graph, Value inside. */
export interface IbrlNetworks<T> {
  readonly actor: Mlp<T>;
  /** The averaged critics. */
  readonly critics: IbrlCritics<T>;
  /** Behavior cloning, frozen. */
  readonly imitation: Mlp<T>;
}

/** The learned policy, as plain data. */
export interface IbrlModel {
  readonly config: IbrlModelConfig;
  readonly network: IbrlNetworks<Parameter>;
}

/** Draws of acting. */
export interface IbrlDraws {
  /** Noise added to the actor's actions. (B, A) */
  readonly noise: Value;
  /** 1 for critics whose lowest value counts, else 0. (B, E) */
  readonly chosen: Value;
  /** In [0, 1). (B,) */
  readonly uniform: Value;
}

/** Numbers of the imitation's tasks, by those of the policy's. Throws UserError if it has not learned one. */
export const imitationIds = ({
  tasks,
  imitation,
}: Pick<IbrlModelConfig, "tasks" | "imitation">): Int32Array =>
  Int32Array.from(tasks, (task) => taskId(imitation.tasks, task, "The policy that is imitated"));

/** observations: (B, O), raw   ids: int32, (B,)   returns: (B, A) each, and 1 where the actor's was taken, (B,) */
export function ibrlActions(
  config: IbrlModelConfig,
  { actor, critics, imitation }: IbrlNetworks<Value>,
  observations: Value,
  ids: Value,
  { noise, chosen, uniform }: IbrlDraws,
  softBeta: number | null,
): { readonly action: Value; readonly imitated: Value; readonly taken: Value } {
  const { tasks, scaling } = config;
  const [rows] = observations.shape;
  const scaled = scaledObservations(scaling, observations);
  const seen = tasks.length > 1 ? concat([scaled, oneHot(ids, tasks.length)], 1) : scaled;
  const known = imitationIds(config);
  const imitated = taskActions(
    config.imitation,
    imitation,
    observations,
    gather(constant(known, [known.length]), ids),
  );
  const own = withinLimits(add(actorMean(actor, seen), noise));
  const [ofActor, ofImitation] = [own, imitated].map((actions) => {
    const values = valuesBy(critics)(seen, actions).map((q) => reshape(q, [rows, 1]));
    return neg(max(neg(where(chosen, concat(values, 1), 1e30)), { axes: 1 }));
  });
  const taken = prefersActor(ofActor, ofImitation, softBeta, uniform);
  return { action: where(reshape(taken, [rows, 1]), own, imitated), imitated, taken };
}

type Inputs = "actor" | "critics" | "imitation" | "observations" | "ids" | "noise" | "chosen" | "uniform";

/** Weights of each of the networks, as vectors. */
export type IbrlWeights = Readonly<Record<"actor" | "critics" | "imitation", Float32Array>>;

/** Way to play an episode: with draws of noise and critics, by the best of both without any, or by the imitation alone. */
export type Manner = "explore" | "greedy" | "imitate";

export interface IbrlActingOptions {
  readonly config: IbrlModelConfig;
  readonly layouts: Readonly<Record<"actor" | "critics" | "imitation", Layout<unknown>>>;
  /** Deviation of the noise, critics that are drawn, and the softness of the choice, of exploring. */
  readonly noise: number;
  readonly targetCritics: number;
  readonly softBeta: number | null;
  /** The most rows that act at once. */
  readonly batchSize: number;
  readonly device: Device;
}

/** The networks as policies. Holds device memory until disposed. */
export class IbrlActing implements AsyncDisposable {
  /** Actions that were played while exploring, and how many of them were the actor's. */
  readonly explored = { actions: 0, own: 0 };
  readonly #options: IbrlActingOptions;
  readonly #program: Program<Inputs, "action" | "imitated" | "taken">;

  static async compile(options: IbrlActingOptions): Promise<IbrlActing> {
    const { config, layouts, batchSize, softBeta, device } = options;
    const [size, actionSize] = [config.spaces.observation, config.spaces.action].map(sizeOfSpace);
    const program = await compile(
      {
        actor: float32(layouts.actor.size),
        critics: float32(layouts.critics.size),
        imitation: float32(layouts.imitation.size),
        observations: float32(batchSize, size),
        ids: int32(batchSize),
        noise: float32(batchSize, actionSize),
        chosen: float32(batchSize, config.critics),
        uniform: float32(batchSize),
      },
      ({ observations, ids, actor, critics, imitation, ...draws }) => {
        const networks = {
          actor: unpack(layouts.actor, actor),
          critics: unpack(layouts.critics, critics),
          imitation: unpack(layouts.imitation, imitation),
        } as unknown as IbrlNetworks<Value>;
        return ibrlActions(config, networks, observations, ids, draws, softBeta);
      },
      { device },
    );
    return new IbrlActing(options, program);
  }

  private constructor(options: IbrlActingOptions, program: Program<Inputs, "action" | "imitated" | "taken">) {
    this.#options = options;
    this.#program = program;
  }

  /** A policy of these weights in environments of a task. task: its number */
  playing(weights: IbrlWeights, task: number, manner: Manner): Policy {
    return {
      nObsSteps: 1,
      nActionSteps: 1,
      start: () => undefined,
      act: (rows) => this.#act(weights, task, manner, rows),
    };
  }

  async #act(weights: IbrlWeights, task: number, manner: Manner, rows: readonly Row[]) {
    const { config, noise: deviation, targetCritics, batchSize } = this.#options;
    const [size, actionSize] = [config.spaces.observation, config.spaces.action].map(sizeOfSpace);
    const observations = new Float32Array(batchSize * size);
    const noise = new Float32Array(batchSize * actionSize);
    const chosen = new Float32Array(batchSize * config.critics).fill(manner === "explore" ? 0 : 1);
    const uniform = new Float32Array(batchSize).fill(0.5);
    for (const [row, { episode, observations: own }] of rows.entries()) {
      observations.set(own, row * size);
      if (manner !== "explore") continue;
      const { random } = episode;
      const drawn = random.fillNormal(noise.subarray(row * actionSize, (row + 1) * actionSize));
      for (let i = 0; i < actionSize; i++) drawn[i] *= deviation;
      for (const critic of random.permutation(config.critics).subarray(0, targetCritics))
        chosen[row * config.critics + critic] = 1;
      uniform[row] = random.uniform();
    }
    const ids = new Int32Array(batchSize).fill(task);
    const inputs = { ...weights, observations, ids, noise, chosen, uniform };
    const { action, imitated, taken } = await this.#program.run(inputs);
    if (manner === "explore") {
      this.explored.actions += rows.length;
      this.explored.own += taken.subarray(0, rows.length).reduce((sum, each) => sum + each, 0);
    }
    return { actions: (manner === "imitate" ? imitated : action).slice(0, rows.length * actionSize) };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#program[Symbol.asyncDispose]();
  }
}

const kind = { format: "sodp ibrl", version: 1, noun: "policy" } as const;
const Stored = z.strictObject({
  format: z.literal(kind.format),
  version: z.literal(kind.version),
  policy: ModelConfig,
});

export const ibrlPolicy: PolicyKind<IbrlModel> = {
  format: kind.format,
  save: ({ config, network }, folder) => saveModel(kind, folder, { policy: config }, network),
  async load(folder) {
    const { path, document, fill } = await readModel(kind, folder);
    const { policy: config } = parse(Stored, document, path);
    return { config, network: fill(initIbrl(config, new Random(0))) };
  },
  describe({ config, network }) {
    const { spaces, tasks } = config;
    const { size: parameters } = layoutOf(network);
    return { spaces, tasks, nObsSteps: 1, nActionSteps: 1, parameters, config };
  },
  async compile({ config, network }, { env, batchSize, device }) {
    requireSameSpaces("The policy", config.spaces, env.task, env.spaces);
    const task = config.tasks.length === 1 ? 0 : taskId(config.tasks, env.task, "The policy");
    const layouts = {
      actor: layoutOf(network.actor),
      critics: layoutOf(network.critics),
      imitation: layoutOf(network.imitation),
    };
    const vectorOf = (name: keyof typeof layouts) => {
      const vector = new Float32Array(layouts[name].size);
      flatten(network[name], vector);
      return vector;
    };
    const weights = {
      actor: vectorOf("actor"),
      critics: vectorOf("critics"),
      imitation: vectorOf("imitation"),
    };
    const unused = { noise: 0, targetCritics: config.critics, softBeta: null };
    const acting = await IbrlActing.compile({ config, layouts, ...unused, batchSize, device });
    const dispose = () => acting[Symbol.asyncDispose]();
    return { ...acting.playing(weights, task, "greedy"), [Symbol.asyncDispose]: dispose };
  },
  export(model, path, options) {
    const { network, config } = model;
    const { tasks, imitation, spaces } = config;
    const range = imitation.normalizer;
    const act = (networks: IbrlNetworks<Value>, observations: Value, ids: Value) => {
      const [rows] = observations.shape;
      const filled = (value: number, ...shape: number[]) =>
        constant(new Float32Array(shape.reduce((a, b) => a * b)).fill(value), shape);
      const draws = {
        noise: filled(0, rows, sizeOfSpace(spaces.action)),
        chosen: filled(1, rows, config.critics),
        uniform: filled(0.5, rows),
      };
      return ibrlActions(config, networks, observations, ids, draws, null).action;
    };
    return exportOneStep(
      { kind: ibrlPolicy, model, network, tasks, range, act: act as never },
      path,
      options,
    );
  },
};

/** First weights: PyTorch's. Those of the imitation are of no account. */
export function initIbrl(config: IbrlModelConfig, random: Random): IbrlNetworks<Parameter> {
  const { spaces, tasks, hiddenSizes: hidden, critics, imitation } = config;
  const actionSize = sizeOfSpace(spaces.action);
  const seen = encodedSize(sizeOfSpace(spaces.observation), tasks);
  return {
    actor: initMlp([seen, ...hidden, actionSize], random.split("actor")),
    critics: initCritics(critics, seen + actionSize, hidden, random.split("critics")),
    imitation: initTaskPolicy(imitation, random.split("imitation")).network,
  };
}
