/** @file Exported planners that take any number of rows, in three runtimes: recorded from Python, here, and as in pages. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as node from "onnxruntime-node";
import * as pages from "onnxruntime-web/wasm";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { exportPlanner, loadPlanner } from "../src/policies/files/index.ts";
import { fillNormalDraws } from "../src/tensor/index.ts";

const folder = mkdtempSync(join(tmpdir(), "rows-"));
afterAll(() => rmSync(folder, { recursive: true }));
const fileOf = (noise: string) => join(folder, `${noise}.onnx`);
const recorded = JSON.parse(readFileSync(join(import.meta.dirname, "fixtures/onnx-python.json"), "utf8"));
const kinds = ["input", "seed", "fixed"] as const;

beforeAll(async () => {
  const wasm = createRequire(import.meta.url).resolve("onnxruntime-web/ort-wasm-simd-threaded.wasm");
  Object.assign(pages.env.wasm, { numThreads: 1, wasmBinary: new Uint8Array(readFileSync(wasm)) });
  const planner = await loadPlanner(join(import.meta.dirname, "../assets/planners/drawer-open"));
  for (const noise of kinds) {
    const report = await exportPlanner(planner, fileOf(noise), { noise });
    expect(report.maximumAbsoluteError).toBeLessThan(1e-5);
    expect(report.numbersPerRun).toBe(3 * 8 * 4);
  }
}, 120_000);

const open = {
  "onnxruntime-node": (noise: string) => node.InferenceSession.create(fileOf(noise), { logSeverityLevel: 3 }),
  "onnxruntime-web": (noise: string) =>
    pages.InferenceSession.create(readFileSync(fileOf(noise)), { executionProviders: ["wasm"] }),
};

/** The observations that test/oracles/onnx_noise.py gives. */
const observations = (rows: number) => Float32Array.from({ length: rows * 2 * 39 }, (_, i) => Math.sin(i));

describe.each(Object.entries(open))("%s", (runtime, opened) => {
  const { Tensor } = runtime === "onnxruntime-node" ? node : pages;
  const observed = (rows: number) => new Tensor("float32", observations(rows), [rows, 2, 39]);

  async function actionsOf(noise: string, feeds: Record<string, unknown>): Promise<Float32Array> {
    const session = await opened(noise);
    const { actions } = await session.run(feeds as never);
    await session.release();
    return actions.data as Float32Array;
  }

  test.each([1, 3])("acts on %i rows as Python does, by noise of a seed and by its own", async (rows) => {
    const seed = new Tensor("int32", Int32Array.of(7), []);
    const drawn = await actionsOf("seed", { observations: observed(rows), seed });
    const alone = await actionsOf("fixed", { observations: observed(rows) });
    for (const [found, name] of [
      [drawn, "seed 7"],
      [alone, "fixed"],
    ] as const) {
      const expected: number[] = recorded[rows][name];
      expect(found).toHaveLength(expected.length);
      expect(Math.max(...expected.map((action, i) => Math.abs(found[i] - action)))).toBeLessThan(2e-5);
    }
  });

  test("lists observations, and what noise it is given", async () => {
    const names = await Promise.all(kinds.map(async (noise) => [...(await opened(noise)).inputNames].sort()));
    expect(names).toEqual([["noise", "observations", "start"], ["observations", "seed"], ["observations"]]);
  });

  test("given noise, a row does not depend on those beside it", async () => {
    const draws = (rows: number, stream: number, size: number) =>
      Array.from({ length: rows }, (_, row) => fillNormalDraws(new Float32Array(size), 7, row, stream));
    const act = (rows: number) => {
      const start = Float32Array.from(draws(rows, 0, 64).flatMap((own) => [...own]));
      const each = draws(rows, 1, 640);
      const noise = Float32Array.from({ length: 640 * rows }, (_, i) => {
        const [step, row] = [Math.floor(i / (64 * rows)), Math.floor(i / 64) % rows];
        return each[row][64 * step + (i % 64)];
      });
      return actionsOf("input", {
        observations: observed(rows),
        start: new Tensor("float32", start, [rows, 16, 4]),
        noise: new Tensor("float32", noise, [10, rows, 16, 4]),
      });
    };
    const [one, three] = [await act(1), await act(3)];
    expect(three.subarray(0, 32)).toEqual(one);
    const expected: number[] = recorded[3]["seed 7"];
    expect(Math.max(...expected.map((action, i) => Math.abs(three[i] - action)))).toBeLessThan(2e-5);
  });
});

test("the noise of a row is what numpy computes", () => {
  const draws = fillNormalDraws(new Float32Array(5), 7, 2, 1);
  for (const [i, draw] of draws.entries()) expect(draw).toBeCloseTo(recorded.normal[i], 6);
});
