/**
 * @file Export of policies that act on one observation, an action at a time, some of which are told the number of their task.
 * Symbols: B batch, O observation size, A action size.
 */
import { type Random, sizeOfSpace } from "../base/index.ts";
import { cpu } from "../devices/index.ts";
import {
  drawRows,
  type ExportOptions,
  observationInputs,
  observedNumbers,
  observedRows,
  type ParityReport,
  writeOnnx,
} from "../policies/files/index.ts";
import { constant, int32, type Mapped, reshape, type Spec, type Value } from "../tensor/index.ts";
import type { PolicyKind } from "./algorithm.ts";

interface OneStepPolicy<Model, Network> {
  readonly kind: PolicyKind<Model>;
  readonly model: Model;
  readonly network: Network;
  /** In the order of their numbers. */
  readonly tasks: readonly string[];
  /** Observations that it knows lie between these, (O,) each: the file is checked on such. */
  readonly range: { readonly low: readonly number[]; readonly high: readonly number[] };
  /** Standard normal or other numbers that actions are drawn with: further inputs of the file. */
  readonly draws?: Draws;
  /** observations: (B, O), raw   ids: int32, (B,)   returns: (B, A) */
  act(
    network: Mapped<Network, Value>,
    observations: Value,
    ids: Value,
    draws: Readonly<Record<string, Value>>,
  ): Value;
}

/** Draws of a policy whose actions are random. */
export interface Draws {
  specs(batchSize: number): Readonly<Record<string, Spec>>;
  /** Numbers of as many rows as there are episodes, of their own streams; the others' are 0. */
  fill(episodes: readonly Random[], batchSize: number): Readonly<Record<string, Float32Array>>;
}

/**
 * Writes `path`, an ONNX file, as `exportPlanner` does. It takes the observation, raw, as planners do with one observation,
 * and, of a policy of several tasks, `task` (B,), int32: their numbers in its metadata; what random actions are drawn with is
 * an input, too. It gives `actions` (B, 1, A).
 */
export async function exportOneStep<Model, Network>(
  { kind, model, network, tasks, range, draws, act }: OneStepPolicy<Model, Network>,
  path: string,
  { batchSize = 1, denoising }: ExportOptions,
): Promise<ParityReport> {
  const { spaces, config } = kind.describe(model);
  const { observation: space, action } = spaces;
  const isTold = tasks.length > 1;
  const size = sizeOfSpace(space);
  let runs = 0;
  return writeOnnx(
    {
      noun: "policy",
      metadata: { format: kind.format, policy: JSON.stringify(config) },
      inputs: {
        ...observationInputs(space, 1, batchSize),
        ...(isTold && { task: int32(batchSize) }),
        ...draws?.specs(batchSize),
      },
      network,
      act(layers, inputs) {
        const ids = inputs.task ?? constant(new Int32Array(batchSize), [batchSize]);
        const actions = act(layers, observedRows(space, inputs), ids, inputs);
        return reshape(actions, [batchSize, 1, sizeOfSpace(action)]);
      },
      async answer(random: Random) {
        const run = runs++;
        const id = run % tasks.length;
        const env = { task: tasks[id], spaces };
        await using policy = await kind.compile(model, {
          env,
          batchSize,
          device: cpu(),
          ...(denoising && { denoising }),
        });
        const observations = drawRows(range, batchSize, random);
        const streams = () =>
          Array.from({ length: batchSize }, (_, row) => random.split(`run ${run}, ${row}`));
        const rows = streams().map((stream, row) => ({
          episode: { seed: row, random: stream },
          observations: observations.subarray(row * size, (row + 1) * size),
          state: undefined,
        }));
        const { actions } = await policy.act(rows);
        const inputs = {
          ...observedNumbers(space, observations),
          ...(isTold && { task: new Int32Array(batchSize).fill(id) }),
          ...draws?.fill(streams(), batchSize),
        };
        return { inputs, actions };
      },
    },
    path,
  );
}
