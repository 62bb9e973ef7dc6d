/** @file The generator behind numpy's `np.random.seed`. */

/** Mersenne Twister. Source: Matsumoto and Nishimura 1998, doi:10.1145/272991.272995; seeding as `init_genrand`. */
export class MT19937 {
  readonly #state = new Uint32Array(624);
  #index = 624;

  /** seed: integer in [0, 2^32). */
  constructor(seed: number) {
    this.#state[0] = seed;
    for (let i = 1; i < 624; i++) {
      const previous = this.#state[i - 1] ^ (this.#state[i - 1] >>> 30);
      this.#state[i] = Math.imul(1812433253, previous) + i;
    }
  }

  /** In [0, 1), 53 bits. */
  random(): number {
    const a = this.#next() >>> 5;
    const b = this.#next() >>> 6;
    return (a * 67108864 + b) / 9007199254740992;
  }

  #next(): number {
    if (this.#index === 624) this.#refill();
    let y = this.#state[this.#index++];
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  }

  #refill(): void {
    const s = this.#state;
    for (let i = 0; i < 624; i++) {
      const y = (s[i] & 0x80000000) | (s[(i + 1) % 624] & 0x7fffffff);
      s[i] = s[(i + 397) % 624] ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
    }
    this.#index = 0;
  }
}
