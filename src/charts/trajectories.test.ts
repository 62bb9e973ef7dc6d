import fc from "fast-check";
import { expect, test } from "vitest";
import { Random } from "../base/index.ts";
import { type Trajectory, trajectoryFeatures, trajectoryMap } from "./trajectories.ts";

function episode(actions: Float32Array, actionSize: number): Trajectory {
  return { actions, rewards: new Float32Array(actions.length / actionSize) };
}

test("an episode's parts weigh every action alike, however long it is", () =>
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 1000 }), (steps, seed) => {
      const actions = new Random(seed).fillNormal(new Float32Array(2 * steps));
      const features = trajectoryFeatures(episode(actions, 2));
      expect(features).toHaveLength(32);
      for (const side of [0, 1]) {
        const mean = (values: ArrayLike<number>) =>
          Array.from(values).reduce((sum, x, i) => (i % 2 === side ? sum + x : sum), 0) / (values.length / 2);
        expect(mean(features)).toBeCloseTo(mean(actions), 9);
      }
    }),
  ));

test("the same movement, slower, is the same point", () => {
  const ramp = Float32Array.from({ length: 32 }, (_, i) => Math.floor(i / 2));
  const slower = Float32Array.from({ length: 96 }, (_, i) => Math.floor(i / 6));
  for (const steps of [ramp, slower])
    trajectoryFeatures(episode(steps, 1)).forEach((mean, part) => {
      expect(mean).toBeCloseTo(part, 9);
    });
});

test("episodes that move alike are neighbours; every episode is a point of its kind", () => {
  const random = new Random(0);
  const moving = (direction: number, count: number) =>
    Array.from({ length: count }, () => {
      const actions = random.fillNormal(new Float32Array(4 * (20 + random.integer(60))));
      return episode(
        actions.map((x, i) => 0.3 * x + (i % 4 === 0 ? direction : 0)),
        4,
      );
    });
  const kinds = { before: moving(-1, 20), after: moving(1, 15), buffer: moving(1, 10) };
  const map = trajectoryMap({ push: kinds });
  expect(map).toEqual(trajectoryMap({ push: kinds }));
  const [{ title, clouds }] = map.panels;
  expect([title, ...clouds.map(({ name, positions }) => [name, positions.length])]).toEqual([
    "push",
    ["before", 40],
    ["after", 30],
    ["buffer", 20],
  ]);
  const places = clouds.flatMap(({ name, positions }) =>
    Array.from({ length: positions.length / 2 }, (_, i) => ({
      name,
      x: positions[2 * i],
      y: positions[2 * i + 1],
    })),
  );
  for (const place of places) {
    const far = (other: typeof place) => Math.hypot(other.x - place.x, other.y - place.y);
    const [nearest] = places.filter((other) => other !== place).sort((a, b) => far(a) - far(b));
    expect(nearest.name === "before").toBe(place.name === "before");
  }
});

test("three episodes make no map", () => {
  const one = episode(new Float32Array(4), 1);
  expect(() => trajectoryMap({ push: { before: [one, one], after: [one] } })).toThrow(
    "A map of push needs four episodes, got 3.",
  );
});
