/**
 * @file Dropout by masks that enter a graph as an input: whoever draws them decides everything, so a training that goes on
 * from a checkpoint drops the same numbers. Symbols: M numbers of all masks of a network together.
 */
import { type Random, UserError } from "../base/index.ts";
import { mul, reshape, sizeOf, slice, type Value } from "../tensor/index.ts";

/** A map that drops some of the numbers it is given. Each call takes a mask of its own. */
export type Dropout = (x: Value) => Value;

/** Drops nothing: evaluation. */
export const noDropout: Dropout = (x) => x;

/** Dropout by `masks`, (M,), of which each call takes the next part. Throws UserError when they are used up. */
export function dropoutBy(masks: Value): Dropout {
  let used = 0;
  return (x) => {
    const begin = used;
    used += sizeOf(x.shape);
    if (used > masks.shape[0])
      throw new UserError(`Dropout needs more numbers than the ${masks.shape[0]} of its masks.`);
    return mul(x, reshape(slice(masks, 0, begin, used), x.shape));
  };
}

/** Numbers of the masks that `network` takes, M. network: traces it with the dropout it is given */
export function countDropout(network: (dropout: Dropout) => unknown): number {
  let numbers = 0;
  network((x) => {
    numbers += sizeOf(x.shape);
    return x;
  });
  return numbers;
}

/**
 * Draws masks: 0 with probability `rate`, else 1 / (1 - rate), so that the mean stays.   masks: (M,)   rate: 0 to 1, not 1
 * Source: Srivastava et al. 2014, with the scale in training, as torch.nn.Dropout.
 */
export function fillDropout(masks: Float32Array, rate: number, random: Random): void {
  random.fillUniform(masks);
  const kept = 1 / (1 - rate);
  for (let i = 0; i < masks.length; i++) masks[i] = masks[i] < rate ? 0 : kept;
}
