/** @file The command line as a user meets it: what it prints, where, and with which exit code. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import {
  fitNormalizer,
  initPlanner,
  plannerConfig,
  Random,
  savePlanner,
  vectorSpaces,
} from "../src/index.ts";

vi.setConfig({ testTimeout: 180_000 }); // each command is a process

const folder = mkdtempSync(join(tmpdir(), "sodp-cli-"));
const planner = join(folder, "planner");
afterAll(() => rmSync(folder, { recursive: true }));

const config = plannerConfig({
  spaces: vectorSpaces(3, 2),
  horizon: 8,
  nActionSteps: 4,
  numTrainTimesteps: 4,
  denoiser: { kind: "mlp", width: 16, blocks: 1, embeddingSize: 8 },
});
const save = () => {
  const random = new Random(0);
  const numbers = (count: number) => random.fillNormal(new Float32Array(count));
  const normalizers = {
    observation: { state: fitNormalizer(numbers(300), 3) },
    action: fitNormalizer(numbers(200), 2),
  };
  return savePlanner(initPlanner(config, normalizers, random), planner);
};
beforeAll(save);

function sodp(...options: string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--import", "tsx", "src/cli/main.ts", ...options],
    { encoding: "utf8" },
  );
  return { status, stdout, stderr };
}

test("--help and --version are no mistakes", () => {
  expect(sodp("--help")).toMatchObject({ status: 0, stderr: "", stdout: expect.stringContaining("export") });
  expect(sodp("--help").stdout).toMatch(/Exit codes:\n +0 +done\n(.*\n)*.* 75 /);
  const { version } = JSON.parse(readFileSync("package.json", "utf8"));
  expect(sodp("--version")).toEqual({ status: 0, stdout: `${version}\n`, stderr: "" });
});

const piped = (command: string) =>
  spawnSync(
    "bash",
    [
      "-c",
      `set -o pipefail; sodp() { "${process.execPath}" --import tsx src/cli/main.ts "$@"; }; ${command}`,
    ],
    {
      encoding: "utf8",
    },
  );

test("a reader that has seen enough is no mistake", () => {
  expect(piped("sodp env list --json | true")).toMatchObject({ status: 0, stderr: "" });
});

test.runIf(existsSync("/dev/full"))("a full disk under standard output is told, with exit code 1", () => {
  for (const words of ["env list --json", "--version"])
    expect(piped(`sodp ${words} > /dev/full`)).toMatchObject({
      status: 1,
      stderr: "Standard output could not be written: its disk is full.\n",
    });
});

test.each([
  ["exprt", /Did you mean export\?/],
  ["export", /missing required argument/],
  ["export x --batchsize 2", /Did you mean --batch_size\?/],
  ["export x --batch-size 0", /whole number from 1/],
  ["export x --steps 2", /^error: --steps is now --denoising\.num_inference_steps\n$/],
  ["info x --jsn", /Did you mean --json\?/],
  ["pretrain --horizon 8", /Did you mean --planner\.horizon\?/],
  ["finetune --env.task reach", /^--policy\.path is required: policy to start from/],
])("%s is not understood: exit code 2", (line, message) => {
  const { status, stdout, stderr } = sodp(...line.split(" "));
  expect([status, stdout]).toEqual([2, ""]);
  expect(stderr).toMatch(message);
});

test("info shows a planner and its weights", () => {
  const shown = JSON.parse(sodp("info", planner, "--json").stdout);
  expect(shown).toMatchObject({ horizon: 8, denoiser: { kind: "mlp" } });
  expect(shown.parameters).toBeGreaterThan(0);
  const weights = sodp("info", join(planner, "model.safetensors"));
  expect(weights.status).toBe(0);
  expect(weights.stdout).toMatch(/^tensors\..*: F32 \(/);
});

test("export writes one file and says how near it is", () => {
  const out = join(folder, "planner.onnx");
  const { status, stdout } = sodp(
    "export",
    planner,
    "--out",
    out,
    "--denoising.num_inference_steps",
    "2",
    "--denoising.eta",
    "0",
    "--json",
  );
  expect(status).toBe(0);
  expect(JSON.parse(stdout).maximumRelativeError).toBeLessThan(1e-5);
  expect(readFileSync(out).length).toBeGreaterThan(1000);
});

test("more denoising steps than it was trained with: exit code 2", () => {
  const { status, stdout, stderr } = sodp("export", planner, "--denoising.num_inference_steps", "9");
  expect([status, stdout]).toEqual([2, ""]);
  expect(stderr).toMatch(/trained with 4 denoising steps; sampling asked for 9\. Use at most 4\.\n$/);
});

describe("one sentence and exit code 1 for", () => {
  const fails = (options: string[], message: RegExp) => {
    const { status, stdout, stderr } = sodp(...options);
    expect([status, stdout]).toEqual([1, ""]);
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
    expect(stderr).toMatch(message);
  };
  const weights = join(planner, "model.safetensors");

  test("a planner that is not there", () => fails(["info", join(folder, "none")], /does not exist/));
  test("a folder to write to that is a file", () =>
    fails(["export", planner, "--out", join(weights, "x.onnx")], /model\.safetensors/));

  test("weights that are cut off", async () => {
    truncateSync(weights, 1000);
    fails(["info", planner], /model\.safetensors/);
    await save();
  });
  test("weights with another checksum", async () => {
    const bytes = readFileSync(weights);
    bytes[bytes.length - 1] ^= 1;
    writeFileSync(weights, bytes);
    fails(["export", planner], /sha256/);
    await save();
  });
});
