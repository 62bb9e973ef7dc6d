/** @file From a seed of any length to well-mixed generator states. */

import { UserError } from "./errors.ts";

/**
 * `count` words, each in [0, 2^32), that depend on every bit of `entropy`; similar entropies give unrelated words.
 * entropy: any number of words in [0, 2^32); fewer than four count as padded with zeros.
 * Source: numpy.random.SeedSequence (O'Neill's seed_seq_fe128), bit for bit.
 */
export function seedSequence(entropy: readonly number[], count: number): number[] {
  const pool = mixedPool(entropy);
  let constant = 0x8b51f9dd;
  return Array.from({ length: count }, (_, i) => {
    const masked = pool[i % pool.length] ^ constant;
    constant = Math.imul(constant, 0x58f38ded);
    return fold(Math.imul(masked, constant)) >>> 0;
  });
}

/** The two words, low then high, of a seed. Throws UserError unless it is an integer in [0, 2^53). */
export function seedWords(seed: number): number[] {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new UserError(`A seed is an integer from 0 to ${Number.MAX_SAFE_INTEGER}, got ${seed}.`);
  }
  return [seed >>> 0, Math.floor(seed / 2 ** 32)];
}

/** Four words into which every word of `entropy` is mixed. */
function mixedPool(entropy: readonly number[]): number[] {
  let constant = 0x43b0d7e5;
  const hash = (word: number): number => {
    const masked = word ^ constant;
    constant = Math.imul(constant, 0x931e8875);
    return fold(Math.imul(masked, constant));
  };
  const pool = [0, 1, 2, 3].map((i) => hash(entropy[i] ?? 0));
  for (let from = 0; from < pool.length; from++) {
    for (let to = 0; to < pool.length; to++) {
      if (from !== to) pool[to] = mix(pool[to], hash(pool[from]));
    }
  }
  for (const word of entropy.slice(pool.length)) {
    for (let to = 0; to < pool.length; to++) pool[to] = mix(pool[to], hash(word));
  }
  return pool;
}

function mix(a: number, b: number): number {
  return fold(Math.imul(a, 0xca01f9dd) - Math.imul(b, 0x4973f715));
}

function fold(word: number): number {
  return word ^ (word >>> 16);
}
