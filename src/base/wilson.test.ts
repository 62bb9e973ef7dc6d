import { expect, test } from "vitest";
import { wilsonInterval } from "./wilson.ts";

test.each([
  [0, 10, 0, 0.2775],
  [10, 10, 0.7225, 1],
  [49, 50, 0.895, 0.9965],
  [25, 50, 0.3664, 0.6336],
  [0, 0, 0, 1],
])("%i of %i lies in [%f, %f]", (successes, trials, low, high) => {
  const interval = wilsonInterval(successes, trials);
  expect(interval[0]).toBeCloseTo(low, 3);
  expect(interval[1]).toBeCloseTo(high, 3);
});
