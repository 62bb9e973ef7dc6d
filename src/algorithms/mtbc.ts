/**
 * @file MTBC: behavior cloning of all tasks by one network that is told which task it is in.
 * Symbols: B batch, O observation size, A action size, N tasks.
 * No code was published. Definition: the state and a one-hot task id through a multi-layer perceptron of ReLU with a tanh at
 * its end; mean squared error to the data's actions. Loss and update as in CORL any_percent_bc.py (tinkoff-ai/CORL,
 * 6afec90). Differs: observations are scaled to [-1, 1] by their range in the data, as for planners; CORL standardizes them.
 */
import { z } from "zod";
import { sizeOfSpace } from "../base/index.ts";
import type { Mlp } from "../nn/index.ts";
import { float32, int32, mean, reshape, square, sub, type Value } from "../tensor/index.ts";
import { type Offline, offlineSettings } from "./algorithm.ts";
import { gradientLearner } from "./gradient-learner.ts";
import { hiddenSizes, initTaskPolicy, type TaskPolicyModel, taskActions, taskPolicy } from "./task-policy.ts";

export const MtbcConfig = z.strictObject({
  ...offlineSettings({ steps: 1_000_000, batchSize: 256 }),
  hiddenSizes: hiddenSizes().default([512, 512, 512, 512]).describe("widths of the hidden layers"),
  learningRate: z.number().positive().default(3e-4).describe("Adam step size"),
});
export type MtbcConfig = Readonly<z.infer<typeof MtbcConfig>>;

/** Settings with which a laptop learns ten tasks in minutes. */
const mtbcPresets = {
  laptop: { steps: 20_000, hiddenSizes: [256, 256, 256], learningRate: 1e-3 },
} as const satisfies Record<string, z.input<typeof MtbcConfig>>;

export type MtbcModel = TaskPolicyModel;

/** Mean squared error over rows and dimensions.   observation: (B, 1, O)   action: (B, 1, A)   task: (B, 1)   returns: () */
export function mtbcLoss(
  config: MtbcModel["config"],
  network: Mlp<Value>,
  { observation, action, task }: Readonly<Record<"observation" | "action" | "task", Value>>,
): Value {
  const [rows] = task.shape;
  const predicted = taskActions(config, network, reshape(observation, [rows, -1]), task);
  return mean(square(sub(predicted, reshape(action, [rows, -1]))));
}

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
  policy: taskPolicy({ format: "sodp mtbc", version: 1, noun: "policy" }),
  reads: () => ({ transitions: { columns } }),
  start({ batchSize, hiddenSizes, learningRate }, { transitions }, { random, device }) {
    const { spaces, tasks, observationRange: normalizer } = transitions.train;
    const { config, network } = initTaskPolicy(
      { spaces, tasks, hiddenSizes, normalizer },
      random.split("weights"),
    );
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
