import { expect, test } from "vitest";
import { averagePace } from "./averaging.ts";

test("an average is a copy at first, then moves at every few steps", () => {
  const decayAt = averagePace({ decay: 0.9, every: 3, from: 4 });
  expect([0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map(decayAt)).toEqual([0, 0, 0, 0, 1, 1, 0.9, 1, 1, 0.9]);
});
