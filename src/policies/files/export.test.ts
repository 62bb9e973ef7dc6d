import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { seeingPlanner } from "../../../test/seeing-planner.ts";
import { Random, vectorSpaces } from "../../base/index.ts";
import { cpu } from "../../devices/index.ts";
import { type DenoisingOptions, drawNoise } from "../../diffusion/index.ts";
import { leavesOf, type Parameter } from "../../tensor/index.ts";
import { compileSampler, initPlanner, type PlannerConfig, thetaOf } from "../index.ts";
import { exportPlanner } from "./export.ts";
import { loadPlanner, savePlanner } from "./planner-folder.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "export-"));
});
afterAll(() => rm(folder, { recursive: true }));

const [batch, numTrainTimesteps] = [2, 10];
const normalizers = {
  observation: { state: { low: [-3, 0, 1], high: [5, 0.5, 1] } },
  action: { low: [-1, 10], high: [1, 20] },
};
const plannerWith = (
  denoiser: PlannerConfig["denoiser"],
  prediction: PlannerConfig["prediction"] = "noise",
) =>
  initPlanner(
    { spaces: vectorSpaces(3, 2), horizon: 8, nActionSteps: 4, numTrainTimesteps, prediction, denoiser },
    normalizers,
    new Random(7),
  );
const mlp = { kind: "mlp", width: 32, blocks: 1, embeddingSize: 8 } as const;

describe.each<[string, ReturnType<typeof plannerWith>, DenoisingOptions]>([
  ["a U-Net", plannerWith({ kind: "unet", width: 16, multiples: [1, 2] }), {}],
  ["a transformer", plannerWith({ kind: "transformer", width: 16, heads: 2, layers: 1 }), {}],
  ["an MLP that predicts samples", plannerWith(mlp, "sample"), {}],
  [
    "fewer steps with a floor",
    plannerWith(mlp),
    { numInferenceSteps: 4, minSamplingStd: 0.05, lastNoise: false },
  ],
  ["DDIM", plannerWith(mlp), { numInferenceSteps: 4, eta: 0 }],
])("%s", (name, planner, denoising) => {
  const path = () => join(folder, `${name}.onnx`);

  test("is exported with its parity", async () => {
    const report = await exportPlanner(planner, path(), { batchSize: batch, denoising });
    expect(JSON.parse(await readFile(path().replace(".onnx", ".parity.json"), "utf8"))).toEqual(report);
    expect(report).toMatchObject({ file: `${name}.onnx`, numbersPerRun: batch * 4 * 2 });
    expect(report.maximumAbsoluteError).toBeLessThan(2e-5); // on actions up to 20
    expect(report.maximumRelativeError).toBeLessThan(1e-6);
  });

  test("acts in a plain session as in its own sampler", async () => {
    const session = await InferenceSession.create(path(), { logSeverityLevel: 3 });
    const steps = denoising.numInferenceSteps ?? numTrainTimesteps;
    const random = new Random(3);
    const numbers = {
      observations: drawNoise([batch, 2, 3], random),
      start: drawNoise([batch, 8, 2], random),
      noise: drawNoise([steps, batch, 8, 2], random),
    };
    const shapes = { observations: [batch, 2, 3], start: [batch, 8, 2], noise: [steps, batch, 8, 2] };
    const silent = denoising.eta === 0;
    expect([...session.inputNames].sort()).toEqual(
      silent ? ["observations", "start"] : ["noise", "observations", "start"],
    );
    const feeds = session.inputNames.map((name) => {
      const key = name as keyof typeof numbers;
      return [name, new Tensor("float32", numbers[key], shapes[key])] as const;
    });
    const { actions } = await session.run(Object.fromEntries(feeds));
    expect(actions.dims).toEqual([batch, 4, 2]);

    await using sampler = await compileSampler(planner, {
      batchSize: batch,
      denoising,
      device: cpu({ threads: 1 }),
    });
    const expected = await sampler.run({ theta: thetaOf(planner), ...numbers });
    for (const [i, action] of expected.actions.entries())
      expect(Math.abs((actions.data as Float32Array)[i] - action)).toBeLessThan(2e-5);
    await session.release();
  });
});

test("a planner of several parts is shown them by their names", async () => {
  const planner = seeingPlanner(4);
  const path = join(folder, "parts.onnx");
  const report = await exportPlanner(planner, path, { batchSize: batch });
  expect(report.numbersPerRun).toBe(batch * 2 * 2);
  expect(report.maximumAbsoluteError).toBeLessThan(1e-6);
  expect((await readFile(path)).toString("latin1")).toContain('"pointCloud":{"shape":[5,3]}');

  const session = await InferenceSession.create(path, { logSeverityLevel: 3 });
  expect([...session.inputNames].sort()).toEqual([
    "noise",
    "observation.pointCloud",
    "observation.state",
    "start",
  ]);
  const random = new Random(3);
  const state = drawNoise([batch, 2, 2], random);
  const cloud = drawNoise([batch, 2, 5, 3], random);
  const start = drawNoise([batch, 4, 2], random);
  const noise = drawNoise([3, batch, 4, 2], random);
  const { actions } = await session.run({
    "observation.state": new Tensor("float32", state, [batch, 2, 2]),
    "observation.pointCloud": new Tensor("float32", cloud, [batch, 2, 5, 3]),
    start: new Tensor("float32", start, [batch, 4, 2]),
    noise: new Tensor("float32", noise, [3, batch, 4, 2]),
  });
  await session.release();

  const observations = new Float32Array(batch * 2 * 17); // a row: 2 numbers of state, then 15 of the cloud
  for (let row = 0; row < batch * 2; row++) {
    observations.set(state.subarray(2 * row, 2 * row + 2), 17 * row);
    observations.set(cloud.subarray(15 * row, 15 * row + 15), 17 * row + 2);
  }
  await using sampler = await compileSampler(planner, { batchSize: batch, device: cpu({ threads: 1 }) });
  const expected = await sampler.run({ theta: thetaOf(planner), observations, start, noise });
  for (const [i, action] of expected.actions.entries())
    expect((actions.data as Float32Array)[i]).toBeCloseTo(action, 5);
});

test("a planner that was saved and loaded is exported to the same bytes", async () => {
  const planner = plannerWith(mlp);
  await savePlanner(planner, join(folder, "saved"));
  await exportPlanner(planner, join(folder, "a.onnx"));
  await exportPlanner(await loadPlanner(join(folder, "saved")), join(folder, "b.onnx"));
  expect(await readFile(join(folder, "a.onnx"))).toEqual(await readFile(join(folder, "b.onnx")));
});

test("the file says what it was made of", async () => {
  await exportPlanner(plannerWith(mlp), join(folder, "c.onnx"), { denoising: { numInferenceSteps: 3 } });
  const text = (await readFile(join(folder, "c.onnx"))).toString("latin1");
  for (const part of ["sodp planner", '"nActionSteps":4', '"high":[5,0.5,1]', '{"numInferenceSteps":3}'])
    expect(text).toContain(part);
});

test("says in one sentence that weights are not finite, and leaves the file that was there", async () => {
  const planner = plannerWith(mlp);
  leavesOf<Parameter>(planner.network)[0].leaf.data.fill(Number.NaN);
  for (const before of [undefined, "before"]) {
    if (before !== undefined) await writeFile(join(folder, "e.onnx"), before);
    await expect(exportPlanner(planner, join(folder, "e.onnx"))).rejects.toThrow(
      "Actions of the planner are not finite. Check its weights.",
    );
    expect(await readFile(join(folder, "e.onnx"), "utf8").catch(() => undefined)).toBe(before);
  }
  await expect(readFile(join(folder, "e.parity.json"))).rejects.toThrow("ENOENT");
});

test("says in one sentence that there are not so many steps", () =>
  expect(
    exportPlanner(plannerWith(mlp), join(folder, "d.onnx"), { denoising: { numInferenceSteps: 11 } }),
  ).rejects.toThrow(
    "The planner was trained with 10 denoising steps; sampling asked for 11. Use at most 10.",
  ));
