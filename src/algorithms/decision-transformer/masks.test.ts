/** @file Masks against recordings of HarmoDT's functions. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Random } from "../../base/index.ts";
import { readTensors } from "../../platform/index.ts";
import { layoutOf } from "../../tensor/index.ts";
import { drawMask, kernelDensities, swapCount, trainingMask, updateMasks } from "./masks.ts";

const fixture = (name: string) => join(import.meta.dirname, "../fixtures", name);
const recorded = JSON.parse(readFileSync(fixture("harmodt-masks.json"), "utf8")) as {
  readonly erk: Readonly<
    Record<string, { density: number; layers: readonly { shape: readonly number[]; density: number }[] }>
  >;
  readonly annealing: { readonly table: readonly { iteration: number; max_iters: number; c: number }[] };
};

test.each(Object.entries(recorded.erk))("densities of %s", (_, { density, layers }) => {
  const found = kernelDensities(
    layers.map(({ shape }) => shape),
    density,
  );
  for (const [i, layer] of layers.entries()) expect(found[i]).toBeCloseTo(layer.density, 10);
});

test("the published number of swaps rises and falls, the meant one falls", () => {
  for (const { iteration, max_iters, c } of recorded.annealing.table)
    expect(swapCount(iteration, max_iters, true)).toBe(c);
  expect([0, 500, 999].map((step) => swapCount(step, 1000, false))).toEqual([100, 50, 0]);
});

describe("an update", async () => {
  const { tensors } = await readTensors(fixture("harmodt-masks.safetensors"));
  const tasks = ["task-a", "task-b", "task-c"];
  const floats = (name: string) => tensors[name].data as Float32Array;
  const packed = (flags: ArrayLike<number>) => {
    const bytes = new Uint8Array(Math.ceil(flags.length / 8));
    for (let i = 0; i < flags.length; i++) bytes[i >> 3] |= flags[i] << (i & 7);
    return bytes;
  };
  const cases = ["meant", "code"].flatMap((by) =>
    (["fisher", "magnitude", "none"] as const).flatMap((mode) =>
      [1, 7, 25].map((count) => ({ by, mode, count })),
    ),
  );

  test.each(cases)("as recorded: $by, $mode, $count", ({ by, mode, count }) => {
    const masks = tasks.map((task) => packed(tensors[`inputs/mask/${task}`].data as Uint8Array));
    updateMasks(masks, {
      theta: floats("inputs/theta"),
      gradients: new Map(tasks.map((task, i) => [i, floats(`inputs/gradient/${task}`)])),
      count,
      importance: mode === "none" ? "random" : mode,
      published: by === "code",
    });
    for (const [i, task] of tasks.entries())
      expect(masks[i]).toEqual(packed(tensors[`outputs/${by}/${mode}/${count}/${task}`].data as Uint8Array));
  });
});

test("a task uses shared parameters whole, moves those of its mask, and draws them with their density", () => {
  const parameter = (...shape: number[]) => ({ shape, data: new Float32Array(shape[0] * (shape[1] ?? 1)) });
  const layout = layoutOf({
    embed: parameter(200, 100),
    transformer: { weight: parameter(100, 200), bias: parameter(8) },
  });
  const mask = drawMask(layout, 0.5, new Random(1));
  const bits = [...mask].map((byte) => byte.toString(2).replaceAll("0", "").length);
  const count = (from: number, to: number) => bits.slice(from, to).reduce((sum, x) => sum + x, 0);
  expect(count(0, 2500) / 20_000).toBeCloseTo(0.5, 1);
  expect(count(5000, 5001)).toBe(8);
  const bytes = trainingMask(layout, mask);
  expect(bytes.subarray(0, 5000).every((byte) => (byte & 15) === 15)).toBe(true);
  expect(bytes.subarray(5000).every((byte) => (byte & 15) === byte >> 4)).toBe(true);
  expect(bytes.some((byte) => byte >> 4 !== 15)).toBe(true);
});
