/** @file The same promises on a graphics card, where there is one. */
import { describe, expect, test } from "vitest";
import { UserError } from "../base/index.ts";
import { compile } from "./compile.ts";
import { cpu, DeviceArray, webgpu } from "./device.ts";
import { relativeError, truthOf } from "./float64-truth.ts";
import { joined, opExamples, programsOf } from "./op-examples.ts";
import * as t from "./ops/index.ts";

const device = webgpu;
/** Programs for the card are compiled when they first run: seconds each on a card that the processor imitates. */
const timeout = 60_000;
/** Operations that add rows with one index, in whatever order they come. */
const anyOrder = ["gather", "scatterAdd"];
const numbers = (...values: number[]) => Float32Array.from(values);

/** Why there is no graphics card here; undefined where there is one. */
const absence = await compile({}, () => ({ y: t.neg(t.constant(0)) }), { device }).then(
  () => undefined,
  (error: unknown) => String(error),
);
if (absence !== undefined) console.warn(`Skipped on graphics cards. ${absence}`);

test.runIf(absence)("the absence of a graphics card is said in one sentence", () =>
  expect(absence).toMatch(/^UserError: device webgpu.*use device cpu\.$/),
);

describe.skipIf(absence)(
  `on a graphics card${absence === undefined ? "" : ` (${absence})`}`,
  { timeout },
  () => {
    test.each(Object.keys(opExamples))(
      "%s gives the float64 kernels' numbers, the same bits each time",
      async (op) => {
        const { inputs, f, numbers } = joined(programsOf(op));
        const truth = truthOf(inputs, f, numbers);
        await using program = await compile(inputs, f, { device });
        const found: Record<string, Float32Array> = await program.run(numbers);
        for (const name of Object.keys(truth))
          expect.soft(relativeError(found[name], truth[name]), name).toBeLessThan(1e-4);
        if (!anyOrder.includes(op)) expect(await program.run(numbers)).toEqual(found);
      },
    );

    test("arrays go to the card and come back", async () => {
      using array = await DeviceArray.upload(numbers(1, 2, 3, 4, 5, 6), [2, 3]);
      expect(array.shape).toEqual([2, 3]);
      expect(await array.download()).toEqual(numbers(1, 2, 3, 4, 5, 6));
    });

    test("arrays must fill their shape", async () =>
      await expect(DeviceArray.upload(numbers(1, 2), [3])).rejects.toThrow(
        new UserError("upload: shape (3) holds 3 numbers, got 2"),
      ));

    test("results stay on the card and feed the next run", async () => {
      await using program = await compile(
        { x: t.float32(2), step: t.float32() },
        ({ x, step }) => ({ next: t.add(x, step), total: t.sum(x) }),
        { device, onDevice: ["next"] },
      );
      let { next, total } = await program.run({ x: numbers(1, 2), step: numbers(10) });
      expect(next).toBeInstanceOf(DeviceArray);
      for (let round = 0; round < 3; round++) {
        const previous = next;
        ({ next, total } = await program.run({ x: previous, step: numbers(10) }));
        previous[Symbol.dispose]();
      }
      expect(total).toEqual(numbers(63));
      expect(await next.download()).toEqual(numbers(41, 42));
      next[Symbol.dispose]();
    });

    test("arrays outlive the program that made them", async () => {
      const made = await (async () => {
        await using program = await compile({ x: t.float32(2) }, ({ x }) => ({ y: t.neg(x) }), {
          device,
          onDevice: ["y"],
        });
        return (await program.run({ x: numbers(1, 2) })).y;
      })();
      expect(await made.download()).toEqual(numbers(-1, -2));
      made[Symbol.dispose]();
    });

    test("arrays of another size, or for another device, are refused", async () => {
      using array = await DeviceArray.upload(numbers(1, 2, 3), [3]);
      const inputs = { x: t.float32(2) };
      await using here = await compile(inputs, ({ x }) => ({ y: t.neg(x) }), { device });
      await expect(here.run({ x: array })).rejects.toThrow(
        new UserError('"x": shape (2) holds 2 numbers, got 3'),
      );
      await using there = await compile({ x: t.float32(3) }, ({ x }) => ({ y: t.neg(x) }), {
        device: cpu({ threads: 1 }),
      });
      await expect(there.run({ x: array })).rejects.toThrow(
        new UserError('"x" lies on device webgpu; download it for device cpu'),
      );
    });
  },
);
