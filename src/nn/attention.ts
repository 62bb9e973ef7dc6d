/**
 * @file Attention: each query takes a mean of values, weighted by how well their keys fit.
 * Symbols: B batch, T queries, S keys, D size of a head, E width (all heads side by side).
 */
import { type Random, UserError } from "../base/index.ts";
import {
  add,
  constant,
  matmul,
  mul,
  type Parameter,
  reshape,
  softmax,
  transpose,
  type Value,
} from "../tensor/index.ts";
import { type Dropout, noDropout } from "./dropout.ts";
import { gaussian } from "./embedding.ts";
import { type Dense, filled, linear } from "./linear.ts";

/** Added to the score of what shall not be seen. Not infinite, which graphics cards may take for an error. */
export const hidden = -1e9;

/**
 * Scaled dot product attention.
 * queries: (..., T, D)   keys: (..., S, D)   values: (..., S, D')   mask: added to the scores, broadcasts to (..., T, S)
 * dropout: of the weights; default: none   returns: (..., T, D')
 * Source: Vaswani et al. 2017, arXiv:1706.03762, eq. 1.
 */
export function attention(
  queries: Value,
  keys: Value,
  values: Value,
  mask?: Value,
  dropout: Dropout = noDropout,
): Value {
  const size = queries.shape.at(-1) as number;
  const scores = matmul(mul(queries, 1 / Math.sqrt(size)), transpose(keys)); // (..., T, S)
  return matmul(dropout(softmax(mask === undefined ? scores : add(scores, mask))), values);
}

/** A mask that hides key s from query t unless `sees(t, s)`; every query must see some key.   returns: (T, S) */
export function attentionMask(queries: number, keys: number, sees: (t: number, s: number) => boolean): Value {
  const entries = Float32Array.from({ length: queries * keys }, (_, i) =>
    sees(Math.floor(i / keys), i % keys) ? 0 : hidden,
  );
  return constant(entries, [queries, keys]);
}

/** A mask that hides what comes later.   returns: (T, T) */
export const causalMask = (steps: number): Value => attentionMask(steps, steps, (t, s) => s <= t);

/** Weights of all heads, side by side: (E, E) and (E,). T is Parameter outside a graph, Value inside. */
export interface Attention<T> {
  readonly query: Dense<T>;
  readonly key: Dense<T>;
  readonly value: Dense<T>;
  readonly out: Dense<T>;
}

/**
 * The tokens attended to, as they look through a map of each token by itself: `(map) => map(tokens)`. A function, so
 * that tokens a sampler knows before its loop can be mapped there, and joined to the others inside.
 */
export type Tokens = (map: (tokens: Value) => Value) => Value;

/** First values: weights normal with deviation 0.02, biases 0. Source: as in GPT-2 and ChiTransformer. */
export function initAttention(width: number, random: Random): Attention<Parameter> {
  const dense = (name: string) => initSmallLinear(width, width, random.split(name));
  return { query: dense("query"), key: dense("key"), value: dense("value"), out: dense("out") };
}

/** A linear layer of a transformer: weights normal with deviation 0.02, biases 0. */
export function initSmallLinear(inputs: number, outputs: number, random: Random): Dense<Parameter> {
  return { weight: gaussian([inputs, outputs], 0.02, random), bias: filled([outputs], 0) };
}

/**
 * Several attentions side by side, each in its own D = E / heads of the width.
 * x: (B, T, E), which asks   tokens: (B, S, E), which answer   mask: added to the scores, broadcasts to (B, heads, T, S)
 * returns: (B, T, E). Throws UserError if the heads do not divide the width.
 */
export function multiHeadAttention(
  parameters: Attention<Value>,
  heads: number,
  x: Value,
  tokens: Tokens,
  mask?: Value,
): Value {
  const width = x.shape[2];
  if (width % heads !== 0) throw new UserError(`A width of ${width} does not divide into ${heads} heads.`);
  const perHead = (y: Value) =>
    transpose(reshape(y, [y.shape[0], y.shape[1], heads, width / heads]), [0, 2, 1, 3]);
  const y = attention(
    perHead(linear(parameters.query, x)),
    perHead(tokens((each) => linear(parameters.key, each))),
    perHead(tokens((each) => linear(parameters.value, each))),
    mask,
  ); // (B, heads, T, D)
  return linear(parameters.out, reshape(transpose(y, [0, 2, 1, 3]), x.shape));
}
