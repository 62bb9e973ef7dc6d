/**
 * @file Our convolution of the bench, alone on pictures, and its weights and batches as files. Its pictures have a learned
 * offset, so that it passes gradients back as a layer inside a network does.
 */
import { Random, type StoredTensors } from "../../src/base/index.ts";
import { createTrainer, type Dense, initConv2d } from "../../src/nn/index.ts";
import {
  add,
  conv2d,
  type Device,
  float32,
  leavesOf,
  mapTree,
  mean,
  type Parameter,
  type Shape,
  square,
  type Value,
} from "../../src/tensor/index.ts";

/** Pictures of 84 x 84 pixels with 3 colors. */
export const picture: Shape = [84, 84, 3];
/** As in torch_pictures.py. */
const learningRate = 1e-3;

interface Network<T> {
  readonly offset: T;
  readonly conv: Dense<T>;
}

const init = (width: number): Network<Parameter> => ({
  offset: { shape: picture, data: new Float32Array(84 * 84 * 3) },
  conv: initConv2d(3, 3, width, new Random(0)),
});

/** First weights, as a file's content: by their paths, in our layout. */
export function firstWeights(width: number): StoredTensors {
  const tensors = leavesOf<Parameter>(init(width)).map(({ path, leaf: { shape, data } }) => [
    path,
    { dtype: "F32", shape, data },
  ]);
  return Object.fromEntries(tensors);
}

/** Compiles a training step on `batch`, both of them a file's content; the function makes one and returns its loss. */
export async function loadConvolution(
  { width, stride }: { readonly width: number; readonly stride: number },
  weights: StoredTensors,
  { pictures }: StoredTensors,
  device: Device,
): Promise<() => Promise<number>> {
  const trainer = await createTrainer({
    network: mapTree(init(width), ({ shape }, path) => ({ shape, data: weights[path].data as Float32Array })),
    inputs: { pictures: float32(...pictures.shape) },
    loss: (network, { pictures }) => {
      const { offset, conv } = network as Network<Value>;
      return mean(square(conv2d(add(pictures, offset), conv.weight, conv.bias, { stride, padding: 1 })));
    },
    optimizer: { emaDecay: 0.995 },
    device,
  });
  const numbers = { pictures: pictures.data as Float32Array };
  return async () => (await trainer.step(numbers, learningRate)).loss;
}
