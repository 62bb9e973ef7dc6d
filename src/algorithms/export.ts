/**
 * @file A planner as one self-contained ONNX file: normalizers, all denoising steps and weights inside.
 * Symbols: B batch, T_o observations, O observation size, H horizon, T_a executed actions, A action size, S denoising steps.
 */
import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { basename } from "node:path";
import { Random, UserError } from "../base/index.ts";
import { cpu, defaultRuntime } from "../devices/index.ts";
import { type DenoisingOptions, denoisingSteps, drawNoise } from "../diffusion/index.ts";
import {
  constant,
  flatten,
  layoutOf,
  mapTree,
  openProgram,
  type Parameter,
  type Spec,
  sizeOf,
  type Traced,
  trace,
} from "../tensor/index.ts";
import type { Normalizer } from "./normalizer.ts";
import {
  type ActInputs,
  act,
  actSpecs,
  compileSampler,
  diffusionOf,
  type Planner,
  type TracedNetwork,
} from "./planner.ts";

export interface ExportOptions {
  /** Observations answered at once, B. Default: 1. */
  readonly batchSize?: number;
  /** Default: all levels, DDPM. */
  readonly denoising?: DenoisingOptions;
}

/** How far an exported file is from the planner that it was made of. */
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
 * It takes `observations` (B, T_o, O), raw, and standard normal draws: `start` (B, H, A) and, unless no step adds any,
 * `noise` (S, B, H, A). It gives `actions` (B, T_a, A), raw, to be executed one after another. What it was made of is
 * written in its metadata.
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
    actSpecs(config, steps, batchSize),
    (inputs) => ({ actions: act(planner, network, steps, inputs) }),
    {
      format: "sodp planner",
      version: "1",
      planner: JSON.stringify(config),
      normalizers: JSON.stringify(normalizers),
      denoising: JSON.stringify(denoising),
    },
  );
  await writeFile(path, onnx);
  const report: ParityReport = {
    file: basename(path),
    sha256: createHash("sha256").update(onnx).digest("hex"),
    runs,
    numbersPerRun: sizeOf(outputs.actions.shape),
    ...(await parity(planner, { onnx: await readFile(path), inputs, outputs }, { batchSize, denoising })),
  };
  await writeFile(`${path.replace(/\.onnx$/, "")}.parity.json`, `${JSON.stringify(report, null, 2)}\n`);
  return report;
}

/** Differences between actions of the model, run as other programs would, and of the planner, on the same fixed inputs. */
async function parity(
  planner: Planner,
  model: Traced<keyof ActInputs, "actions">,
  options: Required<ExportOptions>,
): Promise<Pick<ParityReport, "maximumAbsoluteError" | "maximumRelativeError">> {
  const layout = layoutOf(planner.network);
  const theta = new Float32Array(layout.size);
  flatten(planner.network, theta);
  await using sampler = await compileSampler(planner, { ...options, device: cpu() });
  await using exported = await openProgram(model, { device: defaultRuntime });
  const random = new Random(0);
  let [worst, largest] = [0, 0];
  for (let run = 0; run < runs; run++) {
    const numbers = drawInputs(model.inputs, planner.normalizers.observations, random);
    const expected = (await sampler.run({ ...numbers, theta } as never)).actions;
    const { actions: found } = await exported.run(numbers as never);
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

/** Observations from the range that the planner knows, and normal draws for all else. */
function drawInputs(
  specs: Readonly<Record<string, Spec>>,
  { low, high }: Normalizer,
  random: Random,
): Record<string, Float32Array> {
  const draws = Object.entries(specs).map(([name, { shape }]) => [name, drawNoise(shape, random)] as const);
  const shares = random.fillUniform(new Float32Array(sizeOf(specs.observations.shape)));
  const observations = shares.map((share, i) => {
    const dimension = i % low.length;
    return low[dimension] + share * (high[dimension] - low[dimension]);
  });
  return { ...Object.fromEntries(draws), observations };
}
