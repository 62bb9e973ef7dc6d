/**
 * @file GPT-2 without position embeddings: what decision transformers and MTDiff put their tokens through.
 * Symbols: B batch, T tokens, E width, D = E / heads size of a head.
 * Source: transformers modeling_gpt2.py as in kzl/decision-transformer (e2d82e6), trajectory_gpt2.py. Differs: hidden scores
 * have -1e9 added, of later tokens too; the source replaces those by -1e4 and adds -1e4 for padding. A token that sees any
 * other than padding, itself included, gives both the weight 0 in float32.
 */
import { type Random, UserError } from "../base/index.ts";
import { add, mul, type Parameter, reshape, slice, sub, transpose, type Value } from "../tensor/index.ts";
import { attention, causalMask, hidden, initSmallLinear } from "./attention.ts";
import { type Dropout, noDropout } from "./dropout.ts";
import { initNorm, type Norm, norm } from "./layer-norm.ts";
import { type Dense, linear } from "./linear.ts";
import { type Activation, activations } from "./mlp.ts";

/** A block; T is Parameter outside a graph, Value inside. */
export interface Gpt2Block<T> {
  readonly attention: {
    readonly norm: Norm<T>;
    /** To queries, keys and values of all heads, in this order: (E, 3E). */
    readonly input: Dense<T>;
    readonly out: Dense<T>;
  };
  readonly feedForward: { readonly norm: Norm<T>; readonly first: Dense<T>; readonly second: Dense<T> };
}

/** Blocks, and the normalisation after the last. */
export interface Gpt2<T> {
  readonly blocks: readonly Gpt2Block<T>[];
  readonly norm: Norm<T>;
}

export interface Gpt2Sizes {
  /** Size of a token, E. */
  readonly width: number;
  readonly layers: number;
  /** Size between the two layers of each MLP. */
  readonly innerSize: number;
}

/** First values: weights normal with deviation 0.02, biases 0. */
export function initGpt2({ width, layers, innerSize }: Gpt2Sizes, random: Random): Gpt2<Parameter> {
  const block = (own: Random): Gpt2Block<Parameter> => ({
    attention: {
      norm: initNorm(width),
      input: initSmallLinear(width, 3 * width, own.split("attention.input")),
      out: initSmallLinear(width, width, own.split("attention.out")),
    },
    feedForward: {
      norm: initNorm(width),
      first: initSmallLinear(width, innerSize, own.split("feedForward.first")),
      second: initSmallLinear(innerSize, width, own.split("feedForward.second")),
    },
  });
  return {
    blocks: Array.from({ length: layers }, (_, i) => block(random.split(`blocks.${i}`))),
    norm: initNorm(width),
  };
}

export interface Gpt2Options {
  readonly heads: number;
  /** Between the layers of the MLPs: "relu" of decision transformers, "mish" of MTDiff. */
  readonly activation: Activation;
  /** Added to the scores; broadcasts to (B, heads, T, T). `gpt2Mask` makes the usual one. */
  readonly mask: Value;
  /** Of the tokens, of the attention's weights, and after both parts of a block. Default: none. */
  readonly dropout?: Dropout;
  /** Tokens that are read of the result: of the others the last block computes no more than others see. Default: all. */
  readonly read?: (x: Value) => Value;
}

/** tokens: (B, T, E)   returns: (B, T, E), or those that are read, normalised. Throws UserError if the heads do not divide the width. */
export function gpt2(network: Gpt2<Value>, tokens: Value, options: Gpt2Options): Value {
  const { dropout = noDropout, read, ...rest } = options;
  const last = network.blocks.length - 1;
  const y = network.blocks.reduce(
    (x, block, i) => gpt2Block(block, x, { ...rest, dropout, ...(i === last && read && { read }) }),
    dropout(tokens),
  );
  return norm(network.norm, y);
}

/** One block.   x: (B, T, E)   returns: (B, T, E), or those tokens that are read */
export function gpt2Block(block: Gpt2Block<Value>, x: Value, options: Gpt2Options): Value {
  const { heads, activation, mask, dropout = noDropout, read = (tokens: Value) => tokens } = options;
  const [batch, steps, width] = x.shape;
  if (width % heads !== 0) throw new UserError(`A width of ${width} does not divide into ${heads} heads.`);
  const { attention: attending, feedForward } = block;
  const all = linear(attending.input, norm(attending.norm, x)); // (B, T, 3E)
  const perHead = transpose(reshape(all, [batch, steps, 3, heads, width / heads]), [2, 0, 3, 1, 4]);
  const [queries, keys, values] = [0, 1, 2].map((i) =>
    reshape(slice(perHead, 0, i, i + 1), [batch, heads, steps, width / heads]),
  );
  const seen = transpose(attention(queries, keys, values, mask, dropout), [0, 2, 1, 3]); // (B, T, heads, D)
  const y = add(read(x), dropout(linear(attending.out, read(reshape(seen, x.shape)))));
  const inner = activations[activation](linear(feedForward.first, norm(feedForward.norm, y)));
  return add(y, dropout(linear(feedForward.second, inner)));
}

/** The mask with which each token sees itself and what came before, but no padding.   real: (B, T), 0 for padding, else 1 */
export function gpt2Mask(steps: number, real?: Value): Value {
  const causal = causalMask(steps);
  if (real === undefined) return causal;
  return add(causal, reshape(mul(sub(1, real), hidden), [real.shape[0], 1, 1, steps]));
}
