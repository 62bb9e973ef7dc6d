import { describe, expect, test } from "vitest";
import { Random } from "../base/index.ts";
import { initOrthogonal, initXavier } from "./first-weights.ts";

describe.each([
  [7, 5],
  [5, 7],
  [6, 6],
])("a map of %i to %i numbers", (inputs, outputs) => {
  test("orthogonal: of rows or columns, whichever are fewer, each has the gain's length and none leans on another", () => {
    const { weight, bias } = initOrthogonal(3)(inputs, outputs, new Random(1));
    const at = (i: number, o: number) => weight.data[i * outputs + o];
    const vectors =
      inputs < outputs
        ? Array.from({ length: inputs }, (_, i) => Array.from({ length: outputs }, (_, o) => at(i, o)))
        : Array.from({ length: outputs }, (_, o) => Array.from({ length: inputs }, (_, i) => at(i, o)));
    for (const [a, one] of vectors.entries())
      for (const [b, other] of vectors.entries()) {
        const product = one.reduce((sum, x, i) => sum + x * other[i], 0);
        expect(product).toBeCloseTo(a === b ? 9 : 0, 5);
      }
    expect([...bias.data]).toEqual(new Array(outputs).fill(0));
  });

  test("Xavier's: uniform within the bound", () => {
    const { weight } = initXavier(40 * inputs, 40 * outputs, new Random(2));
    const bound = Math.sqrt(6 / 40 / (inputs + outputs));
    expect(Math.max(...weight.data.map(Math.abs))).toBeLessThanOrEqual(bound);
    const variance = weight.data.reduce((sum, x) => sum + x * x, 0) / weight.data.length;
    expect(variance / (bound ** 2 / 3)).toBeCloseTo(1, 1);
  });
});
