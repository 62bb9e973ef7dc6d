/**
 * @file Histories and prompts from data, and what the model keeps of the data. Symbols: K steps of a history, S of a prompt.
 * Source: prompt_utils.py of charleshsc/HarmoDT (1c4244f). Differs: padding stands behind the steps; in training row i of a
 * batch has the prompt of the i-th best episode, the source's row 0 has that of the worst; prompts come from the episodes that
 * are learned from, as the source's do although it means to hold some out.
 */
import { UserError } from "../../base/index.ts";
import { type Batch, type EpisodeSummary, range, type Sampler } from "../../data/index.ts";
import type { Data } from "../algorithm.ts";
import type { SequenceModelConfig } from "./model.ts";

const columnsOf = (count: number) => {
  const steps = range(0, count);
  return { observation: steps, action: steps, returnToGo: steps, step: steps, mask: steps, task: [0] };
};
export type WindowSpec = ReturnType<typeof columnsOf>;
export type WindowBatch = Batch<WindowSpec>;

/** A reading of `count` steps from any step of an episode on: the last of them are padding where the episode ends. */
const windows = (count: number) => ({ columns: columnsOf(count), padAfter: count - 1 });
interface Windows {
  readonly columns: WindowSpec;
  readonly padAfter: number;
}

export const historyReadings = ({ contextSteps }: { readonly contextSteps: number }) => ({
  histories: windows(contextSteps),
});
export const promptReadings = (config: { readonly contextSteps: number; readonly promptSteps: number }) => ({
  ...historyReadings(config),
  prompts: windows(config.promptSteps),
});
export interface HistoryReadings {
  readonly [name: string]: Windows;
  readonly histories: Windows;
}
export interface PromptReadings extends HistoryReadings {
  readonly prompts: Windows;
}
export type WindowSampler = Sampler<WindowSpec>;

/** Numbers of the tasks of which there is something to learn from. */
export const learnableTasks = ({ tasks, byTask }: WindowSampler): number[] =>
  [...tasks.keys()].filter((task) => byTask.episodes(task).length > 0);

/** Episodes of a task from the highest return to the lowest; among equals the earlier first. */
export const rankedEpisodes = ({ byTask }: WindowSampler, task: number): EpisodeSummary[] =>
  byTask
    .episodes(task)
    .map((episode) => ({ episode, earned: episode.return }))
    .sort((a, b) => b.earned - a.earned)
    .map(({ episode }) => episode);

/** Padding is of step 0. Throws UserError for a step that the network does not tell apart. */
export function readySteps({ step, mask }: Pick<WindowBatch, "step" | "mask">, maxSteps: number): void {
  for (let i = 0; i < step.length; i++) {
    if (mask[i] === 0) step[i] = 0;
    if (step[i] >= maxSteps)
      throw new UserError(
        `The data has episodes of more than ${maxSteps} steps, which is all that the network tells apart. Raise maxSteps.`,
      );
  }
}

/** Fills row `row` with the prompt of an episode: its last steps but one. */
export function fillPrompt(
  { byTask, spec }: WindowSampler,
  batch: WindowBatch,
  row: number,
  episode: EpisodeSummary,
): void {
  byTask.fill(batch, row, episode, Math.max(0, episode.steps - spec.step.length - 1));
}

/** Mean and deviation of observations over all steps of some tasks; 1e-6 is added to the deviation, as the source does. */
export function standardizationOf(
  sampler: WindowSampler,
  tasks: readonly number[],
): SequenceModelConfig["standardization"][number] {
  const batch = sampler.emptyBatch(1);
  const width = sampler.spec.step.length;
  const size = batch.observation.length / width;
  const over = (add: (dimension: number, x: number) => void): number => {
    let count = 0;
    for (const task of tasks)
      for (const episode of sampler.byTask.episodes(task))
        for (let step = 0; step < episode.steps; step += width) {
          sampler.byTask.fill(batch, 0, episode, step);
          const rows = Math.min(width, episode.steps - step);
          for (let i = 0; i < rows * size; i++) add(i % size, batch.observation[i]);
          count += rows;
        }
    return count;
  };
  const sums = new Float64Array(size);
  const count = over((dimension, x) => {
    sums[dimension] += x;
  });
  const mean = [...sums.map((sum) => sum / count)];
  const squares = new Float64Array(size); // of differences to the mean: no digits are lost far from 0
  over((dimension, x) => {
    squares[dimension] += (x - mean[dimension]) ** 2;
  });
  return { mean, std: [...squares.map((sum) => Math.sqrt(sum / count) + 1e-6)] };
}

/** The prompts that the policy acts with: of each task the best episode's. */
export function bestPrompts(
  { histories, prompts }: Data<PromptReadings>,
  maxSteps: number,
): SequenceModelConfig["prompts"] {
  const { train } = prompts;
  const nothing = train.emptyBatch(1);
  return histories.train.tasks.map((_, task) => {
    const batch = train.emptyBatch(1);
    const [best] = rankedEpisodes(train, task);
    if (best !== undefined) fillPrompt(train, batch, 0, best);
    readySteps(batch, maxSteps);
    const { observation, action, returnToGo, step, mask } = best === undefined ? nothing : batch;
    const numbers = { observation, action, returnToGo, step, mask };
    return Object.fromEntries(Object.entries(numbers).map(([name, data]) => [name, [...data]])) as never;
  });
}

/** The return that the policy asks for, of each task. target: null: the best in the data */
export const targetReturns = (
  { train }: Data<HistoryReadings>["histories"],
  target: number | null,
): number[] => train.tasks.map((_, task) => target ?? rankedEpisodes(train, task)[0]?.return ?? 0);
