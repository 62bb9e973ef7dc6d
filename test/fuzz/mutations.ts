/** @file Seeded damage: what disks, transfers and attackers do to files. Equal streams give equal damage. */
import type { Random } from "../../src/base/index.ts";

/** Damage of a file's bytes, by name. */
export const mutations: Readonly<Record<string, (bytes: Buffer, random: Random) => Buffer>> = {
  bit: (bytes, random) => edited(bytes, random, (at) => bytes[at] ^ (1 << random.integer(8))),
  byte: (bytes, random) => edited(bytes, random, () => random.integer(256)),
  extreme: (bytes, random) => edited(bytes, random, () => [0, 0x7f, 0x80, 0xff][random.integer(4)]),
  /** A whole number, as sizes and offsets are stored, becomes very large or negative. */
  number(bytes, random) {
    const width = [2, 4, 8][random.integer(3)];
    const at = random.integer(Math.max(1, bytes.length - width));
    const number = [0, 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 40, 2 ** 53, -1][random.integer(8)];
    const copy = Buffer.from(bytes);
    const raw = Buffer.alloc(8);
    raw.writeBigInt64LE(BigInt(number));
    raw.copy(copy, at, 0, Math.min(width, bytes.length - at));
    return copy;
  },
  truncate: (bytes, random) => bytes.subarray(0, random.integer(bytes.length + 1)),
  /** A part is missing. */
  cut(bytes, random) {
    const [from, to] = part(bytes, random);
    return Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]);
  },
  /** A part comes twice. */
  repeat(bytes, random) {
    const [from, to] = part(bytes, random);
    return Buffer.concat([bytes.subarray(0, to), bytes.subarray(from)]);
  },
  /** A part was never written. */
  zeros(bytes, random) {
    const [from, to] = part(bytes, random);
    return Buffer.from(bytes).fill(0, from, to);
  },
  insert(bytes, random) {
    const at = random.integer(bytes.length + 1);
    const noise = Buffer.from(Array.from({ length: 1 + random.integer(16) }, () => random.integer(256)));
    return Buffer.concat([bytes.subarray(0, at), noise, bytes.subarray(at)]);
  },
  /** In text, a word or a number becomes another. */
  word(bytes, random) {
    const text = bytes.toString("latin1");
    const words = [...text.matchAll(/[\w.+-]+|"[^"\\]*"|[[\]{}:,]/g)];
    if (words.length === 0) return mutations.byte(bytes, random);
    const { index, 0: word } = words[random.integer(words.length)];
    const other = wordsInstead[random.integer(wordsInstead.length)];
    return Buffer.from(text.slice(0, index) + other + text.slice(index + word.length), "latin1");
  },
  empty: () => Buffer.alloc(0),
};

const wordsInstead = [
  ..."-1 0 0.5 1e999 -1e999 1e15 9007199254740993 4294967296 1000000000000 NaN Infinity null true".split(" "),
  ...['""', '"x"', '"\\u001b]0;owned\\u0007"', '"__proto__"', '"../../../../etc/passwd"', '"constructor"'],
  ...["[]", "{}", "[[1]]", "[".repeat(5000), '{"a":'.repeat(5000), "*a", "&a [*a]", "!!js/function x", "---"],
  `"${"long ".repeat(1000)}"`,
  "\x1b[2J",
  "\x00",
];

/** A copy with one byte as `value` says. */
function edited(bytes: Buffer, random: Random, value: (at: number) => number): Buffer {
  if (bytes.length === 0) return bytes;
  const copy = Buffer.from(bytes);
  const at = random.integer(bytes.length);
  copy[at] = value(at);
  return copy;
}

/** Place of a part of at most 64 bytes. */
function part(bytes: Buffer, random: Random): [from: number, to: number] {
  const from = random.integer(Math.max(1, bytes.length));
  return [from, Math.min(bytes.length, from + 1 + random.integer(64))];
}
