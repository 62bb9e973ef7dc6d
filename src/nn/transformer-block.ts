/**
 * @file A layer of a transformer: attention among the tokens, attention to a memory, then an MLP of each token.
 * Symbols: B batch, T tokens, S tokens of the memory, E width.
 */
import type { Random } from "../base/index.ts";
import { add, gelu, type Parameter, type Value } from "../tensor/index.ts";
import {
  type Attention,
  initAttention,
  initSmallLinear,
  multiHeadAttention,
  type Tokens,
} from "./attention.ts";
import { initNorm, type Norm, norm } from "./layer-norm.ts";
import { type Dense, linear } from "./linear.ts";

/** Parameters; T is Parameter outside a graph, Value inside. */
export interface TransformerBlock<T> {
  readonly self: Attending<T>;
  /** Missing in a block without a memory. */
  readonly cross?: Attending<T>;
  readonly feedForward: { readonly norm: Norm<T>; readonly first: Dense<T>; readonly second: Dense<T> };
}
interface Attending<T> {
  readonly norm: Norm<T>;
  readonly attention: Attention<T>;
}

/** First values: weights normal with deviation 0.02, biases 0. withMemory: the block attends to a memory, too. */
export function initTransformerBlock(
  width: number,
  withMemory: boolean,
  random: Random,
): TransformerBlock<Parameter> {
  const attending = (name: string) => ({
    norm: initNorm(width),
    attention: initAttention(width, random.split(name)),
  });
  return {
    self: attending("self"),
    ...(withMemory && { cross: attending("cross") }),
    feedForward: {
      norm: initNorm(width),
      first: initSmallLinear(width, 4 * width, random.split("feedForward.first")),
      second: initSmallLinear(4 * width, width, random.split("feedForward.second")),
    },
  };
}

/** Inputs of a block beside its tokens. */
export interface AttentionInputs {
  readonly heads: number;
  /** Added to the scores among the tokens; broadcasts to (B, heads, T, T). */
  readonly mask?: Value;
  /** (B, S, E), for a block that has `cross`. */
  readonly memory?: Tokens;
  /** Added to the scores between tokens and memory; broadcasts to (B, heads, T, S). */
  readonly memoryMask?: Value;
}

/**
 * x: (B, T, E)   returns: (B, T, E)
 * Source: Vaswani et al. 2017, arXiv:1706.03762, normalised before each part as torch.nn.TransformerDecoderLayer with
 * norm_first and GELU. Differs: no dropout.
 */
export function transformerBlock(
  { self, cross, feedForward }: TransformerBlock<Value>,
  x: Value,
  { heads, mask, memory, memoryMask }: AttentionInputs,
): Value {
  const own = norm(self.norm, x);
  let y = add(
    x,
    multiHeadAttention(self.attention, heads, own, (map) => map(own), mask),
  );
  if (cross !== undefined && memory !== undefined)
    y = add(y, multiHeadAttention(cross.attention, heads, norm(cross.norm, y), memory, memoryMask));
  const { first, second } = feedForward;
  return add(y, linear(second, gelu(linear(first, norm(feedForward.norm, y)))));
}
