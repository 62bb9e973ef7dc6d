/**
 * @file Policies of one network for several tasks, which is told which of them it is in: the state and a one-hot task id
 * through a multi-layer perceptron of ReLU with a tanh at its end.
 * Symbols: B batch, O observation size, A action size, N tasks.
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
import { type ModelFormat, Normalizer, normalize } from "../policies/index.ts";
import { observationsOf } from "../rollout/index.ts";
import {
  compile,
  concat,
  flatten,
  float32,
  int32,
  layoutOf,
  type Parameter,
  tanh,
  unpack,
  type Value,
} from "../tensor/index.ts";
import type { PolicyKind } from "./algorithm.ts";
import { exportOneStep } from "./export-one-step.ts";
import { oneHot, taskId } from "./task-ids.ts";

/** Widths of hidden layers, in a configuration. */
export const hiddenSizes = () => z.array(countTo(mostUnits)).min(1).max(mostLayers).readonly();

/** The learned policy, as plain data. */
export interface TaskPolicyModel {
  readonly config: Readonly<z.infer<typeof TaskPolicyConfig>>;
  readonly network: Mlp<Parameter>;
}
/** All that is stored beside the weights. */
export const TaskPolicyConfig = z.strictObject({
  spaces: spacesSchema,
  tasks: z.array(z.string()).min(1).readonly().describe("names, in the order of the ids"),
  hiddenSizes: hiddenSizes(),
  normalizer: Normalizer.describe("of observations"),
});

/** First weights: PyTorch's. */
export function initTaskPolicy(config: TaskPolicyModel["config"], random: Random): TaskPolicyModel {
  const { spaces, tasks, hiddenSizes } = config;
  const seen = sizeOfSpace(spaces.observation) + tasks.length;
  return { config, network: initMlp([seen, ...hiddenSizes, sizeOfSpace(spaces.action)], random) };
}

/** observations: (B, O), raw   ids: int32, (B,) or (B, 1)   returns: (B, A) in [-1, 1] */
export function taskActions(
  { normalizer, tasks: { length: count } }: Pick<TaskPolicyModel["config"], "normalizer" | "tasks">,
  network: Mlp<Value>,
  observations: Value,
  ids: Value,
): Value {
  return tanh(mlp(network, concat([normalize(normalizer, observations), oneHot(ids, count)], 1), "relu"));
}

/** Such policies under a format of their own. */
export function taskPolicy(kind: ModelFormat): PolicyKind<TaskPolicyModel> {
  const Stored = z.strictObject({
    format: z.literal(kind.format),
    version: z.literal(kind.version),
    policy: TaskPolicyConfig,
  });
  const policy: PolicyKind<TaskPolicyModel> = {
    format: kind.format,
    save: ({ config, network }, folder) => saveModel(kind, folder, { policy: config }, network),
    async load(folder) {
      const { path, document, fill } = await readModel(kind, folder);
      const { policy: config } = parse(Stored, document, path);
      return { config, network: fill(initTaskPolicy(config, new Random(0)).network) };
    },
    describe({ config, network }) {
      const { spaces, tasks } = config;
      const { size: parameters } = layoutOf(network);
      return { spaces, tasks, nObsSteps: 1, nActionSteps: 1, parameters, config };
    },
    compile: compileTaskPolicy,
    export(model, path, options) {
      const { network, config } = model;
      const { tasks, normalizer: range } = config;
      const act = (layers: Mlp<Value>, observations: Value, ids: Value) =>
        taskActions(config, layers, observations, ids);
      return exportOneStep({ kind: policy, model, network, tasks, range, act }, path, options);
    },
  };
  return policy;
}

const compileTaskPolicy: PolicyKind<TaskPolicyModel>["compile"] = async (
  { config, network },
  { env, batchSize, device },
) => {
  requireSameSpaces("The policy", config.spaces, env.task, env.spaces);
  const layout = layoutOf(network);
  const theta = new Float32Array(layout.size);
  flatten(network, theta);
  const [size, actionSize] = [config.spaces.observation, config.spaces.action].map(sizeOfSpace);
  const program = await compile(
    { theta: float32(layout.size), observations: float32(batchSize, size), ids: int32(batchSize) },
    (inputs) => ({
      actions: taskActions(
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
};
