/**
 * @file MTBC: behavior cloning of all tasks by one network that is told which task it is in.
 * Symbols: B batch, O observation size, A action size, N tasks.
 * No code was published. Definition: the state and a one-hot task id through a multi-layer perceptron of ReLU with a tanh at
 * its end; mean squared error to the data's actions. Loss and update as in CORL any_percent_bc.py (tinkoff-ai/CORL,
 * 6afec90). Differs: observations are scaled to [-1, 1] by their range in the data, as for planners; CORL standardizes them.
 */
import { z } from "zod";
import {
  countTo,
  mostLayers,
  mostUnits,
  parse,
  Random,
  requireSameSpaces,
  sizeOfSpace,
  spacesSchema,
} from "../base/index.ts";
import { initMlp, type Mlp, mlp } from "../nn/index.ts";
import { readModel, saveModel } from "../policies/files/index.ts";
import { Normalizer, normalize } from "../policies/index.ts";
import { observationsOf } from "../rollout/index.ts";
import {
  compile,
  concat,
  flatten,
  float32,
  int32,
  layoutOf,
  mean,
  type Parameter,
  reshape,
  square,
  sub,
  tanh,
  unpack,
  type Value,
} from "../tensor/index.ts";
import { type Offline, offlineSettings, type PolicyKind } from "./algorithm.ts";
import { exportOneStep } from "./export-one-step.ts";
import { gradientLearner } from "./gradient-learner.ts";
import { oneHot, taskId } from "./task-ids.ts";

const sizes = () => z.array(countTo(mostUnits)).min(1).max(mostLayers).readonly();

export const MtbcConfig = z.strictObject({
  ...offlineSettings({ steps: 1_000_000, batchSize: 256 }),
  hiddenSizes: sizes().default([512, 512, 512, 512]).describe("widths of the hidden layers"),
  learningRate: z.number().positive().default(3e-4).describe("Adam step size"),
});
export type MtbcConfig = Readonly<z.infer<typeof MtbcConfig>>;

/** Settings with which a laptop learns ten tasks in minutes. */
const mtbcPresets = {
  laptop: { steps: 20_000, hiddenSizes: [256, 256, 256], learningRate: 1e-3 },
} as const satisfies Record<string, z.input<typeof MtbcConfig>>;

/** The learned policy, as plain data. */
export interface MtbcModel {
  readonly config: Readonly<z.infer<typeof ModelConfig>>;
  readonly network: Mlp<Parameter>;
}
const ModelConfig = z.strictObject({
  spaces: spacesSchema,
  tasks: z.array(z.string()).min(1).readonly().describe("names, in the order of the ids"),
  hiddenSizes: sizes(),
  normalizer: Normalizer.describe("of observations"),
});

/** First weights: PyTorch's. */
export function initMtbc(config: MtbcModel["config"], random: Random): MtbcModel {
  const { spaces, tasks, hiddenSizes } = config;
  const seen = sizeOfSpace(spaces.observation) + tasks.length;
  return { config, network: initMlp([seen, ...hiddenSizes, sizeOfSpace(spaces.action)], random) };
}

/** observations: (B, O), raw   ids: int32, (B,) or (B, 1)   returns: (B, A) in [-1, 1] */
export function mtbcActions(
  { normalizer, tasks: { length: count } }: Pick<MtbcModel["config"], "normalizer" | "tasks">,
  network: Mlp<Value>,
  observations: Value,
  ids: Value,
): Value {
  return tanh(mlp(network, concat([normalize(normalizer, observations), oneHot(ids, count)], 1), "relu"));
}

/** Mean squared error over rows and dimensions.   observation: (B, 1, O)   action: (B, 1, A)   task: (B, 1)   returns: () */
export function mtbcLoss(
  config: MtbcModel["config"],
  network: Mlp<Value>,
  { observation, action, task }: Readonly<Record<"observation" | "action" | "task", Value>>,
): Value {
  const [rows] = task.shape;
  const predicted = mtbcActions(config, network, reshape(observation, [rows, -1]), task);
  return mean(square(sub(predicted, reshape(action, [rows, -1]))));
}

const kind = { format: "sodp mtbc", version: 1, noun: "policy" } as const;
const Stored = z.strictObject({
  format: z.literal(kind.format),
  version: z.literal(kind.version),
  policy: ModelConfig,
});

const mtbcPolicy: PolicyKind<MtbcModel> = {
  format: kind.format,
  save: ({ config, network }, folder) => saveModel(kind, folder, { policy: config }, network),
  async load(folder) {
    const { path, document, fill } = await readModel(kind, folder);
    const { policy: config } = parse(Stored, document, path);
    return { config, network: fill(initMtbc(config, new Random(0)).network) };
  },
  describe({ config, network }) {
    const { spaces, tasks } = config;
    const { size: parameters } = layoutOf(network);
    return { spaces, tasks, nObsSteps: 1, nActionSteps: 1, parameters, config };
  },
  async compile({ config, network }, { env, batchSize, device }) {
    requireSameSpaces("The policy", config.spaces, env.task, env.spaces);
    const layout = layoutOf(network);
    const theta = new Float32Array(layout.size);
    flatten(network, theta);
    const [size, actionSize] = [config.spaces.observation, config.spaces.action].map(sizeOfSpace);
    const program = await compile(
      { theta: float32(layout.size), observations: float32(batchSize, size), ids: int32(batchSize) },
      (inputs) => ({
        actions: mtbcActions(
          config,
          unpack(layout, inputs.theta) as Mlp<Value>,
          inputs.observations,
          inputs.ids,
        ),
      }),
      { device },
    );
    const ids = new Int32Array(batchSize).fill(taskId(config.tasks, env.task, "The policy"));
    return {
      nObsSteps: 1,
      nActionSteps: 1,
      start: () => undefined,
      async act(rows) {
        const observations = new Float32Array(batchSize * size);
        observations.set(observationsOf(rows));
        const { actions } = await program.run({ theta, observations, ids });
        return { actions: actions.slice(0, rows.length * actionSize) };
      },
      [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
    };
  },
  export(model, path, options) {
    const { network, config } = model;
    const { tasks, normalizer: range } = config;
    const act = (layers: Mlp<Value>, observations: Value, ids: Value) =>
      mtbcActions(config, layers, observations, ids);
    return exportOneStep({ kind: mtbcPolicy, model, network, tasks, range, act }, path, options);
  },
};

const columns = { observation: [0], action: [0], task: [0] };

export const mtbc: Offline<
  MtbcConfig,
  MtbcModel,
  { readonly transitions: { readonly columns: typeof columns } }
> = {
  kind: "offline",
  name: "mtbc",
  summary: "Behavior cloning of all tasks by one network that is told which task it is in.",
  config: MtbcConfig,
  presets: mtbcPresets,
  metrics: ["train/loss", "train/gradient_norm", "eval/loss"],
  policy: mtbcPolicy,
  reads: () => ({ transitions: { columns } }),
  start({ batchSize, hiddenSizes, learningRate }, { transitions }, { random, device }) {
    const { spaces, tasks, observationRange: normalizer } = transitions.train;
    const { config, network } = initMtbc({ spaces, tasks, hiddenSizes, normalizer }, random.split("weights"));
    return gradientLearner({
      name: "mtbc",
      network,
      inputs: (rows) => ({
        observation: float32(rows, 1, sizeOfSpace(spaces.observation)),
        action: float32(rows, 1, sizeOfSpace(spaces.action)),
        task: int32(rows, 1),
      }),
      loss: (layers, batch) => mtbcLoss(config, layers, batch),
      data: transitions,
      emptyBatch: (rows) => transitions.train.emptyBatch(rows),
      draw: (sampler, stream, batch) => sampler.sample(stream, batch),
      model: (layers) => ({ config, network: layers }),
      batchSize,
      optimizer: { weightDecay: 0 },
      learningRate,
      random: random.split("held out"),
      device,
    });
  },
};
