import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { UserError } from "./errors.ts";
import { Random } from "./random.ts";

const WORDS = 2 ** 32;
const take = <T>(n: number, draw: () => T): T[] => Array.from({ length: n }, draw);
const sha256 = (array: NodeJS.ArrayBufferView) => createHash("sha256").update(array).digest("hex");

describe("the generator", () => {
  test("gives the reference outputs of xoshiro128**", () => {
    // From state 1, 2, 3, 4. Source: rand_xoshiro (Rust), made with the authors' xoshiro128starstar.c 1.1.
    const random = Random.restore({ generator: "xoshiro128**", key: [0, 0, 0, 0], state: [1, 2, 3, 4] });
    expect(take(10, () => random.integer(WORDS))).toEqual([
      11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597, 4258142804,
    ]);
  });

  test("is seeded like numpy's SeedSequence(42).generate_state(4)", () =>
    expect(new Random(42).state().key).toEqual([3444837047, 2669555309, 2046530742, 3581440988]));
});

describe("golden bits: a change here changes every published result", () => {
  test("words", () => {
    const random = new Random(0);
    expect(take(4, () => random.integer(WORDS))).toEqual([1895419579, 1549396427, 1946381142, 4069610410]);
  });
  test("uniforms", () => {
    const random = new Random(1);
    expect(take(3, () => random.uniform())).toEqual([
      0.5041370694999332, 0.6914943520722235, 0.06261260193220619,
    ]);
  });
  test("normals", () => {
    const random = new Random(2);
    expect(take(3, () => random.normal())).toEqual([
      -1.6980227639482308, 0.6956354861842785, -0.13384804775294679,
    ]);
  });
  test("a child stream", () =>
    expect(new Random(3).split("noise").state()).toEqual({
      generator: "xoshiro128**",
      key: [3678629134, 1319766219, 2031644912, 1688091387],
      state: [3678629134, 1319766219, 2031644912, 1688091387],
    }));
  test("a permutation", () => expect([...new Random(4).permutation(8)]).toEqual([1, 5, 6, 0, 4, 2, 3, 7]));
  test("a million normals, tails and wedges included", () =>
    expect(sha256(new Random(5).fillNormal(new Float64Array(1_000_000)))).toEqual(
      "5e73c17ad4778df7ad3d1c107fd76877e27ea4d59edc05a77654defb664e1cdf",
    ));
  test("a million uniforms in single precision", () =>
    expect(sha256(new Random(6).fillUniform(new Float32Array(1_000_000)))).toEqual(
      "2fd0efe31c83a60dff70d8963af03b405cebc0895af608bf0f7fcc6fc18bea5b",
    ));
  test("a million integers", () =>
    expect(sha256(new Random(7).fillIntegers(new Int32Array(1_000_000), -3, 1000))).toEqual(
      "ed49a758d55965642f781b87c05e98d467250c10febe60d5419c6dcabb97b997",
    ));
});

describe("seeds", () => {
  test("every seed has its own stream", () => {
    const firsts = take(1000, () => 0).map((_, seed) => new Random(seed).uniform());
    expect(new Set(firsts).size).toBe(1000);
    expect(new Random(2 ** 32).uniform()).not.toBe(new Random(0).uniform());
  });

  test.each([-1, 0.5, Number.NaN, 2 ** 53])("refuses %s", (seed) =>
    expect(() => new Random(seed)).toThrow(`A seed is an integer from 0 to 9007199254740991, got ${seed}.`),
  );
});

describe("split", () => {
  test("does not advance the parent", () => {
    const random = new Random(1);
    const before = random.state();
    random.split("child").uniform();
    expect(random.state()).toEqual(before);
  });

  test("gives the same child however far the parent has run, also after restore", () => {
    const random = new Random(1);
    const early = random.split("child").state();
    take(5, () => random.normal());
    expect(random.split("child").state()).toEqual(early);
    expect(Random.restore(random.state()).split("child").state()).toEqual(early);
  });

  test("gives different streams to different names, parents and depths", () => {
    const a = new Random(1);
    const children = [
      a,
      new Random(2),
      a.split(""),
      a.split("a"),
      a.split("b"),
      a.split("ab"),
      a.split("a\0"),
    ];
    children.push(a.split("a").split("b"), a.split("b").split("a"), a.split("é"), a.split("\u{1f916}"));
    expect(new Set(children.map((child) => child.uniform())).size).toBe(children.length);
  });
});

describe("state", () => {
  test("survives JSON and continues bit by bit", () => {
    const random = new Random(9).split("data");
    take(7, () => random.normal());
    const restored = Random.restore(JSON.parse(JSON.stringify(random.state())));
    expect(take(1000, () => restored.normal())).toEqual(take(1000, () => random.normal()));
  });

  const good = new Random(0).state();
  test.each([
    ["another generator", { ...good, generator: "pcg64" }],
    ["too few words", { ...good, state: [1, 2, 3] }],
    ["words out of range", { ...good, state: [1, 2, 3, 2 ** 32] }],
    ["words that are no numbers", { ...good, key: [1, 2, 3, null] }],
    ["the one state that never moves", { ...good, state: [0, 0, 0, 0] }],
    ["nothing of the kind", {}],
  ])("is refused with %s", (_, state) =>
    expect(() => Random.restore(state as typeof good)).toThrow(
      /^A random state is \{"generator": "xoshiro128\*\*"/,
    ),
  );
});

describe("fills", () => {
  test("give what single draws give", () => {
    const [bulk, single] = [new Random(3), new Random(3)];
    expect([...bulk.fillNormal(new Float64Array(5000))]).toEqual(take(5000, () => single.normal()));
    expect([...bulk.fillNormal(new Float32Array(5000))]).toEqual(
      take(5000, () => Math.fround(single.normal())),
    );
    expect([...bulk.fillUniform(new Float64Array(5000))]).toEqual(take(5000, () => single.uniform()));
    expect([...bulk.fillIntegers(new Int32Array(5000), -2, 5)]).toEqual(
      take(5000, () => single.integer(7) - 2),
    );
    expect(bulk.state()).toEqual(single.state());
  });

  test("never reach 1, not even in single precision", () => {
    // The state whose next word is 2^32 - 1, where 53 bits would round up to 1.
    const random = Random.restore({
      generator: "xoshiro128**",
      key: [0, 0, 0, 0],
      state: [1, nearOne(), 3, 4],
    });
    expect(random.fillUniform(new Float32Array(1))[0]).toBe(1 - 2 ** -24);
  });

  test("cover the whole range of 32-bit integers", () => {
    const values = new Random(1).fillIntegers(new Int32Array(1000), -(2 ** 31), 2 ** 31);
    expect(Math.min(...values)).toBeLessThan(-2e9);
    expect(Math.max(...values)).toBeGreaterThan(2e9);
  });
});

/** The second word of a state whose output is 2^32 - 1. */
function nearOne(): number {
  const inverse = (factor: number) => {
    let x = 1;
    for (let i = 0; i < 6; i++) x = Math.imul(x, 2 - Math.imul(factor, x)); // Newton, modulo 2^32
    return x;
  };
  const rotated = Math.imul(-1, inverse(9));
  return Math.imul((rotated >>> 7) | (rotated << 25), inverse(5)) >>> 0;
}

describe("bad arguments are refused", () => {
  const random = new Random(0);
  test.each([0, -1, 1.5, 2 ** 33, Number.NaN])("integer(%s)", (n) =>
    expect(() => random.integer(n)).toThrow(`integer(n) needs an integer n from 1 to 2^32, got ${n}.`),
  );
  test.each([
    [1, 1],
    [2, 1],
    [0.5, 3],
    [0, 2 ** 31 + 1],
  ])("fillIntegers from %s to %s", (low, high) =>
    expect(() => random.fillIntegers(new Int32Array(1), low, high)).toThrow(UserError),
  );
});
