/**
 * @file Our HarmoDT of the bench, at its published size, and its weights and batches as files. Weights are named by our paths,
 * a task's mask of each by "mask." before its name, as torch_harmodt.py knows them. Dropout is 0 on both sides.
 */
import { lossInputs, sequenceLoss } from "../../src/algorithms/decision-transformer/batch.ts";
import { drawMask, trainingMask } from "../../src/algorithms/decision-transformer/masks.ts";
import {
  initSequenceModel,
  type SequenceModelConfig,
} from "../../src/algorithms/decision-transformer/model.ts";
import type { DecisionTransformer } from "../../src/algorithms/decision-transformer/network.ts";
import { Random, type StoredTensor, type StoredTensors, vectorSpaces } from "../../src/base/index.ts";
import { createMaskedTrainer } from "../../src/nn/index.ts";
import {
  type Device,
  layoutOf,
  leavesOf,
  mapTree,
  type Numbers,
  type Parameter,
  sizeOf,
  type Value,
} from "../../src/tensor/index.ts";
import { harmodt, sizes } from "./cases.ts";

const { observationSize, actionSize } = sizes;

/** Of one task, whose observations come standardized and whose returns come scaled. */
const configOf = (width: number): SequenceModelConfig => {
  const zeros = (count: number) => new Array<number>(count).fill(0);
  const { promptSteps, ...own } = harmodt;
  return {
    ...own,
    spaces: vectorSpaces(observationSize, actionSize),
    tasks: ["task"],
    isTold: false,
    width,
    returnScale: 1,
    targetReturns: [0],
    standardization: [{ mean: zeros(observationSize), std: zeros(observationSize).fill(1) }],
    prompts: [
      {
        observation: zeros(promptSteps * observationSize),
        action: zeros(promptSteps * actionSize),
        returnToGo: zeros(promptSteps),
        step: zeros(promptSteps),
        mask: zeros(promptSteps),
      },
    ],
  };
};

/** First weights and a mask, as a file's content. */
export function firstWeights(width: number): StoredTensors {
  const { network } = initSequenceModel(configOf(width), new Random(0));
  const layout = layoutOf(network);
  const mask = drawMask(layout, 0.8, new Random(1));
  const masks = layout.entries.map(({ path, shape, offset }): [string, StoredTensor] => {
    const data = Float32Array.from({ length: sizeOf(shape) }, (_, i) => {
      const at = offset + i;
      return (mask[at >> 3] >> (at & 7)) & 1;
    });
    return [`mask.${path}`, { dtype: "F32", shape, data }];
  });
  const weights = leavesOf<Parameter>(network).map(
    ({ path, leaf: { shape, data } }): [string, StoredTensor] => [path, { dtype: "F32", shape, data }],
  );
  return Object.fromEntries([...weights, ...masks]);
}

/** Histories of which the last rows end with padding, as a file's content. */
export function firstBatch(rows: number): StoredTensors {
  const random = new Random(2);
  const specs = Object.entries(lossInputs(configOf(harmodt.heads), rows));
  return Object.fromEntries(
    specs.map(([name, { shape, dtype }]): [string, StoredTensor] => {
      const size = sizeOf(shape);
      if (name === "task") return [name, { dtype: "I32", shape, data: new Int32Array(size) }];
      if (dtype === "int32") {
        const data = Int32Array.from({ length: size }, (_, i) => i % shape[1]);
        return [name, { dtype: "I32", shape, data }];
      }
      const real = (i: number) => Number(name.startsWith("prompt.") || i < size - shape[1] / 2);
      const data = name.endsWith("mask")
        ? Float32Array.from({ length: size }, (_, i) => real(i))
        : random.fillNormal(new Float32Array(size));
      return [name, { dtype: "F32", shape, data }];
    }),
  );
}

/** Compiles a step on `batch`, both of them a file's content. The function makes one, and returns its loss. */
export async function loadHarmodt(
  width: number,
  weights: StoredTensors,
  batch: StoredTensors,
  device: Device,
): Promise<() => Promise<number>> {
  const config = configOf(width);
  const form = initSequenceModel(config, new Random(0)).network;
  const network = mapTree(form, ({ shape }, path) => ({ shape, data: weights[path].data as Float32Array }));
  const layout = layoutOf(form);
  const bits = new Uint8Array(Math.ceil(layout.size / 8));
  for (const { path, offset, shape } of layout.entries) {
    const { data } = weights[`mask.${path}`];
    for (let i = 0; i < sizeOf(shape); i++) bits[(offset + i) >> 3] |= Number(data[i]) << ((offset + i) & 7);
  }
  const trainer = await createMaskedTrainer<DecisionTransformer<Parameter>, string>({
    network: network as DecisionTransformer<Parameter>,
    inputs: lossInputs(config, batch.task.shape[0]),
    loss: (layers, inputs) => sequenceLoss(config, layers as DecisionTransformer<Value>, inputs),
    optimizer: { weightDecay: 1e-4, maxGradientNorm: 0.25 },
    device,
  });
  const mask = trainingMask(layout, bits);
  const numbers = Object.fromEntries(
    Object.entries(batch).map(([name, { data }]) => [name, data as Numbers]),
  );
  return async () => (await trainer.step(numbers, 1e-4, mask)).loss;
}
