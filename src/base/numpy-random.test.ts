import { describe, expect, test } from "vitest";
import oracle from "./fixtures/numpy-random.json" with { type: "json" };
import { NumpyGenerator, NumpyRandomState } from "./numpy-random.ts";
import { seedSequence } from "./seed-sequence.ts";

const take = <T>(n: number, draw: () => T): T[] => Array.from({ length: n }, draw);
const [low, high] = [
  [-0.1, 0.9, 0],
  [0.1, 0.9, 0.3],
];

test.each(oracle.sequence)("SeedSequence($entropy) equals numpy's", ({ entropy, state }) =>
  expect(seedSequence(entropy, 9)).toEqual(state),
);

describe.each(oracle.legacy)("np.random.seed($seed)", (numpy) => {
  const random = new NumpyRandomState(numpy.seed);

  test("every draw equals numpy's, one kind after the other", () => {
    expect(take(1300, () => random.randomSample()).slice(-6)).toEqual(numpy.random_sample);
    expect(low.map((_, i) => random.uniform(low[i], high[i]))).toEqual(numpy.uniform);
    for (const [from, to, values] of numpy.randint as [number, number, number[]][]) {
      expect(
        take(5, () => random.randint(from, to)),
        `randint(${from}, ${to})`,
      ).toEqual(values);
    }
    expect(random.randomSample()).toBe(numpy.after);
  });
});

describe.each(oracle.generator)("np.random.default_rng($seed)", (numpy) => {
  const random = new NumpyGenerator(numpy.seed);

  test("every draw equals numpy's, one kind after the other", () => {
    expect(take(6, () => random.random())).toEqual(numpy.random);
    expect(low.map((_, i) => random.uniform(low[i], high[i]))).toEqual(numpy.uniform);
    for (const [from, to, values] of numpy.integers as [number, number, number[]][]) {
      expect(
        take(5, () => random.integers(from, to)),
        `integers(${from}, ${to})`,
      ).toEqual(values);
    }
    expect(random.random()).toBe(numpy.after);
  });
});

describe("state survives JSON and continues bit by bit", () => {
  test("MT19937", () => {
    const random = new NumpyRandomState(3);
    take(400, () => random.randomSample());
    const restored = NumpyRandomState.restore(JSON.parse(JSON.stringify(random.state())));
    expect(take(700, () => restored.randomSample())).toEqual(take(700, () => random.randomSample()));
  });

  test("PCG64, with half a draw kept", () => {
    const random = new NumpyGenerator(3);
    take(3, () => random.integers(0, 10));
    expect(random.state().half).not.toBeNull();
    const restored = NumpyGenerator.restore(JSON.parse(JSON.stringify(random.state())));
    expect(take(50, () => restored.integers(0, 10))).toEqual(take(50, () => random.integers(0, 10)));
  });
});

describe("what numpy cannot do is refused", () => {
  test.each([-1, 2 ** 32, 0.5])("seed %s", (seed) =>
    expect(() => new NumpyRandomState(seed)).toThrow(
      `numpy.random.seed takes integers from 0 to 2^32 - 1, got ${seed}.`,
    ),
  );

  test.each([
    [1, 1],
    [2, 1],
    [0.5, 3],
  ])("integers from %s to %s", (from, to) => {
    const sentence = `Expected integers low < high that are at most`;
    expect(() => new NumpyRandomState(0).randint(from, to)).toThrow(sentence);
    expect(() => new NumpyGenerator(0).integers(from, to)).toThrow(sentence);
  });

  test("another generator's state", () => {
    const [legacy, modern] = [new NumpyRandomState(0).state(), new NumpyGenerator(0).state()];
    expect(() => NumpyRandomState.restore(modern as never)).toThrow(/^An MT19937 state has .*, got PCG64\.$/);
    expect(() => NumpyGenerator.restore(legacy as never)).toThrow(/^A PCG64 state has .*, got MT19937\.$/);
  });
});
