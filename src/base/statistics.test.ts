import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Random } from "./random.ts";
import {
  deviationOf,
  hierarchicalBootstrap,
  interquartileMean,
  interquartileMeanOfRuns,
  mean,
  momentsOf,
  probabilityOfImprovement,
  quantile,
  stratifiedBootstrap,
} from "./statistics.ts";
import { wilsonInterval } from "./wilson.ts";

interface Fixture {
  readonly trimmed: readonly { values: number[]; mean: number }[];
  readonly percentiles: readonly { values: number[]; share: number; value: number }[];
  readonly aggregates: readonly {
    scores: number[][];
    iqm: number;
    iqm_interval: [number, number];
    mean: number;
    mean_interval: [number, number];
  }[];
  readonly improvements: readonly {
    x: number[][];
    y: number[][];
    probability: number;
    interval: [number, number];
  }[];
}
const rliable: Fixture = JSON.parse(
  readFileSync(join(import.meta.dirname, "fixtures/rliable.json"), "utf8"), // test/oracles/rliable_scores.py
);

const meanOfMeans = (strata: readonly ArrayLike<number>[]) => mean(strata.map(mean));
const scores = () =>
  fc.array(fc.double({ min: -100, max: 100, noNaN: true }), { minLength: 1, maxLength: 20 });

describe("as others compute it", () => {
  test.each(rliable.trimmed)("interquartile mean of $values", ({ values, mean }) =>
    expect(interquartileMean(values)).toBeCloseTo(mean, 12),
  );

  test.each(rliable.percentiles)("$share of $values lies below $value", ({ values, share, value }) =>
    expect(quantile(values, share)).toBeCloseTo(value, 12),
  );

  test.each([...rliable.aggregates.entries()])(
    "interquartile mean and mean of score table %i",
    (_, table) => {
      expect(interquartileMeanOfRuns(table.scores)).toBeCloseTo(table.iqm, 12);
      expect(meanOfMeans(table.scores)).toBeCloseTo(table.mean, 12);
    },
  );

  test.each([...rliable.aggregates.entries()])("bootstrap intervals of score table %i", (_, table) => {
    const iqm = stratifiedBootstrap(table.scores, interquartileMeanOfRuns, new Random(0));
    expectNear(iqm, table.iqm_interval);
    expectNear(stratifiedBootstrap(table.scores, meanOfMeans, new Random(0)), table.mean_interval);
  });

  test.each([...rliable.improvements.entries()])(
    "probability of improvement %i",
    (_, { x, y, ...theirs }) => {
      expect(probabilityOfImprovement(x, y)).toBeCloseTo(theirs.probability, 12);
      const ours = stratifiedBootstrap(
        [...x, ...y],
        (drawn) => probabilityOfImprovement(drawn.slice(0, x.length), drawn.slice(x.length)),
        new Random(0),
      );
      expectNear(ours, theirs.interval);
    },
  );

  /** Two bootstraps of one table differ by chance: a few hundredths of the interval's width. */
  function expectNear(ours: readonly [number, number], theirs: readonly [number, number]): void {
    const width = theirs[1] - theirs[0];
    for (const end of [0, 1] as const)
      expect(Math.abs(ours[end] - theirs[end]) / width, `${ours} and ${theirs}`).toBeLessThan(0.05);
  }
});

describe("moments", () => {
  test("of eight numbers are those of the textbook", () => {
    const moments = momentsOf([2, 4, 4, 4, 5, 5, 7, 9]);
    expect({ ...moments, deviation: deviationOf(moments) }).toEqual({
      count: 8,
      mean: 5,
      squares: 32,
      deviation: 2,
    });
  });

  test("deviate alike wherever the numbers lie", () =>
    fc.assert(
      fc.property(scores(), fc.integer({ min: -9, max: 9 }), (values, shift) => {
        const moved = deviationOf(momentsOf(values.map((value) => value + shift)));
        expect(moved).toBeCloseTo(deviationOf(momentsOf(values)), 8);
      }),
    ));
});

describe("interquartile mean", () => {
  test("does not know the order of its values", () =>
    fc.assert(
      fc.property(scores(), (values) => {
        expect(interquartileMean([...values].reverse())).toBe(interquartileMean(values));
      }),
    ));

  test("is moved by no outlier in a quarter of the values", () =>
    expect(interquartileMean([-1e9, 0.4, 0.5, 0.6, 0.5, 0.5, 0.5, 1e9])).toBeCloseTo(0.5, 12));

  test("moves and stretches with its values", () =>
    fc.assert(
      fc.property(
        scores(),
        fc.integer({ min: -9, max: 9 }),
        fc.integer({ min: 1, max: 9 }),
        (values, a, b) => {
          const moved = interquartileMean(values.map((value) => a + b * value));
          expect(moved).toBeCloseTo(a + b * interquartileMean(values), 8);
        },
      ),
    ));

  test("leaves its values as they were", () => {
    const values = [3, 1, 2, 5, 4];
    interquartileMean(values);
    expect(values).toEqual([3, 1, 2, 5, 4]);
  });
});

describe("bootstrap", () => {
  const quick = 200;

  test("gives the same interval from the same stream", () =>
    fc.assert(
      fc.property(fc.array(scores(), { minLength: 1, maxLength: 5 }), fc.nat(), (strata, seed) => {
        const interval = () => stratifiedBootstrap(strata, meanOfMeans, new Random(seed), quick);
        expect(interval()).toEqual(interval());
      }),
      { numRuns: 20 },
    ));

  test("draws each task's scores from that task alone", () => {
    const strata = [
      [0, 1, 2],
      [10, 11],
      [20, 21, 22, 23],
    ];
    const seen = strata.map(() => new Set<number>());
    stratifiedBootstrap(
      strata,
      (drawn) => {
        expect(drawn.map(({ length }) => length)).toEqual([3, 2, 4]);
        drawn.forEach((scores, task) => {
          for (const score of scores) seen[task].add(score);
        });
        return 0;
      },
      new Random(3),
      quick,
    );
    expect(seen.map((each) => [...each].sort((a, b) => a - b))).toEqual(strata);
  });

  test("agrees with Wilson where both hold: half of many episodes", () => {
    const episodes = Array.from({ length: 200 }, (_, i) => i % 2);
    const drawn = stratifiedBootstrap([episodes], meanOfMeans, new Random(1));
    const wilson = wilsonInterval(100, 200);
    expect(drawn[0]).toBeCloseTo(wilson[0], 2);
    expect(drawn[1]).toBeCloseTo(wilson[1], 2);
  });

  test("holds the true mean in about 95 of 100 experiments", () => {
    const random = new Random(5);
    const held = Array.from({ length: 200 }, (_, experiment) => {
      const tasks = [0, 1, 2, 3].map((task) => Array.from({ length: 25 }, () => task + random.normal()));
      const stream = random.split(`experiment ${experiment}`);
      const [low, high] = stratifiedBootstrap(tasks, meanOfMeans, stream, 500);
      return Number(low <= 1.5 && 1.5 <= high);
    });
    expect(mean(held)).toBeGreaterThan(0.9);
    expect(mean(held)).toBeLessThan(0.985);
  });
});

describe("hierarchical bootstrap", () => {
  const half = (successes: number, episodes: number) =>
    Array.from({ length: episodes }, (_, i) => Number(i < successes));

  test("of one episode per run is the bootstrap over runs", () => {
    const scores = [0.1, 0.9, 0.4, 0.7, 0.3];
    const runs = scores.map((score) => [score]);
    const [own, other] = [
      hierarchicalBootstrap([runs], meanOfMeans, new Random(0), 40_000),
      stratifiedBootstrap([scores], meanOfMeans, new Random(1), 40_000),
    ];
    expect(own[0]).toBeCloseTo(other[0], 2);
    expect(own[1]).toBeCloseTo(other[1], 2);
  });

  test("of equal runs agrees with Wilson over all their episodes", () => {
    const runs = Array.from({ length: 200 }, () => [0, 1]);
    const [low, high] = hierarchicalBootstrap([runs], meanOfMeans, new Random(0), 4000);
    const wilson = wilsonInterval(200, 400);
    expect(low).toBeCloseTo(wilson[0], 2);
    expect(high).toBeCloseTo(wilson[1], 2);
  });

  test("is as wide as the variances of both levels say", () => {
    const [runs, episodes] = [20, 40];
    const random = new Random(3);
    const table = Array.from({ length: runs }, () => {
      const own = 0.3 * random.normal();
      return Array.from({ length: episodes }, () => own + random.normal());
    });
    const variance = (values: readonly number[]) => mean(values.map((x) => (x - mean(values)) ** 2));
    const between = variance(table.map((each) => mean(each)));
    const within = mean(table.map(variance));
    const [low, high] = hierarchicalBootstrap([table], meanOfMeans, new Random(4), 4000);
    const expected = 2 * 1.96 * Math.sqrt(between / runs + within / (runs * episodes));
    expect((high - low) / expected).toBeGreaterThan(0.95);
    expect((high - low) / expected).toBeLessThan(1.05);
  });

  test("knows that three runs that end at 82, 100 and 100 per cent are three, not 150 episodes", () => {
    const runs = [half(41, 50), half(50, 50), half(50, 50)];
    const [low, high] = hierarchicalBootstrap([runs], meanOfMeans, new Random(0));
    const wilson = wilsonInterval(141, 150);
    expect(low).toBeLessThan(wilson[0]);
    expect(high - low).toBeGreaterThan(1.5 * (wilson[1] - wilson[0]));
  });
});

describe("probability of improvement", () => {
  test("x over y and y over x are one together", () =>
    fc.assert(
      fc.property(fc.array(fc.tuple(scores(), scores()), { minLength: 1, maxLength: 5 }), (tasks) => {
        const [x, y] = [tasks.map(([ours]) => ours), tasks.map(([, theirs]) => theirs)];
        expect(probabilityOfImprovement(x, y) + probabilityOfImprovement(y, x)).toBeCloseTo(1, 10);
      }),
    ));

  test("is 1 if every run is better and one half against itself", () => {
    expect(probabilityOfImprovement([[3, 4], [1]], [[1, 2], [0]])).toBe(1);
    expect(probabilityOfImprovement([[3, 4], [1]], [[3, 4], [1]])).toBe(0.5);
  });
});
