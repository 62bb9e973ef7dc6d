/**
 * @file How an agent's networks see an observation: centred and scaled, if asked for, with the task behind it.
 * Symbols: O observation size, N tasks, C numbers that tell tasks apart: N, or 0 of a single task.
 */
import { z } from "zod";
import { constant, mul, sub, type Value } from "../../tensor/index.ts";

/** Deviations below that count as that: what hardly moved by chance may move later. Metres, or parts of a quaternion. */
const leastDeviation = 0.05;

/** Center that is subtracted from observations, and scale that they are then multiplied by. (O,) each: plain JSON */
export const ObservationScaling = z.strictObject({
  center: z.array(z.number()).min(1).readonly(),
  scale: z.array(z.number()).min(1).readonly(),
});
export type ObservationScaling = Readonly<z.infer<typeof ObservationScaling>>;

/** Observations as the networks see them, without the task.   observations: (B, O), raw   returns: (B, O) */
export const scaledObservations = ({ center, scale }: ObservationScaling, observations: Value): Value =>
  mul(sub(observations, constant([...center])), constant([...scale]));

export class ObservationEncoder {
  /** Names of the tasks: their order is that of the numbers that tell them apart. */
  readonly tasks: readonly string[];
  /** Numbers that the networks see, O + C. */
  readonly size: number;
  readonly #observationSize: number;
  /** (O,) each */
  readonly #center: Float64Array;
  readonly #scale: Float64Array;

  /** Until `fit` is called, observations are seen as they are, or as `scaling` says. */
  constructor(observationSize: number, tasks: readonly string[], scaling?: ObservationScaling) {
    this.tasks = tasks;
    this.size = encodedSize(observationSize, tasks);
    this.#observationSize = observationSize;
    this.#center = Float64Array.from(scaling?.center ?? new Float64Array(observationSize));
    this.#scale = Float64Array.from(scaling?.scale ?? new Float64Array(observationSize).fill(1));
  }

  get scaling(): ObservationScaling {
    return { center: [...this.#center], scale: [...this.#scale] };
  }

  /** From now on observations are seen with mean 0 and deviation 1 over all rows of `parts`, (rows, O) each. */
  fit(parts: readonly Float32Array[]): void {
    const size = this.#observationSize;
    const steps = parts.reduce((sum, { length }) => sum + length / size, 0);
    for (let i = 0; i < size; i++) {
      let [sum, squares] = [0, 0];
      for (const rows of parts) for (let at = i; at < rows.length; at += size) sum += rows[at];
      const mean = sum / steps;
      for (const rows of parts)
        for (let at = i; at < rows.length; at += size) squares += (rows[at] - mean) ** 2;
      this.#center[i] = mean;
      this.#scale[i] = 1 / Math.max(Math.sqrt(squares / steps), leastDeviation);
    }
  }

  /** Writes what the networks see of an observation, (O,), in a task: `size` numbers at `offset` of `rows`. */
  write(rows: Float32Array, offset: number, observation: Float32Array, task: number): void {
    const size = this.#observationSize;
    for (let i = 0; i < size; i++) rows[offset + i] = (observation[i] - this.#center[i]) * this.#scale[i];
    if (this.tasks.length === 1) return;
    rows.fill(0, offset + size, offset + this.size);
    rows[offset + size + task] = 1;
  }
}

/** Numbers that networks see of an observation in one of `tasks`, O + C. */
export function encodedSize(observationSize: number, tasks: readonly string[]): number {
  return observationSize + (tasks.length === 1 ? 0 : tasks.length);
}
