/**
 * @file A planner as one self-contained ONNX file: normalizers, all denoising steps and weights inside.
 * Symbols: B batch, T_o observations, O observation size, H horizon, T_a executed actions, A action size, S denoising steps.
 */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { partsOf, Random, sizeOfPart, UserError } from "../../base/index.ts";
import { cpu, defaultRuntime } from "../../devices/index.ts";
import { type DenoisingOptions, denoisingSteps, drawNoise } from "../../diffusion/index.ts";
import { jsonText, writeWhole } from "../../platform/index.ts";
import {
  constant,
  float32,
  mapTree,
  openProgram,
  type Parameter,
  type Spec,
  sizeOf,
  type Traced,
  trace,
  type Value,
} from "../../tensor/index.ts";
import {
  act,
  compileSampler,
  diffusionOf,
  drawSpecs,
  type Planner,
  type PlannerConfig,
  sizesOf,
  splitObservations,
  type TracedNetwork,
  thetaOf,
} from "../index.ts";

export interface ExportOptions {
  /** Rows answered at once, B. Default: 1. */
  readonly batchSize?: number;
  /** Default: all timesteps, DDPM. */
  readonly denoising?: DenoisingOptions;
}

/** Distance of an exported file from the planner that it was made of. */
export interface ParityReport {
  readonly file: string;
  /** Of the file, in hexadecimal. */
  readonly sha256: string;
  /** Fixed inputs that both were given, and how many actions came of each. */
  readonly runs: number;
  readonly numbersPerRun: number;
  /** Largest difference between two actions, on their own scale. */
  readonly maximumAbsoluteError: number;
  /** The same, over the largest action. */
  readonly maximumRelativeError: number;
}

const runs = 8;

/**
 * Writes `path`, an ONNX file, and beside it the report (`.parity.json` for `.onnx`) on how it fared against the planner.
 *
 * It takes the latest observations, raw: `observations` (B, T_o, O), or, of a planner that observes several parts, each as
 * `observation.NAME` (B, T_o, ...shape); and standard normal draws: `start` (B, H, A) and, unless no step adds any, `noise`
 * (S, B, H, A). It gives `actions` (B, T_a, A), raw, to be executed one after another. What it was made of is written in
 * its metadata.
 */
export async function exportPlanner(
  planner: Planner,
  path: string,
  { batchSize = 1, denoising = {} }: ExportOptions = {},
): Promise<ParityReport> {
  const { config, normalizers } = planner;
  const steps = denoisingSteps(diffusionOf(config), denoising);
  const network = mapTree(planner.network, (leaf) => {
    const { shape, data } = leaf as Parameter;
    return constant(data, shape);
  }) as TracedNetwork;
  const { onnx, inputs, outputs } = trace(
    { ...observationSpecs(config, batchSize), ...drawSpecs(config, steps, batchSize) },
    (inputs) => {
      const observation = observedParts(config, inputs);
      return { actions: act(planner, network, steps, { observation, ...inputs }) };
    },
    {
      format: "sodp planner",
      version: "2",
      planner: JSON.stringify(config),
      normalizers: JSON.stringify(normalizers),
      denoising: JSON.stringify(denoising),
    },
  );
  await writeWhole(path, onnx);
  const report: ParityReport = {
    file: basename(path),
    sha256: createHash("sha256").update(onnx).digest("hex"),
    runs,
    numbersPerRun: sizeOf(outputs.actions.shape),
    ...(await parity(planner, { onnx: await readFile(path), inputs, outputs }, { batchSize, denoising })),
  };
  await writeWhole(`${path.replace(/\.onnx$/, "")}.parity.json`, jsonText(report));
  return report;
}

const isOnePart = ({ spaces }: PlannerConfig): boolean => Object.keys(spaces.observation).length === 1;
const inputNameOf = (part: string): string => `observation.${part}`;

/** Shapes of what the file is shown. */
function observationSpecs(config: PlannerConfig, batchSize: number): Readonly<Record<string, Spec>> {
  const { spaces, nObsSteps } = config;
  if (isOnePart(config))
    return { observations: float32(batchSize, nObsSteps, sizesOf(config).observationSize) };
  return Object.fromEntries(
    Object.entries(spaces.observation).map(([part, { shape }]) => [
      inputNameOf(part),
      float32(batchSize, nObsSteps, ...shape),
    ]),
  );
}

/** The inputs that are parts of an observation, by name. */
function observedParts(config: PlannerConfig, inputs: Readonly<Record<string, Value>>) {
  const space = config.spaces.observation;
  if (isOnePart(config)) return splitObservations(space, inputs.observations);
  return Object.fromEntries(Object.keys(space).map((part) => [part, inputs[inputNameOf(part)]]));
}

/** Differences between actions of the model, run as other programs would, and of the planner, on the same fixed inputs. */
async function parity(
  planner: Planner,
  model: Traced<string, "actions">,
  options: Required<ExportOptions>,
): Promise<Pick<ParityReport, "maximumAbsoluteError" | "maximumRelativeError">> {
  const theta = thetaOf(planner);
  await using sampler = await compileSampler(planner, { ...options, device: cpu() });
  await using exported = await openProgram(model, { device: defaultRuntime });
  const random = new Random(0);
  let [worst, largest] = [0, 0];
  for (let run = 0; run < runs; run++) {
    const observations = drawObservations(planner, options.batchSize, random);
    const draws = Object.fromEntries(
      Object.entries(sampler.inputs)
        .filter(([name]) => name === "start" || name === "noise")
        .map(([name, { shape }]) => [name, drawNoise(shape, random)]),
    );
    const expected = (await sampler.run({ ...draws, observations, theta } as never)).actions;
    const numbers = { ...draws, ...observedNumbers(planner.config, observations) };
    const { actions: found } = await exported.run(numbers);
    for (const [i, action] of expected.entries()) {
      worst = Math.max(worst, Math.abs(found[i] - action));
      largest = Math.max(largest, Math.abs(action));
    }
  }
  if (!Number.isFinite(worst))
    throw new UserError(
      "Actions of the planner, or of the file made of it, are not finite. Check its weights.",
    );
  return { maximumAbsoluteError: worst, maximumRelativeError: largest === 0 ? worst : worst / largest };
}

/** Observations from the ranges that the planner knows. (B, T_o, O) */
function drawObservations({ config, normalizers }: Planner, batchSize: number, random: Random): Float32Array {
  const { seenSize } = sizesOf(config);
  const limits = Object.entries(config.spaces.observation).flatMap(([name, part]) => {
    const { low, high } = normalizers.observation[name];
    return Array.from({ length: sizeOfPart(part) }, (_, i) => [low[i % low.length], high[i % low.length]]);
  });
  const shares = random.fillUniform(new Float32Array(batchSize * seenSize));
  return shares.map((share, i) => {
    const [low, high] = limits[i % limits.length];
    return low + share * (high - low);
  });
}

/** Observations, (B, T_o, O), as the inputs of the file. */
function observedNumbers(
  config: PlannerConfig,
  observations: Float32Array,
): Readonly<Record<string, Float32Array>> {
  if (isOnePart(config)) return { observations };
  const { observationSize } = sizesOf(config);
  const space = config.spaces.observation;
  const rows = Array.from({ length: observations.length / observationSize }, (_, row) =>
    partsOf(space, observations.subarray(row * observationSize, (row + 1) * observationSize)),
  );
  return Object.fromEntries(
    Object.entries(space).map(([name, part]) => {
      const size = sizeOfPart(part);
      const numbers = new Float32Array(rows.length * size);
      for (const [row, parts] of rows.entries()) numbers.set(parts[name], row * size);
      return [inputNameOf(name), numbers];
    }),
  );
}
