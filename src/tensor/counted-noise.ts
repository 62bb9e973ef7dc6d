/**
 * @file Noise from a seed by a generator that counts: the plain form of what `normalFromSeed` does in a graph.
 * Source: Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3" (Threefry-2x32-20); Box and Muller 1958.
 */

/** Bits by which the second word turns, in eight rounds. */
export const turns: readonly number[] = [13, 15, 26, 6, 17, 29, 16, 24];
export const rounds = 20;
export const parity = 0x1bd11bda;
/** Uniform numbers have 23 bits and lie in the middle of their cells, so that float32 holds them exactly. */
export const cells: number = 2 ** 23;

/** Two words of 32 bits. */
export function threefry(
  [k0, k1]: readonly [number, number],
  [c0, c1]: readonly [number, number],
): readonly [number, number] {
  const keys = [k0, k1, k0 ^ k1 ^ parity];
  let [x, y] = [(c0 + k0) | 0, (c1 + k1) | 0];
  for (let round = 0; round < rounds; round++) {
    const turn = turns[round % 8];
    x = (x + y) | 0;
    y = ((y << turn) | (y >>> (32 - turn))) ^ x;
    if (round % 4 !== 3) continue;
    const s = (round + 1) / 4;
    x = (x + keys[s % 3]) | 0;
    y = (y + keys[(s + 1) % 3] + s) | 0;
  }
  return [x >>> 0, y >>> 0];
}

/** Fills `out` with standard normal draws: see `normalFromSeed`. */
export function fillNormalDraws<Numbers extends Float32Array | Float64Array>(
  out: Numbers,
  seed: number,
  row: number,
  stream: number,
): Numbers {
  for (let i = 0; 2 * i < out.length; i++) {
    const [a, b] = threefry([seed, row], [i, stream]).map((word) => ((word >>> 9) + 0.5) / cells);
    const radius = Math.sqrt(-2 * Math.log(a));
    out[2 * i] = radius * Math.cos(2 * Math.PI * b);
    if (2 * i + 1 < out.length) out[2 * i + 1] = radius * Math.sin(2 * Math.PI * b);
  }
  return out;
}
