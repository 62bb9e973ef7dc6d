/**
 * @file What learns from data by the gradient of one loss in one network: most offline algorithms.
 * Symbols: B batch, P parameters.
 */
import type { z } from "zod";
import type { Random } from "../base/index.ts";
import {
  type AdamWConfig,
  countDropout,
  createTrainer,
  type Dropout,
  dropoutBy,
  fillDropout,
  type LearningRateSchedule,
  noDropout,
} from "../nn/index.ts";
import {
  compile,
  type Device,
  type DeviceArray,
  float32,
  input,
  layoutOf,
  type Mapped,
  type Numbers,
  type Parameter,
  type Spec,
  unpack,
  type Value,
} from "../tensor/index.ts";
import type { OfflineLearner } from "./algorithm.ts";
import { optimizerState, optimizerTensors } from "./training-state.ts";

/** Rows that the held-out loss is computed on. */
export const heldOutRows = 256;

export interface GradientLearnerOptions<Network, Inputs extends string, Source, Batch, Model> {
  /** First values, a tree of Parameter. */
  readonly network: Network;
  /** Prefix of the names of its tensors in checkpoints. */
  readonly name: string;
  /** Inputs of the loss, of `rows` rows. */
  inputs(rows: number): Readonly<Record<Inputs, Spec>>;
  /** The scalar to minimize. dropout: drops nothing on held-out rows */
  loss(network: Mapped<Network, Value>, inputs: Readonly<Record<Inputs, Value>>, dropout: Dropout): Value;
  /** Share of the numbers given to the loss's `dropout` that is dropped. Default: 0. */
  readonly dropoutRate?: number;
  /** Data that is learned from, and data that never is. */
  readonly data: { readonly train: Source; readonly heldOut?: Source | undefined };
  /** Arrays to be filled with `rows` rows, and filling them. */
  emptyBatch(rows: number): Batch;
  /** step: that the rows are for, from 0; none for held-out rows */
  draw(source: Source, random: Random, batch: Batch, step?: number): void | Promise<void>;
  /** Model with these weights. */
  model(network: Mapped<Network, Parameter>): Model;
  readonly batchSize: number;
  readonly optimizer: z.input<typeof AdamWConfig>;
  readonly learningRate: number;
  /** Factor of the learning rate. Default: 1. */
  readonly schedule?: LearningRateSchedule;
  /** Decay of the averaged weights at a step, from 0. Default: the optimizer's. */
  readonly emaDecay?: (step: number) => number;
  /** Of the held-out rows alone, or of those that stand in for them in warnings. */
  readonly random: Random;
  readonly device: Device;
  /** Warnings about the data, from the held-out rows. */
  warnings?(batch: Batch): readonly string[];
}

/** Compiles the loss with its gradient, and the loss on held-out rows. */
export async function gradientLearner<
  Network,
  Inputs extends string,
  Source,
  Batch extends Readonly<Record<Inputs, Numbers>>,
  Model,
>(options: GradientLearnerOptions<Network, Inputs, Source, Batch, Model>): Promise<OfflineLearner<Model>> {
  const { network, name, batchSize, learningRate, schedule = () => 1, data, device } = options;
  const masks = dropoutMasks(options);
  const trainer = await createTrainer({
    network,
    inputs: {
      ...options.inputs(batchSize),
      ...(masks && { dropout: float32(masks.length) }),
    } as Readonly<Record<Inputs | "dropout", Spec>>,
    loss: (traced: Mapped<Network, Value>, inputs: Readonly<Record<Inputs | "dropout", Value>>) =>
      options.loss(traced, inputs, masks ? dropoutBy(inputs.dropout) : noDropout),
    optimizer: options.optimizer,
    device,
  });
  const rows = options.emptyBatch(heldOutRows);
  await options.draw(data.heldOut ?? data.train, options.random, rows);
  const heldOut = data.heldOut === undefined ? undefined : await heldOutLoss(options, rows);
  const batch = options.emptyBatch(batchSize);
  return {
    warnings: [
      ...(heldOut === undefined ? ["Nothing is held out of so few episodes: there is no eval/loss."] : []),
      ...(options.warnings?.(rows) ?? []),
    ],
    async step(random) {
      await options.draw(data.train, random, batch, trainer.steps);
      if (masks) fillDropout(masks, options.dropoutRate ?? 0, random.split("dropout"));
      const inputs = { ...batch, ...(masks && { dropout: masks }) } as Batch & {
        readonly dropout: Float32Array;
      };
      const { steps } = trainer;
      const { loss, gradientNorm } = await trainer.step(
        inputs,
        learningRate * schedule(steps),
        options.emaDecay?.(steps),
      );
      return { "train/loss": loss, "train/gradient_norm": gradientNorm };
    },
    evaluate: async () => (heldOut === undefined ? {} : { "eval/loss": await heldOut.loss(trainer.average) }),
    model: async () => options.model(await trainer.network("average")),
    state: async () => ({ tensors: optimizerTensors(name, await trainer.state()), json: {} }),
    async restore({ tensors, json }) {
      await trainer.restore(optimizerState(name, tensors, json.steps as number));
    },
    async [Symbol.asyncDispose]() {
      await heldOut?.dispose();
      await trainer[Symbol.asyncDispose]();
    },
  };
}

/** Masks of a step's dropout, to be drawn; undefined where nothing is dropped. */
export function dropoutMasks<Network, Inputs extends string>({
  network,
  inputs,
  loss,
  batchSize,
  dropoutRate = 0,
}: Pick<
  GradientLearnerOptions<Network, Inputs, unknown, unknown, unknown>,
  "network" | "inputs" | "loss" | "batchSize" | "dropoutRate"
>): Float32Array | undefined {
  if (dropoutRate === 0) return undefined;
  const layout = layoutOf(network);
  const traced = unpack(layout, input("theta", float32(layout.size)));
  const values = Object.entries<Spec>(inputs(batchSize)).map(([name, spec]) => [name, input(name, spec)]);
  return new Float32Array(
    countDropout((dropout) => loss(traced as never, Object.fromEntries(values), dropout)),
  );
}

/** The loss on rows that are never learned from: always the same ones, with the same noise. */
async function heldOutLoss<
  Network,
  Inputs extends string,
  Source,
  Batch extends Readonly<Record<Inputs, Numbers>>,
  Model,
>(options: GradientLearnerOptions<Network, Inputs, Source, Batch, Model>, batch: Batch) {
  const layout = layoutOf(options.network);
  const program = await compile(
    { ...options.inputs(heldOutRows), theta: float32(layout.size) } as never,
    ({ theta, ...inputs }: Readonly<Record<string, Value>>) => ({
      loss: options.loss(unpack(layout, theta) as never, inputs as never, noDropout),
    }),
    { device: options.device },
  );
  return {
    async loss(theta: Float32Array | DeviceArray): Promise<number> {
      return (await program.run({ ...batch, theta } as never)).loss[0];
    },
    dispose: () => program[Symbol.asyncDispose](),
  };
}
