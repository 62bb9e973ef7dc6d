/**
 * @file A planner as one self-contained ONNX file: normalizers, all denoising steps and weights inside.
 * Symbols: B batch, T_o observations, O observation size, H horizon, T_a executed actions, A action size, S denoising steps.
 */
import { type Random, sizeOfPart } from "../../base/index.ts";
import { cpu } from "../../devices/index.ts";
import { denoisingSteps, drawNoise } from "../../diffusion/index.ts";
import {
  concat,
  constant,
  fillNormalDraws,
  int32,
  normalFromSeed,
  type Spec,
  sizeOf,
  type Value,
} from "../../tensor/index.ts";
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

/** Rows on which a file that takes any number of them is held against the planner. */
const answered = 3;

/**
 * Writes `path`, an ONNX file, and beside it the report (`.parity.json` for `.onnx`) on how it fared against the planner.
 *
 * It takes the latest observations, raw: `observations` (B, T_o, O), or, of a planner that observes several parts, each as
 * `observation.NAME` (B, T_o, ...shape); and standard normal draws: `start` (B, H, A) and, unless no step adds any, `noise`
 * (S, B, H, A), or, if it is to draw them itself, `seed`, int32 (), or nothing. It gives `actions` (B, T_a, A), raw,
 * to be executed one after another. What it was made of is written in its metadata. See docs/onnx.md.
 */
export async function exportPlanner(
  planner: Planner,
  path: string,
  { batchSize, denoising = {}, noise = "input" }: ExportOptions = {},
): Promise<ParityReport> {
  const { config, normalizers, network } = planner;
  const space = config.spaces.observation;
  const steps = denoisingSteps(diffusionOf(config), denoising);
  const [traced, rows] = [batchSize ?? 1, batchSize ?? answered];
  const draws = drawSpecs(config, steps, traced);
  const theta = thetaOf(planner);
  const observed = observationInputs(space, config.nObsSteps, traced);
  const [drawsItself, isAny] = [noise !== "input", batchSize === undefined];
  const counted = { ...(noise === "seed" && { seed: int32() }), ...(isAny && { row: int32() }) };
  const axes = Object.fromEntries([...Object.keys(observed), "start", "actions"].map((name) => [name, 0]));
  await using sampler = await compileSampler(planner, { batchSize: rows, denoising, device: cpu() });
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
      inputs: { ...observed, ...(drawsItself ? counted : draws) },
      ...(isAny && { rows: { axes: { ...axes, noise: 1 }, ...(drawsItself && { index: "row" }) } }),
      answered: rows,
      network,
      act: (layers, inputs) =>
        act(planner, layers as TracedNetwork, steps, {
          observation: observedParts(space, inputs),
          ...(drawsItself ? drawsOf(draws, inputs) : (inputs as Readonly<Record<keyof typeof draws, never>>)),
        }),
      async answer(random) {
        const observations = drawObservations(planner, rows, random);
        const specs = drawSpecs(config, steps, rows);
        const seed = noise === "seed" ? random.integer(2 ** 31) : 0;
        const numbers = Object.fromEntries(
          Object.entries(specs).map(([name, { shape }]) => [
            name,
            drawsItself ? seededDraws(name, shape, seed) : drawNoise(shape, random),
          ]),
        );
        const { actions } = await sampler.run({ ...numbers, observations, theta } as never);
        const given = drawsItself ? { ...(noise === "seed" && { seed: Int32Array.of(seed) }) } : numbers;
        return { inputs: { ...given, ...observedNumbers(space, observations) }, actions };
      },
    },
    path,
  );
}

/** Streams of a row's noise. */
const streams = { start: 0, noise: 1 } as const;
const isStart = (name: string): name is "start" => name === "start";

/** Noise that the graph draws from its seed, a row at a time: each has the same draws whatever rows are beside it. */
function drawsOf(
  specs: Readonly<Record<string, Spec>>,
  { seed = scalar(0), row }: Readonly<Record<string, Value>>,
): { readonly start: Value; readonly noise?: Value } {
  const drawn = Object.entries(specs).map(([name, { shape }]) => {
    const [axis, stream] = isStart(name) ? [0, streams.start] : [1, streams.noise];
    const own = shape.with(axis, 1);
    const rows = Array.from({ length: shape[axis] }, (_, i) =>
      normalFromSeed(seed, row ?? scalar(i), own, stream),
    );
    return [name, rows.length === 1 ? rows[0] : concat(rows, axis)];
  });
  return Object.fromEntries(drawn);
}

const scalar = (value: number): Value => constant(Int32Array.of(value), []);

/** The same numbers. shape: (B, H, A) of the start, (S, B, H, A) of the noise */
function seededDraws(name: string, shape: readonly number[], seed: number): Float32Array {
  const all = new Float32Array(sizeOf(shape));
  const [before, rows, after] = isStart(name)
    ? [1, shape[0], sizeOf(shape.slice(1))]
    : [shape[0], shape[1], sizeOf(shape.slice(2))];
  for (let row = 0; row < rows; row++) {
    const own = new Float32Array(before * after);
    fillNormalDraws(own, seed, row, isStart(name) ? streams.start : streams.noise);
    for (let step = 0; step < before; step++)
      all.set(own.subarray(step * after, (step + 1) * after), (step * rows + row) * after);
  }
  return all;
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
