/**
 * @file Networks of IBRL: an actor with dropout, and critics whose hidden layers are normalized by norms that all share.
 * Symbols: B rows, S numbers seen, A action size, E critics, M critics of a value, P parameters of the critics.
 */
import type { Random } from "../../base/index.ts";
import {
  type Dense,
  type Dropout,
  initLinear,
  initMlp,
  initNorm,
  linear,
  type Mlp,
  type Norm,
  noDropout,
  norm,
} from "../../nn/index.ts";
import {
  concat,
  type Layout,
  layoutOf,
  matmul,
  type Parameter,
  relu,
  reshape,
  tanh,
  type Value,
} from "../../tensor/index.ts";

/** Critics, each from (B, S + A) to (B, 1). T is Parameter outside a graph, Value inside. */
export interface IbrlCritics<T> {
  /** Weights of the hidden layers, which need no bias before a norm, and the last layer. (E,) */
  readonly each: readonly { readonly hidden: readonly T[]; readonly last: Dense<T> }[];
  /** After each hidden layer, the same for all critics. */
  readonly norms: readonly Norm<T>[];
}

/** Values of actions by each of some critics. returns: (B,) each */
export type Valuing = (observations: Value, actions: Value) => readonly Value[];

/** First weights: PyTorch's, each critic's its own. */
export function initCritics(
  count: number,
  inputs: number,
  hiddenSizes: readonly number[],
  random: Random,
): IbrlCritics<Parameter> {
  const each = Array.from({ length: count }, (_, critic) => {
    const stream = random.split(`${critic}`);
    const layers = initMlp([inputs, ...hiddenSizes], stream).map(({ weight }) => weight);
    return { hidden: layers, last: initLinear(hiddenSizes[hiddenSizes.length - 1], 1, stream.split("last")) };
  });
  return { each, norms: hiddenSizes.map(initNorm) };
}

export const valuesBy =
  ({ each, norms }: IbrlCritics<Value>): Valuing =>
  (observations, actions) => {
    const input = concat([observations, actions], 1);
    return each.map(({ hidden, last }) => {
      const features = hidden.reduce((x, weight, i) => relu(norm(norms[i], matmul(x, weight))), input);
      return reshape(linear(last, features), [observations.shape[0]]);
    });
  };

/** The actor's actions without noise.   observations: (B, S)   returns: (B, A) in [-1, 1] */
export function actorMean(actor: Mlp<Value>, observations: Value, dropout: Dropout = noDropout): Value {
  const output = actor.reduce((x, layer, i) => {
    const map = linear(layer, x);
    return i < actor.length - 1 ? relu(dropout(map)) : map;
  }, observations);
  return tanh(output);
}

/** Chooses among critics: copies the weights of some, and of their norms, out of a vector of all. */
export class ChosenCritics {
  readonly layout: Layout<IbrlCritics<Parameter>>;
  readonly #all: Float32Array;
  readonly #chosen: Float32Array;
  /** Numbers of one critic. */
  readonly #size: number;

  /** all: weights of `critics`, (P,), which change in place   count: how many are chosen */
  constructor(critics: IbrlCritics<Parameter>, all: Float32Array, count: number) {
    const { each, norms } = critics;
    this.layout = layoutOf({ each: Array.from({ length: count }, () => each[0]), norms });
    this.#all = all;
    this.#chosen = new Float32Array(this.layout.size);
    this.#size = layoutOf(each[0]).size;
  }

  /** returns: the same array each time */
  weightsOf(chosen: Iterable<number>): Float32Array {
    let at = 0;
    for (const critic of chosen) {
      this.#chosen.set(this.#all.subarray(critic * this.#size, (critic + 1) * this.#size), at);
      at += this.#size;
    }
    this.#chosen.set(this.#all.subarray(this.#all.length - (this.#chosen.length - at)), at);
    return this.#chosen;
  }
}
