/** @file Promises of every device, on each that there is here. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { describe, expect, test } from "vitest";
import { relativeError, truthOf } from "../../test/float64-truth.ts";
import { opExamples } from "../../test/op-examples.ts";
import { joined, programsOf } from "../../test/op-suite.ts";
import { UserError } from "../base/index.ts";
import { FlatOptimizer } from "../nn/optimizer.ts";
import {
  compile,
  constant,
  type Device,
  type DeviceArray,
  float32,
  gather,
  int32,
  matmul,
  mul,
  neg,
  sum,
} from "../tensor/index.ts";
import * as nodeDevices from "./index.ts";
import { cpu, defaultRuntime, webgpu } from "./index.ts";
import { web } from "./web.ts";

/** Programs for a graphics card are compiled when they first run: seconds each on a card that the processor imitates. */
const timeout = 60_000;
/** Operations that add rows with one index, on a graphics card in whatever order they come. */
const anyOrder = ["gather", "scatterAdd"];
const numbers = (...values: number[]) => Float32Array.from(values);

const wasm = readFileSync(
  createRequire(import.meta.url).resolve("onnxruntime-web/ort-wasm-simd-threaded.wasm"),
);
const devices: Readonly<Record<string, Device>> = {
  cpu: cpu({ threads: 1 }),
  defaultRuntime,
  webgpu,
  web: web({ wasm }),
};

test("every device is tested", () => {
  const { loadRuntime: _, ...onNode } = nodeDevices;
  const found = Object.keys({ ...onNode, web });
  expect(Object.keys(devices).sort()).toEqual(found.sort());
});

/** Reason that a device cannot be used here; undefined where it can. */
async function absenceOf(device: Device): Promise<string | undefined> {
  return await compile({}, () => ({ y: neg(constant(0)) }), { device }).then(
    () => undefined,
    (error: unknown) => String(error),
  );
}

describe.each(Object.entries(devices))("device %s", async (name, device) => {
  const absence = await absenceOf(device);
  if (absence !== undefined) console.warn(`Skipped on device ${name}. ${absence}`);

  test.runIf(absence)("is missing here, and says so in one sentence", () => {
    expect(name).toBe("webgpu");
    expect(absence).toMatch(/^UserError: device webgpu.*use device cpu\.$/);
  });

  describe.skipIf(absence)("", { timeout }, () => {
    operations(device);
    memory(device);
    if (device.upload !== undefined) ownMemory(device as Device & Required<Pick<Device, "upload">>);
  });
});

function operations(device: Device): void {
  test.each(Object.entries(opExamples))(
    "%s gives the float64 kernels' numbers, the same bits each time",
    async (op, examples) => {
      const { inputs, f, numbers } = joined(programsOf(op, examples));
      const truth = truthOf(inputs, f, numbers);
      await using program = await compile(inputs, f, { device });
      const found: Record<string, Float32Array> = await program.run(numbers);
      for (const name of Object.keys(truth))
        expect.soft(relativeError(found[name], truth[name]), name).toBeLessThan(1e-4);
      if (device.kind !== "webgpu" || !anyOrder.includes(op))
        expect(await program.run(numbers)).toEqual(found);
    },
  );
}

function memory(device: Device): void {
  const inputs = { x: float32(2, 3), index: int32(2) };
  let opened: ReturnType<typeof open> | undefined;
  const open = () =>
    compile(inputs, ({ x, index }) => ({ doubled: mul(2, x), rows: gather(x, index), total: sum(x) }), {
      device,
    });
  const program = () => {
    opened ??= open();
    return opened;
  };
  const x = numbers(1, 2, 3, 4, 5, 6);
  const index = Int32Array.of(1, 0);

  test("reads its inputs anew at each run, and gives fresh arrays", async () => {
    const opened = await program();
    const changing = x.slice();
    const { doubled } = await opened.run({ x: changing, index });
    changing.fill(1);
    expect((await opened.run({ x: changing, index })).total).toEqual(numbers(6));
    expect(doubled).toEqual(numbers(2, 4, 6, 8, 10, 12));
  });

  test("writes where it is told, be it inside a larger array", async () => {
    const opened = await program();
    const larger = new Float32Array(8).fill(-1);
    const into = { doubled: larger.subarray(1, 7) };
    for (const factor of [1, 10]) {
      const { doubled, total } = await opened.run({ x: x.map((each) => factor * each), index }, into);
      expect(doubled).toBe(into.doubled);
      expect(larger).toEqual(numbers(-1, ...[2, 4, 6, 8, 10, 12].map((each) => factor * each), -1));
      expect(total).toEqual(numbers(21 * factor));
    }
  });

  test("reads part of a larger array", async () => {
    const larger = numbers(0, 0, ...x, 0);
    expect((await (await program()).run({ x: larger.subarray(2, 8), index })).total).toEqual(numbers(21));
  });

  test("reads and writes views of a WebAssembly memory, as the optimizer's", async () => {
    const optimizer = new FlatOptimizer(6);
    optimizer.start(x);
    await (await program()).run({ x: optimizer.theta, index }, { doubled: optimizer.gradient });
    expect(optimizer.gradient).toEqual(numbers(2, 4, 6, 8, 10, 12));
    expect(optimizer.theta).toEqual(x);
  });

  test("one array may feed two inputs of different shapes", async () => {
    await using program = await compile(
      { a: float32(2, 3), b: float32(3, 2) },
      ({ a, b }) => ({ y: matmul(a, b) }),
      {
        device,
      },
    );
    for (let run = 0; run < 2; run++)
      expect(await program.run({ a: x, b: x })).toEqual({ y: numbers(22, 28, 49, 64) });
  });

  test("an input may be an output, be read by nothing, and a value be two outputs", async () => {
    await using program = await compile(
      { x: float32(2), unused: float32(1) },
      ({ x }) => ({ same: x, a: neg(x), b: neg(x) }),
      { device },
    );
    expect(await program.run({ x: numbers(1, 2), unused: numbers(0) })).toEqual({
      same: numbers(1, 2),
      a: numbers(-1, -2),
      b: numbers(-1, -2),
    });
  });

  test.skipIf(device.upload)(
    "outputs cannot stay on it",
    async () =>
      await expect(
        compile({ x: float32(1) }, ({ x }) => ({ y: neg(x) }), { device, onDevice: ["y"] }),
      ).rejects.toThrow(
        new UserError(`"y" cannot stay on device ${device.kind}: its memory is this process's own`),
      ),
  );
}

function ownMemory(device: Device & Required<Pick<Device, "upload">>): void {
  test("arrays go to the device and come back", async () => {
    using array = await device.upload(numbers(1, 2, 3, 4, 5, 6), [2, 3]);
    expect(array.shape).toEqual([2, 3]);
    expect(array.device).toBe(device);
    expect(await array.download()).toEqual(numbers(1, 2, 3, 4, 5, 6));
  });

  test("arrays must fill their shape", async () =>
    await expect(device.upload(numbers(1, 2), [3])).rejects.toThrow(
      new UserError("upload: shape (3) holds 3 numbers, got 2"),
    ));

  test("results stay on the device and feed the next run", async () => {
    await using program = await compile(
      { x: float32(2), factor: float32() },
      ({ x, factor }) => ({ next: mul(x, factor), total: sum(x) }),
      { device, onDevice: ["next"] },
    );
    let { next, total } = await program.run({ x: numbers(1, 2), factor: numbers(10) });
    for (let time = 0; time < 3; time++) {
      const previous = next;
      ({ next, total } = await program.run({ x: previous, factor: numbers(10) }));
      previous[Symbol.dispose]();
    }
    expect(total).toEqual(numbers(3000));
    expect(await next.download()).toEqual(numbers(10_000, 20_000));
    next[Symbol.dispose]();
  });

  test("arrays outlive the program that made them", async () => {
    const made = await (async (): Promise<DeviceArray> => {
      await using program = await compile({ x: float32(2) }, ({ x }) => ({ y: neg(x) }), {
        device,
        onDevice: ["y"],
      });
      return (await program.run({ x: numbers(1, 2) })).y;
    })();
    expect(await made.download()).toEqual(numbers(-1, -2));
    made[Symbol.dispose]();
  });

  test("arrays of another size, or for another device, are refused", async () => {
    using array = await device.upload(numbers(1, 2, 3), [3]);
    await using here = await compile({ x: float32(2) }, ({ x }) => ({ y: neg(x) }), { device });
    await expect(here.run({ x: array })).rejects.toThrow(
      new UserError('"x": shape (2) holds 2 numbers, got 3'),
    );
    await using there = await compile({ x: float32(3) }, ({ x }) => ({ y: neg(x) }), {
      device: cpu({ threads: 1 }),
    });
    await expect(there.run({ x: array })).rejects.toThrow(
      new UserError(`"x" lies on device ${device.kind}; download it for device cpu`),
    );
  });
}
