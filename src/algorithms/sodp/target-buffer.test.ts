import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Random, vectorSpace } from "../../base/index.ts";
import type { Episode } from "../../data/index.ts";
import { bufferedEpisodes, TargetBuffer, type TargetBufferOptions } from "./target-buffer.ts";

const spaces = { observation: vectorSpace("state", 2), action: vectorSpace("action", 1) };
const shape = { spaces, nObsSteps: 2, horizon: 4, nActionSteps: 2 };
const maxSteps = 10;

/** An episode of two-dimensional observations that earns `rewards`; what it holds tells it from others. */
function episode(seed: number, rewards: readonly number[], solvedAt?: number): Episode {
  const steps = rewards.length;
  return {
    task: "toy",
    seed,
    observations: Float32Array.from({ length: 2 * steps }, (_, i) => seed + i / 7),
    finalObservation: Float32Array.of(seed, -1),
    actions: Float32Array.from({ length: steps }, (_, i) => Math.sin(seed + i)),
    rewards: Float32Array.from(rewards),
    successes: Uint8Array.from(rewards, (_, i) => Number(i === solvedAt)),
    terminated: seed % 2 === 1,
  };
}
const flat = (seed: number, reward: number) => episode(seed, new Array(maxSteps).fill(reward));
/** Cut short by its success. */
const solved = (seed: number, steps: number, last: number) =>
  episode(seed, [...new Array(steps - 1).fill(0), last], steps - 1);
const seedsIn = (buffer: TargetBuffer) => buffer.episodes.map(({ seed }) => seed);

/** A buffer of the best, which knows the largest reward of all it was given. */
class Buffer extends TargetBuffer {
  largest = 0;
  constructor(size: number, more: Partial<TargetBufferOptions> = {}) {
    super({ size, maxSteps, shape, order: "best", draw: "windows", ...more });
  }
  take(episodes: readonly Episode[]): void {
    for (const { rewards } of episodes) this.largest = Math.max(this.largest, ...rewards);
    this.add(episodes, this.largest);
  }
}

/** A buffer of `size` that has met ten times as many flops as it keeps: what is best of the rest is proficient. */
function buffer(size: number, more: Partial<TargetBufferOptions> = {}): Buffer {
  const made = new Buffer(size, more);
  made.take(Array.from({ length: 10 * size }, (_, i) => flat(1000 + i, -1)));
  return made;
}

describe("a target buffer", () => {
  test("keeps the best, the best first; of equals the earlier", () => {
    const best = buffer(3);
    best.take([flat(1, 2), flat(2, 5), flat(3, 2)]);
    expect(seedsIn(best)).toEqual([2, 1, 3]);
    best.take([flat(4, 2), flat(5, 9)]);
    expect(seedsIn(best)).toEqual([5, 2, 1]);
  });

  test("puts successes first and lets them displace failures, whatever those earned", () => {
    const best = buffer(2);
    best.take([flat(1, 9), flat(2, 8)]);
    best.take([solved(3, 5, 1), flat(4, 10)]);
    expect(seedsIn(best)).toEqual([3, 4]);
    best.take([solved(5, 6, 1)]);
    expect(seedsIn(best)).toEqual([3, 5]);
    // The largest reward so far, 10, is counted on for the steps that were cut off.
    expect(best.quality).toEqual({ success: 1, score: (1 + 50 + 1 + 40) / 2 });
    best.take([flat(6, 10)]);
    expect(seedsIn(best)).toEqual([3, 5]);
  });

  test("keeps a tenth of what it met while fewer are solved, and no failure beside more successes", () => {
    const best = new Buffer(100);
    best.take(Array.from({ length: 25 }, (_, i) => flat(i, i)));
    expect(seedsIn(best)).toEqual([24, 23, 22]);
    best.take([solved(30, 5, 1)]);
    expect(seedsIn(best)).toEqual([30, 24, 23]);
    best.take([solved(31, 5, 1), solved(32, 5, 1), solved(33, 5, 1)]);
    expect(seedsIn(best)).toEqual([30, 31, 32, 33]);
    best.take(Array.from({ length: 30 }, (_, i) => flat(40 + i, 50)));
    expect(seedsIn(best)).toEqual([30, 31, 32, 33, 40, 41]); // a tenth of 59
  });

  test("prefers what is solved sooner: an episode cut short by success counts on the largest reward to its limit", () => {
    const best = buffer(3);
    best.take([solved(1, 9, 10), solved(2, 4, 10), solved(3, 6, 10)]);
    expect(seedsIn(best)).toEqual([2, 3, 1]);
    expect(best.quality.score).toBeCloseTo((10 * (7 + 5 + 2)) / 3, 6);
  });

  test("is not misled by what the step of success itself happened to pay", () => {
    const best = buffer(3);
    best.take([solved(1, 8, 9), solved(2, 5, 3)]); // sooner, with less at the end: 9 + 18 against 3 + 45
    expect(seedsIn(best).slice(0, 2)).toEqual([2, 1]);
  });

  test("values a success that was played to the end by what it earned", () => {
    const best = buffer(1);
    best.take([episode(1, [0, 0, 5, 5, 5, 5, 5, 5, 5, 5], 2)]);
    expect(best.quality).toEqual({ success: 1, score: 40 });
  });

  test("passes over what is too short for a window", () => {
    const best = new Buffer(3, { shape: { ...shape, horizon: 8 } });
    best.take([solved(1, 5, 10), solved(2, 6, 1)]); // 8 - 2 - 2 + 2 = 6 steps are the least
    expect(seedsIn(best)).toEqual([2]);
  });

  test("holds the best of all successes ever, in whatever portions they came, and failures only for want of them", () => {
    const rewards = fc.array(fc.integer({ min: 0, max: 10 }), { minLength: 2, maxLength: maxSteps });
    const arrivals = fc.array(fc.record({ rewards, wins: fc.boolean(), portion: fc.nat(2) }), {
      maxLength: 40,
    });
    fc.assert(
      fc.property(arrivals, fc.integer({ min: 1, max: 5 }), (given, size) => {
        const episodes = given.map(({ rewards, wins }, seed) =>
          episode(seed, rewards, wins ? rewards.length - 1 : undefined),
        );
        const found = new Buffer(size);
        found.largest = 10;
        for (let at = 0; at < episodes.length; ) {
          const next = at + 1 + given[at].portion;
          found.take(episodes.slice(at, next));
          at = next;
        }
        const worth = ({ rewards, wins }: (typeof given)[number]) =>
          rewards.reduce((a, b) => a + b, 0) + (wins ? (maxSteps - rewards.length) * 10 : 0);
        const solved = given
          .flatMap((each, seed) => (each.wins ? [{ seed, worth: worth(each) }] : []))
          .sort((a, b) => b.worth - a.worth || a.seed - b.seed)
          .slice(0, size)
          .map(({ seed }) => seed);
        expect(seedsIn(found).slice(0, solved.length)).toEqual(solved);
        const others = seedsIn(found).slice(solved.length);
        const wanted = Math.min(size, Math.ceil(given.length / 10)) - solved.length;
        expect(others.length).toBeLessThanOrEqual(Math.max(wanted, 0));
        if (given.length > 0) expect(seedsIn(found).length).toBeGreaterThan(0);
        const worths = others.map((seed) => worth(given[seed]));
        expect(worths).toEqual(worths.toSorted((a, b) => b - a));
      }),
    );
  });

  test("is restored from its tensors as it was, and goes on the same", () => {
    const best = buffer(3);
    best.take([solved(3, 5, 1), solved(2 ** 32 - 1, 7, 1), flat(4, 3)]);
    const again = new Buffer(3);
    again.restore(best.tensors(), "toy", best.largest);
    again.largest = best.largest;
    expect(again.episodes).toEqual(best.episodes);
    expect(bufferedEpisodes(best.tensors(), "toy")).toEqual(best.episodes);
    expect(again.quality).toEqual(best.quality);
    for (const each of [best, again]) each.take([solved(6, 5, 1), flat(7, 9), flat(8, 4)]);
    expect(again.tensors()).toEqual(best.tensors());
  });

  test("restored over others forgets them; nothing is restored as nothing", () => {
    const best = new Buffer(3);
    const nothing = best.tensors();
    best.take([flat(1, 1)]);
    best.restore(nothing, "toy", 0);
    expect(best.episodes).toEqual([]);
    expect(best.quality).toEqual({ success: 0, score: 0 });
  });

  test("keeps of an episode what an episode is: traces of its chunks are forgotten", () => {
    const best = buffer(1);
    const played = { ...flat(1, 1), chunks: [{ step: 0, executed: 1, trace: "large" }] };
    best.take([played]);
    expect(best.episodes).toEqual([flat(1, 1)]);
  });

  describe("of the latest", () => {
    const latest = () => buffer(3, { order: "latest" });

    test("keeps solved trajectories by their time, whatever their scores, before any other", () => {
      const kept = latest();
      kept.take([solved(1, 4, 10), flat(2, 9)]);
      kept.take([solved(3, 9, 1), solved(4, 8, 1)]);
      expect(seedsIn(kept)).toEqual([4, 3, 1]);
      kept.take([solved(5, 10, 1), flat(6, 10)]);
      expect(seedsIn(kept)).toEqual([5, 4, 3]);
    });

    test("keeps the best of those that are not solved", () => {
      const kept = latest();
      kept.take([flat(1, 5), flat(2, 7)]);
      kept.take([flat(3, 6)]);
      expect(seedsIn(kept)).toEqual([2, 3, 1]);
    });

    test("goes on from its tensors in the same order", () => {
      const kept = latest();
      kept.take([solved(1, 4, 10), solved(3, 9, 1), flat(2, 9)]);
      const again = latest();
      again.restore(kept.tensors(), "toy", 10);
      for (const each of [kept, again]) each.take([solved(4, 7, 1), flat(5, 10)]);
      expect(again.tensors()).toEqual(kept.tensors());
    });
  });

  describe("draws", () => {
    /** Share of the draws that each trajectory has, by the tens of its seed. */
    function shares(draw: TargetBufferOptions["draw"]): Record<number, number> {
      const kept = buffer(4, { draw });
      kept.take([solved(10, 10, 10), solved(20, 5, 10), flat(30, 9), flat(40, 8)]);
      const sampler = kept.windows();
      const count = 4000;
      const batch = sampler.emptyBatch(count);
      sampler.sample(new Random(0), batch);
      const found: Record<number, number> = {};
      for (let row = 0; row < count; row++) {
        const seed = Math.floor(batch.observation[row * 4] / 10); // 10 seed + i / 7
        found[seed] = (found[seed] ?? 0) + 1 / count;
      }
      return found;
    }

    test("any window as likely as any other", () => {
      const found = shares("windows"); // 9, 4, 9 and 9 windows of 31
      expect(found[1]).toBeCloseTo(9 / 31, 1);
      expect(found[2]).toBeCloseTo(4 / 31, 1);
    });

    test("a trajectory first, solved ones three quarters of the time", () => {
      const found = shares("trajectories");
      expect([found[1] - 0.375, found[2] - 0.375, found[3] - 0.125].every((x) => Math.abs(x) < 0.03)).toBe(
        true,
      );
    });

    test("the better of the solved more often", () => {
      const found = shares("weighted"); // scores 10 and 60
      expect(found[1] + found[2]).toBeGreaterThan(0.72);
      expect(found[2]).toBeGreaterThan(1.5 * found[1]);
    });
  });

  test("offers windows of its trajectories; without any it says so", () => {
    const best = new Buffer(3);
    expect(() => best.windows()).toThrow("No trajectory so far is long enough to be imitated");
    best.take([solved(1, 10, 1), solved(2, 5, 1)]);
    // A window starts one step before an episode at the earliest and three before its end at the latest.
    expect(best.windows()).toMatchObject({ spaces, count: 9 + 4 });
  });
});
