/**
 * @file Windows and prompts from data for MTDiff.
 * Symbols: B batch, H actions, S steps of a prompt, P prompts of a task, N tasks, O observation size, A action size.
 * Source: sequence.py and the loaders of tinnerhrhe/MTDiff (1bed9ca). Differs: each row has a present of its own, where the source
 * takes the same episode and step of every task; the last window of an episode is used; prompts are drawn once from the best
 * episodes of the data, where the source reads expert episodes from files.
 */
import { type Random, sizeOfSpace } from "../../base/index.ts";
import { type Batch, range, type Sampler } from "../../data/index.ts";
import type { Parameter } from "../../tensor/index.ts";

export interface WindowSettings {
  readonly horizon: number;
  readonly discount: number;
  readonly promptSteps: number;
}

const windowColumns = (horizon: number) => ({
  observation: [-1, 0],
  action: range(0, horizon),
  returnToGo: [0],
  step: [0],
  mask: [-1],
  task: [0],
});
export type WindowColumns = ReturnType<typeof windowColumns>;

/** Readings of windows, and of steps that prompts are made of. */
export const mtdiffReadings = ({ horizon, discount, promptSteps }: WindowSettings) => ({
  windows: { columns: windowColumns(horizon), discount },
  prompts: {
    columns: { observation: range(0, promptSteps), action: range(0, promptSteps), task: [0] },
    padAfter: promptSteps - 1,
  },
});
export type MtdiffReadings = ReturnType<typeof mtdiffReadings>;

/** Returns that windows are told by: what is still earned, discounted, over the steps that are left of `maxSteps`. (B,) */
export function valuesOf(
  { returnToGo, step }: Pick<Batch<WindowColumns>, "returnToGo" | "step">,
  maxSteps: number,
): Float32Array {
  return returnToGo.map((earned, row) => earned / Math.max(maxSteps - step[row], 1));
}

/** Prompts of a task begin before this step, where its episodes are long enough. */
const latestStart = 150;
/** Episodes of a task that prompts are taken of. */
const promptEpisodes = 10;

/** Prompts of each task: steps in a row of one of its episodes of highest return, from a random one on. (N, P, S, O + A) */
export function drawPrompts(
  sampler: Sampler<MtdiffReadings["prompts"]["columns"]>,
  perTask: number,
  random: Random,
): Parameter {
  const { spaces, tasks, byTask, spec } = sampler;
  const [size, actionSize] = [spaces.observation, spaces.action].map(sizeOfSpace);
  const steps = spec.action.length;
  const shape = [tasks.length, perTask, steps, size + actionSize];
  const data = new Float32Array(tasks.length * perTask * steps * (size + actionSize));
  const batch = sampler.emptyBatch(1);
  for (const task of tasks.keys()) {
    const earned = byTask.episodes(task).map((episode) => ({ episode, return: episode.return }));
    const best = earned.sort((a, b) => b.return - a.return).slice(0, promptEpisodes);
    for (let i = 0; i < perTask && best.length > 0; i++) {
      const { episode } = best[random.integer(best.length)];
      const starts = Math.max(1, Math.min(latestStart, episode.steps - steps + 1));
      byTask.fill(batch, 0, episode, random.integer(starts));
      for (let step = 0; step < steps; step++) {
        const at = ((task * perTask + i) * steps + step) * (size + actionSize);
        data.set(batch.observation.subarray(step * size, (step + 1) * size), at);
        data.set(batch.action.subarray(step * actionSize, (step + 1) * actionSize), at + size);
      }
    }
  }
  return { shape, data };
}
