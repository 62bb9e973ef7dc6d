/**
 * @file A policy as one self-contained ONNX file, its weights inside, held against the policy that it was made of.
 * Symbols: B batch, T_o observations, O observation size, T_a executed actions, A action size.
 */
import { createHash } from "node:crypto";
import { rm } from "node:fs/promises";
import { basename } from "node:path";
import { partsOf, Random, type Space, sizeOfPart, sizeOfSpace, UserError } from "../../base/index.ts";
import { defaultRuntime } from "../../devices/index.ts";
import type { DenoisingOptions } from "../../diffusion/index.ts";
import { writeWhole } from "../../platform/index.ts";
import {
  concat,
  constant,
  float32,
  type Mapped,
  type ModelOptions,
  mapTree,
  openProgram,
  type Parameter,
  reshape,
  type Spec,
  sizeOf,
  trace,
  type Value,
} from "../../tensor/index.ts";
import { splitObservations } from "../index.ts";

export interface ExportOptions {
  /** Rows answered at once, B. Default: of a planner any number, one after another; of other policies 1. */
  readonly batchSize?: number;
  /**
   * Noise of a planner. "input", the default: the file is given it. "seed": the file draws it from an input `seed`. "fixed": from
   * seed 0, the same at every call, so that observations alone are enough.
   */
  readonly noise?: "input" | "seed" | "fixed";
  /** Of a policy that denoises. Default: all timesteps, DDPM. */
  readonly denoising?: DenoisingOptions;
}

/** Distance of an exported file from the policy that it was made of. */
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

/** Arrays of a run, by the names of the inputs. */
type Numbers = Readonly<Record<string, Float32Array | Int32Array>>;

/** A policy as it is written to a file. */
export interface WrittenPolicy<Network> {
  /** Name in messages: "planner". */
  readonly noun: string;
  /** Text that the file keeps, by name. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly inputs: Readonly<Record<string, Spec>>;
  /** Parameters; constants of the file. */
  readonly network: Network;
  /** Actions to be executed one after another, raw, (B, T_a, A). */
  act(network: Mapped<Network, Value>, inputs: Readonly<Record<string, Value>>): Value;
  /** How the file takes any number of rows, if it does. */
  readonly rows?: ModelOptions["rows"];
  /** Rows of what `answer` draws, where the file takes any number of them. */
  readonly answered?: number;
  /** Inputs that are drawn, and the actions that the policy itself answers them with. */
  answer(random: Random): Promise<{ readonly inputs: Numbers; readonly actions: Float32Array }>;
}

const runs = 8;

/** File of the report on an exported file. */
export const reportOf = (path: string): string => `${path.replace(/\.onnx$/, "")}.parity.json`;

/**
 * Writes `path`, an ONNX file, and beside it the report (`.parity.json` for `.onnx`) on how it fared against the policy.
 * Throws UserError if actions of one of the two are not finite. An export that fails leaves no file.
 */
export async function writeOnnx<Network>(
  policy: WrittenPolicy<Network>,
  path: string,
): Promise<ParityReport> {
  const network = mapTree(policy.network, (leaf) => {
    const { shape, data } = leaf as Parameter;
    return constant(data, shape);
  }) as Mapped<Network, Value>;
  const { onnx, inputs, outputs } = trace(
    policy.inputs,
    (values) => ({ actions: policy.act(network, values) }),
    { metadata: policy.metadata, ...(policy.rows && { rows: policy.rows }) },
  );
  const sized = (specs: Readonly<Record<string, Spec>>) => sizedSpecs(specs, policy);
  await using exported = await openProgram(
    { onnx, inputs: sized(inputs), outputs: sized(outputs) as typeof outputs },
    { device: defaultRuntime },
  );
  const report: ParityReport = {
    file: basename(path),
    sha256: createHash("sha256").update(onnx).digest("hex"),
    runs,
    numbersPerRun: sizeOf(sized(outputs).actions.shape),
    ...(await parity(policy, async (numbers) => (await exported.run(numbers)).actions)),
  };
  await writeWhole(path, onnx);
  await writeWhole(reportOf(path), `${JSON.stringify(report, null, 2)}\n`).catch(async (error: unknown) => {
    await rm(path); // half of an export is none
    throw error;
  });
  return report;
}

/** Specs of the inputs that a file is given and of its outputs, for as many rows as are answered. */
function sizedSpecs(
  specs: Readonly<Record<string, Spec>>,
  { rows, answered = 1 }: Pick<WrittenPolicy<never>, "rows" | "answered">,
): Record<string, Spec> {
  if (rows === undefined) return { ...specs };
  const given = Object.entries(specs).filter(([name]) => name !== rows.index);
  return Object.fromEntries(
    given.map(([name, { dtype, shape }]) => [
      name,
      { dtype, shape: shape.map((size, axis) => (axis === rows.axes[name] ? answered : size)) },
    ]),
  );
}

/** Differences between actions of the file, run as other programs would, and of the policy, on the same fixed inputs. */
async function parity(
  { noun, answer }: Pick<WrittenPolicy<never>, "noun" | "answer">,
  exported: (inputs: Numbers) => Promise<Float32Array>,
): Promise<Pick<ParityReport, "maximumAbsoluteError" | "maximumRelativeError">> {
  const random = new Random(0);
  let [worst, largest] = [0, 0];
  for (let run = 0; run < runs; run++) {
    const { inputs, actions } = await answer(random);
    const found = await exported(inputs);
    const fails = (of: Float32Array) => of.some((action) => !Number.isFinite(action));
    if (fails(actions)) throw new UserError(`Actions of the ${noun} are not finite. Check its weights.`);
    if (fails(found))
      throw new UserError(
        `Actions of the file made of the ${noun} are not finite, those of the ${noun} are: the export is at fault.`,
      );
    for (const [i, action] of actions.entries()) {
      worst = Math.max(worst, Math.abs(found[i] - action));
      largest = Math.max(largest, Math.abs(action));
    }
  }
  return { maximumAbsoluteError: worst, maximumRelativeError: largest === 0 ? worst : worst / largest };
}

const isOnePart = (space: Space): boolean => Object.keys(space).length === 1;
const inputNameOf = (part: string): string => `observation.${part}`;

/**
 * Inputs of the latest observations, raw: `observations`, (B, T_o, O), or, where several parts are observed, each as
 * `observation.NAME`, (B, T_o, ...shape).
 */
export function observationInputs(
  space: Space,
  nObsSteps: number,
  batchSize: number,
): Readonly<Record<string, Spec>> {
  if (isOnePart(space)) return { observations: float32(batchSize, nObsSteps, sizeOfSpace(space)) };
  return Object.fromEntries(
    Object.entries(space).map(([part, { shape }]) => [
      inputNameOf(part),
      float32(batchSize, nObsSteps, ...shape),
    ]),
  );
}

/** The parts of an observation among the inputs, (B, T_o, ...shape) each. */
export function observedParts(space: Space, inputs: Readonly<Record<string, Value>>) {
  if (isOnePart(space)) return splitObservations(space, inputs.observations);
  return Object.fromEntries(Object.keys(space).map((part) => [part, inputs[inputNameOf(part)]]));
}

/** The latest observation among the inputs of a policy that sees one, all parts in a row. (B, O) */
export function observedRows(space: Space, inputs: Readonly<Record<string, Value>>): Value {
  const parts = Object.values(observedParts(space, inputs)).map((part) => reshape(part, [part.shape[0], -1]));
  return parts.length === 1 ? parts[0] : concat(parts, 1);
}

/** Rows whose numbers lie between those of `low` and `high`, (O,) each. (rows, O) */
export function drawRows(
  { low, high }: { readonly low: readonly number[]; readonly high: readonly number[] },
  rows: number,
  random: Random,
): Float32Array {
  const shares = random.fillUniform(new Float32Array(rows * low.length));
  return shares.map((share, i) => {
    const [bottom, top] = [low[i % low.length], high[i % low.length]];
    return bottom + share * (top - bottom);
  });
}

/** Observations, (rows, O), as the inputs of the file. */
export function observedNumbers(
  space: Space,
  observations: Float32Array,
): Readonly<Record<string, Float32Array>> {
  if (isOnePart(space)) return { observations };
  const size = sizeOfSpace(space);
  const rows = Array.from({ length: observations.length / size }, (_, row) =>
    partsOf(space, observations.subarray(row * size, (row + 1) * size)),
  );
  return Object.fromEntries(
    Object.entries(space).map(([name, part]) => {
      const own = sizeOfPart(part);
      const numbers = new Float32Array(rows.length * own);
      for (const [row, parts] of rows.entries()) numbers.set(parts[name], row * own);
      return [inputNameOf(name), numbers];
    }),
  );
}
