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
import { constant, int32, type Mapped, reshape, type Value } from "../tensor/index.ts";
import type { PolicyKind } from "./algorithm.ts";

interface OneStepPolicy<Model, Network> {
  readonly kind: PolicyKind<Model>;
  readonly model: Model;
  readonly network: Network;
  /** In the order of their numbers. */
  readonly tasks: readonly string[];
  /** Observations that it knows lie between these, (O,) each: the file is checked on such. */
  readonly range: { readonly low: readonly number[]; readonly high: readonly number[] };
  /** observations: (B, O), raw   ids: int32, (B,)   returns: (B, A) */
  act(network: Mapped<Network, Value>, observations: Value, ids: Value): Value;
}

/**
 * Writes `path`, an ONNX file, as `exportPlanner` does. It takes the observation, raw, as planners do with one observation,
 * and, of a policy of several tasks, `task` (B,), int32: their numbers in its metadata. It gives `actions` (B, 1, A).
 */
export async function exportOneStep<Model, Network>(
  { kind, model, network, tasks, range, act }: OneStepPolicy<Model, Network>,
  path: string,
  { batchSize = 1 }: ExportOptions,
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
      inputs: { ...observationInputs(space, 1, batchSize), ...(isTold && { task: int32(batchSize) }) },
      network,
      act(layers, inputs) {
        const ids = inputs.task ?? constant(new Int32Array(batchSize), [batchSize]);
        return reshape(act(layers, observedRows(space, inputs), ids), [batchSize, 1, sizeOfSpace(action)]);
      },
      async answer(random: Random) {
        const id = runs++ % tasks.length;
        const env = { task: tasks[id], spaces };
        await using policy = await kind.compile(model, { env, batchSize, device: cpu() });
        const observations = drawRows(range, batchSize, random);
        const rows = Array.from({ length: batchSize }, (_, row) => ({
          episode: { seed: row, random },
          observations: observations.subarray(row * size, (row + 1) * size),
          state: undefined,
        }));
        const { actions } = await policy.act(rows);
        const ids = new Int32Array(batchSize).fill(id);
        return { inputs: { ...observedNumbers(space, observations), ...(isTold && { task: ids }) }, actions };
      },
    },
    path,
  );
}
