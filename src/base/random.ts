/** @file Seeded, splittable random streams: the same bits on every platform and JavaScript engine. */

import { UserError } from "./errors.ts";
import { exp, log } from "./exact-math.ts";
import { seedSequence, seedWords } from "./seed-sequence.ts";

/** State of a stream, as plain JSON. */
export interface RandomState {
  readonly generator: "xoshiro128**";
  /** Four words in [0, 2^32): the stream's identity, from which `split` derives children. */
  readonly key: readonly number[];
  /** Four words in [0, 2^32), not all zero: its position. */
  readonly state: readonly number[];
}

/**
 * A stream of pseudo-random numbers. Not for secrets.
 * Source: xoshiro128** 1.1, Blackman and Vigna 2021, doi:10.1145/3460772, seeded by numpy's SeedSequence.
 */
export class Random {
  readonly #key: Uint32Array;
  readonly #state: Int32Array;

  /** seed: integer in [0, 2^53). Throws UserError otherwise. */
  constructor(seed: number) {
    this.#key = Uint32Array.from(seedSequence(seedWords(seed), 4));
    this.#state = Int32Array.from(this.#key);
  }

  /**
   * The child stream called `name`, unrelated to this one and to children of other names. Neither advances this
   * stream nor depends on how far it has run: one name always gives the same child.
   */
  split(name: string): Random {
    const letters = Array.from(name, (_, i) => name.charCodeAt(i));
    const key = seedSequence([...this.#key, ...letters], 4);
    return Random.restore({ generator: "xoshiro128**", key, state: key });
  }

  state(): RandomState {
    return { generator: "xoshiro128**", key: [...this.#key], state: [...Uint32Array.from(this.#state)] };
  }

  /** Continues exactly where `state()` was taken. Throws UserError if it was not. */
  static restore({ generator, key, state }: RandomState): Random {
    if (generator !== "xoshiro128**" || !isKey(key) || !isKey(state) || state.every((word) => word === 0)) {
      throw new UserError(
        'A random state is {"generator": "xoshiro128**", "key": 4 words, "state": 4 words} with words from 0 to ' +
          `2^32 - 1, got ${JSON.stringify({ generator, key, state })}.`,
      );
    }
    const random = new Random(0);
    random.#key.set(key);
    random.#state.set(state);
    return random;
  }

  /** In [0, 1), a multiple of 2^-53. */
  uniform(): number {
    return uniform(this.#state);
  }

  /** Standard normal. */
  normal(): number {
    return normal(this.#state);
  }

  /** One of 0 to n - 1, all equally likely. n: integer in [1, 2^32]. */
  integer(n: number): number {
    if (!Number.isInteger(n) || n < 1 || n > WORDS) {
      throw new UserError(`integer(n) needs an integer n from 1 to 2^32, got ${n}.`);
    }
    const fair = WORDS - (WORDS % n);
    let word = next(this.#state);
    while (word >= fair) word = next(this.#state); // beyond the last whole multiple of n small results would win
    return word % n;
  }

  /** 0 to n - 1 in random order, (n,). n: at most 2^31. */
  permutation(n: number): Int32Array {
    const order = Int32Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      [order[i], order[j]] = [order[j], order[i]];
    }
    return order;
  }

  /** Fills with multiples of 2^-53 (2^-24 in a Float32Array) in [0, 1); returns `out`. */
  fillUniform<T extends Float32Array | Float64Array>(out: T): T {
    const state = this.#state;
    if (out instanceof Float32Array) {
      for (let i = 0; i < out.length; i++) out[i] = (next(state) >>> 8) * 2 ** -24;
    } else {
      for (let i = 0; i < out.length; i++) out[i] = uniform(state);
    }
    return out;
  }

  /** Fills with what as many calls of `normal()` would give, rounded to the array's type; returns `out`. */
  fillNormal<T extends Float32Array | Float64Array>(out: T): T {
    const state = this.#state;
    for (let i = 0; i < out.length; i++) out[i] = normal(state);
    return out;
  }

  /** Fills with integers from `low` to `high` - 1, all equally likely; returns `out`. */
  fillIntegers(out: Int32Array, low: number, high: number): Int32Array {
    if (low !== (low | 0) || high - 1 !== ((high - 1) | 0) || low >= high) {
      throw new UserError(`fillIntegers needs 32-bit integers low < high, got ${low} and ${high}.`);
    }
    for (let i = 0; i < out.length; i++) out[i] = low + this.integer(high - low);
    return out;
  }
}

const WORDS = 2 ** 32;

function isKey(words: unknown): boolean {
  return Array.isArray(words) && words.length === 4 && words.every((word) => word === word >>> 0);
}

/** The next word, an integer in [0, 2^32), of the generator whose four words `state` holds. */
function next(state: Int32Array): number {
  const word = Math.imul(rotate(Math.imul(state[1], 5), 7), 9) >>> 0;
  const shifted = state[1] << 9;
  state[2] ^= state[0];
  state[3] ^= state[1];
  state[1] ^= state[2];
  state[0] ^= state[3];
  state[2] ^= shifted;
  state[3] = rotate(state[3], 11);
  return word;
}

function rotate(word: number, left: number): number {
  return (word << left) | (word >>> (32 - left));
}

function uniform(state: Int32Array): number {
  const high = next(state) >>> 5;
  const low = next(state) >>> 6;
  return (high * 2 ** 26 + low) * 2 ** -53;
}

/**
 * A standard normal by the ziggurat: layers of equal area cover the density's right half; a point of a layer left of
 * the next layer's edge is surely under the curve.
 * Source: Marsaglia and Tsang 2000, doi:10.18637/jss.v005.i08; like Doornik 2005 ("An improved ziggurat method"), the
 * layer and the place within it share no random bits.
 */
function normal(state: Int32Array): number {
  for (;;) {
    const word = next(state);
    const layer = word & 255;
    const place = ((word >> 8) * 2 ** 30 + (next(state) >>> 2)) * 2 ** -53; // [-1, 1), from 24 and 30 bits
    const x = place * edges[layer];
    if (Math.abs(x) < edges[layer + 1]) return x;
    if (layer === 0) return place < 0 ? -tail(state) : tail(state);
    const height = heights[layer] + uniform(state) * (heights[layer + 1] - heights[layer]);
    if (height < density(x)) return x;
  }
}

/** A normal beyond TAIL. Source: Marsaglia 1964, doi:10.1080/00401706.1964.10490150. */
function tail(state: Int32Array): number {
  for (;;) {
    const beyond = -log(1 - uniform(state)) / TAIL;
    if (-2 * log(1 - uniform(state)) > beyond * beyond) return TAIL + beyond;
  }
}

/** The normal density up to its constant factor. */
function density(x: number): number {
  return exp(-0.5 * x * x);
}

/** End of the ziggurat's lowest layer, where the tail begins, and the area of each of its 256 layers. */
const TAIL = 3.654152885361009;
const AREA = 0.0049286732339746545;

/** Right edges of the layers, from the lowest: (257,), the last at 0. The lowest stands for its box plus the tail. */
const edges = new Float64Array(257);
edges[0] = AREA / density(TAIL);
edges[1] = TAIL;
for (let i = 2; i < 256; i++) edges[i] = Math.sqrt(-2 * log(AREA / edges[i - 1] + density(edges[i - 1])));

/** Density at the edges. */
const heights = edges.map(density);
