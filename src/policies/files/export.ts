/**
 * @file A planner as one self-contained ONNX file: normalizers, all denoising steps and weights inside.
 * Symbols: B batch, T_o observations, O observation size, H horizon, T_a executed actions, A action size, S denoising steps.
 */
import { type Random, sizeOfPart } from "../../base/index.ts";
import { cpu } from "../../devices/index.ts";
import { denoisingSteps, drawNoise } from "../../diffusion/index.ts";
import {
  act,
  compileSampler,
  diffusionOf,
  drawSpecs,
  type Planner,
  plannerFormat,
  type TracedNetwork,
  thetaOf,
} from "../index.ts";
import {
  drawRows,
  type ExportOptions,
  observationInputs,
  observedNumbers,
  observedParts,
  type ParityReport,
  writeOnnx,
} from "./onnx-file.ts";

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
  const { config, normalizers, network } = planner;
  const space = config.spaces.observation;
  const steps = denoisingSteps(diffusionOf(config), denoising);
  const draws = drawSpecs(config, steps, batchSize);
  const theta = thetaOf(planner);
  await using sampler = await compileSampler(planner, { batchSize, denoising, device: cpu() });
  return await writeOnnx(
    {
      noun: plannerFormat.noun,
      metadata: {
        format: plannerFormat.format,
        version: String(plannerFormat.version),
        planner: JSON.stringify(config),
        normalizers: JSON.stringify(normalizers),
        denoising: JSON.stringify(denoising),
      },
      inputs: { ...observationInputs(space, config.nObsSteps, batchSize), ...draws },
      network,
      act: (layers, inputs) =>
        act(planner, layers as TracedNetwork, steps, {
          observation: observedParts(space, inputs),
          ...(inputs as Readonly<Record<keyof typeof draws, never>>),
        }),
      async answer(random) {
        const observations = drawObservations(planner, batchSize, random);
        const drawn = Object.fromEntries(
          Object.entries(draws).map(([name, { shape }]) => [name, drawNoise(shape, random)]),
        );
        const { actions } = await sampler.run({ ...drawn, observations, theta } as never);
        return { inputs: { ...drawn, ...observedNumbers(space, observations) }, actions };
      },
    },
    path,
  );
}

/** Observations from the ranges that the planner knows. (B, T_o, O) */
function drawObservations({ config, normalizers }: Planner, batchSize: number, random: Random): Float32Array {
  const limitsOf = (end: "low" | "high") =>
    Object.entries(config.spaces.observation).flatMap(([name, part]) => {
      const own = normalizers.observation[name][end];
      return Array.from({ length: sizeOfPart(part) }, (_, i) => own[i % own.length]);
    });
  return drawRows({ low: limitsOf("low"), high: limitsOf("high") }, batchSize * config.nObsSteps, random);
}
