import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { seeingPlanner } from "../../../test/seeing-planner.ts";
import { fromHalf, Random, type StoredTensors, toHalf, UserError, vectorSpaces } from "../../base/index.ts";
import { cpu } from "../../devices/index.ts";
import { readTensors, writeTensors } from "../../platform/index.ts";
import { compileSampler, initPlanner, type PlannerConfig, parsePlanner, thetaOf } from "../index.ts";
import { loadPlanner, savePlanner } from "./planner-folder.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "planner-"));
});
afterEach(() => rm(folder, { recursive: true }));

const normalizers = {
  observation: { state: { low: [0, -0.1], high: [1 / 3, 0.1] } },
  action: { low: [-1], high: [1] },
};
const plannerWith = (denoiser: PlannerConfig["denoiser"], clipSampleRange: number | null = 1) =>
  initPlanner(
    { spaces: vectorSpaces(2, 1), horizon: 8, nActionSteps: 4, clipSampleRange, denoiser },
    normalizers,
    new Random(2),
  );
const mlp = { kind: "mlp", width: 16, blocks: 1, embeddingSize: 8 } as const;

test.each([
  plannerWith({ kind: "unet", width: 8, multiples: [1, 2] }),
  plannerWith(mlp, null),
  plannerWith({ kind: "transformer", width: 8, heads: 2, layers: 1 }),
])("a planner comes back as it was, bit for bit ($config.denoiser.kind)", async (planner) => {
  await savePlanner(planner, join(folder, "new", "folder"));
  expect(await loadPlanner(join(folder, "new", "folder"))).toEqual(planner);
});

test("weights stored in 16 bits come back as the nearest halves, in half of the bytes", async () => {
  const planner = plannerWith(mlp);
  await savePlanner(planner, join(folder, "wide"));
  await savePlanner(planner, join(folder, "half"), "F16");
  const [wide, half] = await Promise.all([
    loadPlanner(join(folder, "wide")),
    loadPlanner(join(folder, "half")),
  ]);
  const expected = fromHalf(toHalf(thetaOf(wide)));
  expect(thetaOf(half)).toEqual(expected);
  expect(expected.some((weight, i) => weight !== thetaOf(wide)[i])).toBe(true);
  const { tensors } = await readTensors(join(folder, "half", "model.safetensors"));
  expect(Object.values(tensors).every(({ dtype }) => dtype === "F16")).toBe(true);
});

test("a page parses the same planner of the files", async () => {
  const planner = plannerWith(mlp);
  await savePlanner(planner, folder);
  const config = await readFile(join(folder, "config.json"), "utf8");
  const weights = await readFile(join(folder, "model.safetensors"));
  expect(await parsePlanner({ config, weights })).toEqual(planner);
  const other = config.replace(/"sha256": "./, '"sha256": "x');
  await expect(parsePlanner({ config: other, weights })).rejects.toThrow(
    /^model.safetensors is not what config.json was saved with/,
  );
});

test("a planner with encoders comes back as it was", async () => {
  const planner = seeingPlanner(1);
  await savePlanner(planner, folder);
  expect(await loadPlanner(folder)).toEqual(planner);
});

describe.each(["unet", "mlp", "transformer"])("a planner of sodp 0.1 with a %s", (kind) => {
  const stored = join(import.meta.dirname, "fixtures", `planner-0.1-${kind}`);

  test("acts as it did", async () => {
    const planner = await loadPlanner(stored);
    const recorded = JSON.parse(await readFile(join(stored, "acts.json"), "utf8"));
    await using sampler = await compileSampler(planner, { batchSize: 1, device: cpu({ threads: 1 }) });
    const floats = (name: string) => Float32Array.from(recorded[name]);
    const given = { observations: floats("observations"), start: floats("start"), noise: floats("noise") };
    const { actions } = await sampler.run({ theta: thetaOf(planner), ...given });
    const largest = Math.max(...actions.map((action, i) => Math.abs(action - recorded.actions[i])));
    expect(largest).toBeLessThan(1e-6); // another processor's instructions may round otherwise
  });

  test("is told by the names of today, and stays what it was when saved", async () => {
    const planner = await loadPlanner(stored);
    expect(planner.config).toMatchObject({
      spaces: vectorSpaces(3, 2),
      horizon: 4,
      nObsSteps: 2,
      nActionSteps: 2,
      numTrainTimesteps: 3,
      schedule: "linear",
      prediction: kind === "mlp" ? "sample" : "noise",
      clipSampleRange: kind === "mlp" ? null : 1,
      encoders: { state: { kind: "identity" } },
      denoiser: { kind },
    });
    expect(planner.normalizers).toEqual({
      observation: { state: { low: [0, -1, 5], high: [10, 1, 5] } },
      action: { low: [-2, 0], high: [2, 1] },
    });
    await savePlanner(planner, folder);
    expect(await loadPlanner(folder)).toEqual(planner);
  });
});

test("equal planners make equal files", async () => {
  await savePlanner(plannerWith(mlp), join(folder, "a"));
  await savePlanner(plannerWith(mlp), join(folder, "b"));
  for (const file of ["config.json", "model.safetensors"])
    expect(await readFile(join(folder, "a", file))).toEqual(await readFile(join(folder, "b", file)));
});

describe("says in one sentence", () => {
  const expectRefusal = async (sentence: string | RegExp) => {
    await expect(loadPlanner(folder)).rejects.toThrow(UserError);
    await expect(loadPlanner(folder)).rejects.toThrow(sentence);
  };
  const configPath = () => join(folder, "config.json");
  const changeConfig = async (change: (config: Record<string, unknown>) => object) => {
    const config = JSON.parse(await readFile(configPath(), "utf8"));
    await writeFile(configPath(), JSON.stringify(change(config)));
  };
  /** Other tensors, with a configuration that knows them. */
  const changeTensors = async (change: (tensors: StoredTensors) => StoredTensors) => {
    const path = join(folder, "model.safetensors");
    const { sha256 } = await writeTensors(path, change((await readTensors(path)).tensors));
    await changeConfig((config) => ({ ...config, sha256 }));
  };
  beforeEach(() => savePlanner(plannerWith(mlp), folder));

  test("that the folder is missing", async () => {
    await rm(configPath());
    await expectRefusal(`No file ${configPath()}.`);
  });
  test("that the weights are missing", async () => {
    await rm(join(folder, "model.safetensors"));
    await expectRefusal(`No file ${join(folder, "model.safetensors")}.`);
  });
  test("that the configuration is torn", async () => {
    await writeFile(configPath(), '{"format": "sodp');
    await expectRefusal(`${configPath()} is damaged: it is not JSON.`);
  });
  test("that the file is of something else", async () => {
    await writeFile(configPath(), "null");
    await expectRefusal(/config.json: Invalid input: expected object, received null/);
  });
  test("which version it can read", async () => {
    await changeConfig((config) => ({ ...config, version: 3, more: true }));
    await expectRefusal(
      `${configPath()} is of format version 3; this sodp reads versions up to 2. Update it.`,
    );
  });
  test("which key it does not know", async () => {
    await changeConfig((config) => ({ ...config, color: "red" }));
    await expectRefusal(`${configPath()}: Unrecognized key: "color".`);
  });
  test("which key of the planner it does not know", async () => {
    await changeConfig((config) => ({
      ...config,
      planner: { ...(config.planner as object), color: "red" },
    }));
    await expectRefusal(`${configPath()}: planner: Unrecognized key: "color".`);
  });
  test("that the planner is another size than the weights", async () => {
    await changeConfig((config) => ({
      ...config,
      planner: { ...(config.planner as object), denoiser: { ...mlp, width: 24 } },
    }));
    await expectRefusal(
      /tensor "denoiser.input.plan" is F32 \(8, 16\); the planner of .* needs F32 \(8, 24\)\./,
    );
  });
  test("that weights are damaged", async () => {
    const path = join(folder, "model.safetensors");
    const bytes = await readFile(path);
    bytes[bytes.length - 1] ^= 1;
    await writeFile(path, bytes);
    await expectRefusal(/model.safetensors is damaged: its data has sha256/);
  });
  test("that weights are cut short", async () => {
    const path = join(folder, "model.safetensors");
    await writeFile(path, (await readFile(path)).subarray(0, -4));
    await expectRefusal(/model.safetensors is truncated/);
  });
  test("that weights are of another planner", async () => {
    await savePlanner(
      {
        ...plannerWith(mlp),
        network: initPlanner(
          { spaces: vectorSpaces(2, 1), horizon: 8, nActionSteps: 4, denoiser: mlp },
          normalizers,
          new Random(3),
        ).network,
      },
      join(folder, "other"),
    );
    await writeFile(
      join(folder, "model.safetensors"),
      await readFile(join(folder, "other", "model.safetensors")),
    );
    await expectRefusal(/model.safetensors is not what .*config.json was saved with: their sha256 are/);
  });
  test("that a tensor is missing", async () => {
    await changeTensors(({ "denoiser.final.out.bias": _, ...rest }) => rest);
    await expectRefusal(
      /model.safetensors has no tensor "denoiser.final.out.bias", which the planner of .* needs\./,
    );
  });
  test("that there is a tensor too many", async () => {
    await changeTensors((tensors) => ({ ...tensors, extra: tensors["denoiser.final.out.bias"] }));
    await expectRefusal(/model.safetensors has a tensor "extra", which the planner of .* has not\./);
  });
  test("that a tensor is of another type", async () => {
    await changeTensors((tensors) => ({
      ...tensors,
      "denoiser.final.out.bias": { dtype: "F64", shape: [8], data: new Float64Array(8) },
    }));
    await expectRefusal(/tensor "denoiser.final.out.bias" is F64 \(8\); the planner of .* needs F32 \(8\)\./);
  });
});
