import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  describeSpace,
  differenceOfSpaces,
  partsOf,
  placesOf,
  requireSameSpaces,
  type Space,
  sizeOfSpace,
  vectorSpace,
} from "./space.ts";

const seen: Space = {
  state: { shape: [4] },
  pointCloud: { shape: [2, 3] },
  image: { shape: [1, 2, 3], dtype: "uint8" },
  task: { shape: [] },
};

test("a row holds all parts, one after another", () => {
  expect(sizeOfSpace(seen)).toBe(4 + 6 + 6 + 1);
  expect(placesOf(seen)).toEqual({ state: [0, 4], pointCloud: [4, 10], image: [10, 16], task: [16, 17] });
});

test("parts are views of the row", () => {
  const row = Float32Array.from({ length: 17 }, (_, i) => i);
  const { pointCloud, task } = partsOf(seen, row);
  expect([...pointCloud]).toEqual([4, 5, 6, 7, 8, 9]);
  task[0] = -1;
  expect(row[16]).toBe(-1);
});

test("parts of any space cover the row once", () => {
  const part = fc.record({ shape: fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 3 }) });
  const space = fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), part, { minKeys: 1, maxKeys: 5 });
  fc.assert(
    fc.property(space, (any) => {
      const row = Float32Array.from({ length: sizeOfSpace(any) }, (_, i) => i);
      const parts = Object.values(partsOf(any, row));
      expect(parts.flatMap((numbers) => [...numbers])).toEqual([...row]);
    }),
  );
});

test("a row of another size is refused", () =>
  expect(() => partsOf(seen, new Float32Array(3))).toThrow(
    "A row of state (4), pointCloud (2, 3), image (1, 2, 3) of uint8, task () has 17 numbers, got 3.",
  ));

describe("comparing", () => {
  test("equal spaces differ in nothing, whatever their numbers are called", () => {
    expect(differenceOfSpaces(seen, { ...seen, state: { shape: [4], names: ["x", "y", "z", "w"] } })).toBe(
      undefined,
    );
    expect(differenceOfSpaces({ a: { shape: [2] } }, { a: { shape: [2], dtype: "float32" } })).toBe(
      undefined,
    );
  });

  test.each<[string, Space]>([
    ["another size", vectorSpace("state", 3)],
    ["another name", vectorSpace("position", 4)],
    ["another type", { state: { shape: [4], dtype: "uint8" } }],
    ["another number of axes", { state: { shape: [4, 1] } }],
    ["another part", { state: { shape: [4] }, task: { shape: [] } }],
    ["nothing", {}],
  ])("%s is told", (_, other) =>
    expect(differenceOfSpaces(vectorSpace("state", 4), other)).toBe(`state (4), not ${describeSpace(other)}`),
  );

  test("the order of parts counts: it is the order of a row's numbers", () =>
    expect(
      differenceOfSpaces({ a: { shape: [1] }, b: { shape: [1] } }, { b: { shape: [1] }, a: { shape: [1] } }),
    ).toBe("a (1), b (1), not b (1), a (1)"));

  test("two that differ are refused in one sentence", () => {
    const planner = { observation: vectorSpace("state", 39), action: vectorSpace("action", 4) };
    const data = { observation: vectorSpace("state", 24), action: vectorSpace("action", 28) };
    expect(() => requireSameSpaces("The planner", planner, "the data set", data)).toThrow(
      "The planner observes state (39) and acts with action (4); the data set observes state (24) and acts with action (28).",
    );
    expect(() => requireSameSpaces("The planner", planner, "the data set", planner)).not.toThrow();
  });
});
