/**
 * @file numpy's two generators, bit for bit, for environments that must start where their Python originals do. Our own
 * randomness is `Random`.
 */

import { UserError } from "./errors.ts";
import { seedSequence, seedWords } from "./seed-sequence.ts";

/** State of a `NumpyRandomState`, as plain JSON. */
export interface Mt19937State {
  readonly generator: "MT19937";
  /** (624,) words in [0, 2^32). */
  readonly key: readonly number[];
  /** Words of `key` already given out, 0 to 624. */
  readonly position: number;
}

/**
 * Draws of `np.random.seed(seed)` and the functions of `np.random`, from a generator of its own.
 * Source: Matsumoto and Nishimura 1998, doi:10.1145/272991.272995; numpy 2.4.6, RandomState.
 */
export class NumpyRandomState {
  readonly #key = new Uint32Array(624);
  #position = 624;

  /** seed: integer in [0, 2^32). Throws UserError otherwise. */
  constructor(seed: number) {
    if (seed !== seed >>> 0)
      throw new UserError(`numpy.random.seed takes integers from 0 to 2^32 - 1, got ${seed}.`);
    const key = this.#key;
    key[0] = seed;
    for (let i = 1; i < 624; i++) key[i] = Math.imul(key[i - 1] ^ (key[i - 1] >>> 30), 1812433253) + i;
  }

  state(): Mt19937State {
    return { generator: "MT19937", key: [...this.#key], position: this.#position };
  }

  /** Continues exactly where `state()` was taken. Throws UserError if it was not. */
  static restore({ generator, key, position }: Mt19937State): NumpyRandomState {
    if (generator !== "MT19937" || key?.length !== 624 || !(position >= 0 && position <= 624)) {
      throw new UserError(`An MT19937 state has 624 words and a position from 0 to 624, got ${generator}.`);
    }
    const random = new NumpyRandomState(0);
    random.#key.set(key);
    random.#position = position;
    return random;
  }

  /** `np.random.random_sample()`: in [0, 1). */
  randomSample(): number {
    const high = this.#next() >>> 5;
    const low = this.#next() >>> 6;
    return (high * 2 ** 26 + low) * 2 ** -53;
  }

  /** `np.random.uniform(low, high)`; called once per component where numpy gets arrays. */
  uniform(low: number, high: number): number {
    return low + (high - low) * this.randomSample();
  }

  /** `np.random.randint(low, high)`: low to high - 1. high - low: integer in [1, 2^32]. */
  randint(low: number, high: number): number {
    const range = rangeOf(low, high, 2 ** 32) - 1; // the largest offset
    if (range === 0) return low;
    const mask = 2 ** (32 - Math.clz32(range)) - 1;
    let offset = (this.#next() & mask) >>> 0;
    while (offset > range) offset = (this.#next() & mask) >>> 0;
    return low + offset;
  }

  #next(): number {
    if (this.#position === 624) this.#refill();
    let word = this.#key[this.#position++];
    word ^= word >>> 11;
    word ^= (word << 7) & 0x9d2c5680;
    word ^= (word << 15) & 0xefc60000;
    return (word ^ (word >>> 18)) >>> 0;
  }

  #refill(): void {
    const key = this.#key;
    for (let i = 0; i < 624; i++) {
      const joined = (key[i] & 0x80000000) | (key[(i + 1) % 624] & 0x7fffffff);
      key[i] = key[(i + 397) % 624] ^ (joined >>> 1) ^ (joined & 1 ? 0x9908b0df : 0);
    }
    this.#position = 0;
  }
}

/** State of a `NumpyGenerator`, as plain JSON. */
export interface Pcg64State {
  readonly generator: "PCG64";
  /** 128 bits in hexadecimal, as BigInt reads them. */
  readonly state: string;
  readonly increment: string;
  /** The unused upper half of the last 64 bits, in [0, 2^32). */
  readonly half: number | null;
}

/**
 * Draws of `np.random.default_rng(seed)`. Several hundred times slower than `Random`: for resets, not for noise.
 * Source: O'Neill 2014, HMC-CS-2014-0905 (PCG XSL RR 128/64); numpy 2.4.6, Generator and PCG64.
 */
export class NumpyGenerator {
  #state = 0n;
  #increment = 0n;
  #half: number | null = null;

  /** seed: integer in [0, 2^53). Throws UserError otherwise. */
  constructor(seed: number) {
    const words = seedSequence(seedWords(seed), 8).map(BigInt);
    const wide = (i: number) =>
      (words[i + 1] << 96n) | (words[i] << 64n) | (words[i + 3] << 32n) | words[i + 2];
    this.#increment = uint128((wide(4) << 1n) | 1n);
    this.#state = uint128(this.#increment + wide(0));
    this.#step();
  }

  state(): Pcg64State {
    const hexadecimal = (value: bigint) => `0x${value.toString(16)}`;
    return {
      generator: "PCG64",
      state: hexadecimal(this.#state),
      increment: hexadecimal(this.#increment),
      half: this.#half,
    };
  }

  /** Continues exactly where `state()` was taken. Throws UserError if it was not. */
  static restore({ generator, state, increment, half }: Pcg64State): NumpyGenerator {
    const hexadecimal = /^0x[0-9a-f]{1,32}$/;
    if (generator !== "PCG64" || !hexadecimal.test(state) || !hexadecimal.test(increment)) {
      throw new UserError(
        `A PCG64 state has a state and an increment of 128 bits in hexadecimal, got ${generator}.`,
      );
    }
    const random = new NumpyGenerator(0);
    random.#state = BigInt(state);
    random.#increment = BigInt(increment);
    random.#half = half;
    return random;
  }

  /** `rng.random()`: in [0, 1). */
  random(): number {
    return Number(this.#next64() >> 11n) * 2 ** -53;
  }

  /** `rng.uniform(low, high)`; called once per component where numpy gets arrays. */
  uniform(low: number, high: number): number {
    return low + (high - low) * this.random();
  }

  /** `rng.integers(low, high)`: low to high - 1. high - low: integer in [1, 2^53). */
  integers(low: number, high: number): number {
    const range = rangeOf(low, high, Number.MAX_SAFE_INTEGER);
    if (range === 1) return low;
    if (range === 2 ** 32) return low + this.#next32();
    return (
      low +
      (range < 2 ** 32
        ? below(range, 32n, () => BigInt(this.#next32()))
        : below(range, 64n, () => this.#next64()))
    );
  }

  /** Halves of 64 bits, the lower first. */
  #next32(): number {
    const kept = this.#half;
    this.#half = null;
    if (kept !== null) return kept;
    const word = this.#next64();
    this.#half = Number(word >> 32n);
    return Number(word & 0xffffffffn);
  }

  #next64(): bigint {
    this.#step();
    const folded = BigInt.asUintN(64, (this.#state >> 64n) ^ this.#state);
    const turn = this.#state >> 122n;
    return BigInt.asUintN(64, (folded >> turn) | (folded << (64n - turn)));
  }

  #step(): void {
    this.#state = uint128(this.#state * 0x2360ed051fc65da44385df649fccf645n + this.#increment);
  }
}

/**
 * One of 0 to range - 1, from words of `width` bits.
 * Source: Lemire 2019, doi:10.1145/3230636.
 */
function below(range: number, width: bigint, draw: () => bigint): number {
  const count = BigInt(range);
  const low = (product: bigint) => BigInt.asUintN(Number(width), product);
  const unfair = (1n << width) % count;
  let product = draw() * count;
  while (low(product) < unfair) product = draw() * count;
  return Number(product >> width);
}

function uint128(value: bigint): bigint {
  return BigInt.asUintN(128, value);
}

/** high - low, checked. */
function rangeOf(low: number, high: number, most: number): number {
  const range = high - low;
  if (Number.isSafeInteger(low) && Number.isSafeInteger(high) && range >= 1 && range <= most) return range;
  throw new UserError(`Expected integers low < high that are at most ${most} apart, got ${low} and ${high}.`);
}
