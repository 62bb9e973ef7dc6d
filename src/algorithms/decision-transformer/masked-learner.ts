/**
 * @file The learner of HarmoDT: task after task, each by its own parameters; masks are updated now and then by what a fresh batch
 * of every task would change. Symbols: P parameters.
 */
import { mean, type Random, UserError } from "../../base/index.ts";
import { createMaskedTrainer, dropoutBy, fillDropout, noDropout } from "../../nn/index.ts";
import {
  compile,
  type Device,
  float32,
  layoutOf,
  type Numbers,
  type Parameter,
  unpack,
  type Value,
} from "../../tensor/index.ts";
import type { Data, LearnerState, OfflineLearner, OfflineSettings } from "../algorithm.ts";
import { dropoutMasks, heldOutRows } from "../gradient-learner.ts";
import { optimizerState, optimizerTensors } from "../training-state.ts";
import { lossInputs, promptedBatches, type SequenceBatch, sequenceLoss } from "./batch.ts";
import { drawMask, type Importance, swapCount, trainingMask, updateMasks } from "./masks.ts";
import type { SequenceModel, SequenceModelConfig } from "./model.ts";
import type { DecisionTransformer } from "./network.ts";
import { masksOf, masksTensor } from "./policy.ts";
import { maxGradientNorm, warmUp } from "./settings.ts";
import { learnableTasks, type PromptReadings } from "./windows.ts";

export interface MaskedSettings extends OfflineSettings {
  readonly dropout: number;
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly warmupSteps: number;
  readonly density: number;
  readonly importance: Importance;
  readonly maskInterval: number;
  readonly maskUpdate: "meant" | "published";
}

interface Given {
  readonly settings: MaskedSettings;
  readonly data: Data<PromptReadings>;
  readonly random: Random;
  readonly device: Device;
}

/** Compiles the loss with its gradient, and draws first masks. */
export async function maskedLearner(
  { config, network }: SequenceModel,
  { settings, data, random, device }: Given,
): Promise<OfflineLearner<SequenceModel>> {
  const { batchSize, dropout, learningRate, weightDecay, maskInterval, importance, steps } = settings;
  const batches = promptedBatches(data, config);
  const { tasks } = batches;
  const inputs = (rows: number) => lossInputs(config, rows);
  const loss = (
    layers: DecisionTransformer<Value>,
    values: Readonly<Record<string, Value>>,
    drop = noDropout,
  ) => sequenceLoss(config, layers, values, drop);
  const dropped = dropoutMasks({ network, inputs, loss: loss as never, batchSize, dropoutRate: dropout });
  const trainer = await createMaskedTrainer<DecisionTransformer<Parameter>, string>({
    network,
    inputs: { ...inputs(batchSize), ...(dropped && { dropout: float32(dropped.length) }) },
    loss: (layers, values) =>
      loss(layers as DecisionTransformer<Value>, values, dropped ? dropoutBy(values.dropout) : noDropout),
    optimizer: { weightDecay, maxGradientNorm },
    device,
  });
  const { layout } = trainer;
  const schedule = warmUp(settings.warmupSteps);
  const published = settings.maskUpdate === "published";
  let masks = config.tasks.map((task) => drawMask(layout, settings.density, random.split(`mask ${task}`)));
  let forTraining = masks.map((mask) => trainingMask(layout, mask));
  let swaps = 0;
  const heldOut = await heldOutLoss(config, network, data, random.split("held out"), device);
  const batch = batches.empty(batchSize);

  /** Fills the batch; its dropout is drawn with it. */
  const draw = async (stream: Random, task: number): Promise<Readonly<Record<string, Numbers>>> => {
    await batches.drawTask(stream, batch, task);
    if (dropped) fillDropout(dropped, dropout, stream.split("dropout"));
    return { ...batch, ...(dropped && { dropout: dropped }) };
  };
  const update = async (stream: Random): Promise<void> => {
    const count = swapCount(trainer.steps - 1, steps, published);
    if (importance === "random" || count === 0) return;
    const gradients = new Map<number, Float32Array>();
    for (const task of tasks) {
      const gradient = await trainer.gradient(await draw(stream.split(`${task}`), task), forTraining[task]);
      if (published) hideUnused(gradient, forTraining[task]);
      gradients.set(task, gradient);
    }
    updateMasks(masks, { theta: trainer.theta, gradients, count, importance, published });
    forTraining = masks.map((mask) => trainingMask(layout, mask));
    swaps += count;
  };
  return {
    warnings: heldOut === undefined ? ["Nothing is held out of so few episodes: there is no eval/loss."] : [],
    async step(stream) {
      const task = tasks[trainer.steps % tasks.length];
      const rate = learningRate * schedule(trainer.steps);
      const { loss: value, gradientNorm } = await trainer.step(
        await draw(stream, task),
        rate,
        forTraining[task],
      );
      if (trainer.steps % maskInterval === 0) await update(stream.split("masks"));
      return { "train/loss": value, "train/gradient_norm": gradientNorm, "train/mask_swaps": swaps };
    },
    evaluate: async () =>
      heldOut === undefined ? {} : { "eval/loss": await heldOut.loss(trainer.theta, forTraining) },
    model: async () => ({
      config,
      network: trainer.network() as DecisionTransformer<Parameter>,
      masks: masks.map((mask) => mask.slice()),
    }),
    state: async () => ({
      tensors: { ...optimizerTensors("harmodt", trainer.state()), "harmodt.masks": masksTensor(masks) },
      json: { swaps },
    }),
    async restore({ tensors, json }: LearnerState) {
      const stored = masksOf(tensors["harmodt.masks"], masks.length, layout.size);
      if (stored === undefined) throw new UserError("The training state has no masks that fit this network.");
      trainer.restore(optimizerState("harmodt", tensors, json.steps as number));
      masks = stored;
      forTraining = masks.map((mask) => trainingMask(layout, mask));
      swaps = json.swaps as number;
    },
    async [Symbol.asyncDispose]() {
      await heldOut?.[Symbol.asyncDispose]();
      await trainer[Symbol.asyncDispose]();
    },
  };
}

/** Sets what a task does not use to 0. mask: as trainers take it */
function hideUnused(gradient: Float32Array, mask: Uint8Array): void {
  for (let i = 0; i < gradient.length; i++) if (((mask[i >> 2] >> (i & 3)) & 1) === 0) gradient[i] = 0;
}

/** The loss on episodes that are never learned from, mean over the tasks that have any; undefined if none has. */
async function heldOutLoss(
  config: SequenceModelConfig,
  network: DecisionTransformer<Parameter>,
  data: Data<PromptReadings>,
  random: Random,
  device: Device,
) {
  const source = data.histories.heldOut;
  const tasks = source === undefined ? [] : learnableTasks(source);
  if (source === undefined || tasks.length === 0) return undefined;
  const rows = Math.max(1, Math.round(heldOutRows / tasks.length));
  const { drawAs, empty } = promptedBatches(data, config);
  const drawn: SequenceBatch[] = [];
  for (const task of tasks) {
    const batch = empty(rows);
    await drawAs(source, random.split(config.tasks[task]), batch, task);
    drawn.push(batch);
  }
  const layout = layoutOf(network);
  const program = await compile(
    { ...lossInputs(config, rows), theta: float32(layout.size) },
    ({ theta, ...inputs }) => ({ loss: sequenceLoss(config, unpack(layout, theta) as never, inputs) }),
    { device },
  );
  return {
    /** masks: of each task, as trainers take them */
    async loss(theta: Float32Array, masks: readonly Uint8Array[]): Promise<number> {
      const losses: number[] = [];
      for (const [i, task] of tasks.entries()) {
        const own = theta.slice();
        hideUnused(own, masks[task]);
        losses.push((await program.run({ ...drawn[i], theta: own })).loss[0]);
      }
      return mean(losses);
    },
    [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
  };
}
