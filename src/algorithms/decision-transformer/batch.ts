/**
 * @file Batches of decision transformers, from drawing to the loss: windows of histories, and beside each the prompt of its row.
 * Symbols: B batch, K steps of a history, S steps of a prompt.
 */
import { type Random, type Spaces, sizeOfSpace } from "../../base/index.ts";
import type { EpisodeSummary } from "../../data/index.ts";
import type { Dropout } from "../../nn/index.ts";
import { float32, int32, type Numbers, type Spec, type Value } from "../../tensor/index.ts";
import type { Data } from "../algorithm.ts";
import { type RawSteps, type SequenceModelConfig, sequenceActions } from "./model.ts";
import { actionLoss, type DecisionTransformer } from "./network.ts";
import {
  bestPrompts,
  fillPrompt,
  type HistoryReadings,
  learnableTasks,
  type PromptReadings,
  rankedEpisodes,
  readySteps,
  standardizationOf,
  targetReturns,
  type WindowBatch,
  type WindowSampler,
} from "./windows.ts";

interface SequenceSettings {
  readonly contextSteps: number;
  readonly width: number;
  readonly layers: number;
  readonly heads: number;
  readonly maxSteps: number;
  readonly returnScale: number;
  readonly targetReturn: number | null;
}

const sizesOf = (settings: SequenceSettings, { train }: { readonly train: WindowSampler }) => {
  const { contextSteps, width, layers, heads, maxSteps, returnScale } = settings;
  const { spaces, tasks } = train;
  return { spaces, tasks, contextSteps, width, layers, heads, maxSteps, returnScale };
};

/** Configuration of a model that is told the task by a number. */
export const toldModel = (
  settings: SequenceSettings,
  { histories }: Data<HistoryReadings>,
): SequenceModelConfig => ({
  ...sizesOf(settings, histories),
  isTold: true,
  targetReturns: targetReturns(histories, settings.targetReturn),
  standardization: [standardizationOf(histories.train, learnableTasks(histories.train))],
  prompts: [],
});

/** Configuration of a model that is shown the task by a prompt, and standardizes observations task by task. */
export function promptedModel(settings: SequenceSettings, data: Data<PromptReadings>): SequenceModelConfig {
  const { histories } = data;
  const all = learnableTasks(histories.train);
  return {
    ...sizesOf(settings, histories),
    isTold: false,
    targetReturns: targetReturns(histories, settings.targetReturn),
    standardization: histories.train.tasks.map((_, task) =>
      standardizationOf(histories.train, all.includes(task) ? [task] : all),
    ),
    prompts: bestPrompts(data, settings.maxSteps),
  };
}

const stepSpecs = (rows: number, count: number, { observation, action }: Spaces) => ({
  observation: float32(rows, count, sizeOfSpace(observation)),
  action: float32(rows, count, sizeOfSpace(action)),
  returnToGo: float32(rows, count),
  step: int32(rows, count),
  mask: float32(rows, count),
});

/** Inputs of the loss beside the parameters; those of prompts have names that begin with "prompt.". */
export function lossInputs(
  { spaces, contextSteps, prompts }: SequenceModelConfig,
  rows: number,
): Readonly<Record<string, Spec>> {
  const own = { ...stepSpecs(rows, contextSteps, spaces), task: int32(rows, 1) };
  if (prompts.length === 0) return own;
  return { ...own, ...ofPrompt(stepSpecs(rows, prompts[0].step.length, spaces)) };
}

/** The same under the names of a prompt's inputs. */
const ofPrompt = <T>(columns: Readonly<Record<string, T>>): Readonly<Record<string, T>> =>
  Object.fromEntries(Object.entries(columns).map(([name, column]) => [`prompt.${name}`, column]));

/** Mean squared error of the actions.   inputs: as `lossInputs` names them   returns: () */
export function sequenceLoss(
  config: SequenceModelConfig,
  network: DecisionTransformer<Value>,
  inputs: Readonly<Record<string, Value>>,
  dropout?: Dropout,
): Value {
  const history = inputs as never as RawSteps;
  const names = ["observation", "action", "returnToGo", "step", "mask"];
  const prompt = Object.fromEntries(names.map((name) => [name, inputs[`prompt.${name}`]]));
  const shown = config.prompts.length > 0 && { prompt: prompt as never as RawSteps };
  return actionLoss(
    sequenceActions(config, network, { history, ids: inputs.task, ...shown }, dropout),
    history,
  );
}

/** A batch of the loss's inputs. */
export type SequenceBatch = Readonly<Record<string, Numbers>>;

/** Batches without prompts: rows of all tasks. */
export function toldBatches(sampler: WindowSampler, { maxSteps }: SequenceModelConfig) {
  return {
    empty: (rows: number): SequenceBatch => sampler.emptyBatch(rows),
    async draw(source: WindowSampler, random: Random, batch: SequenceBatch): Promise<void> {
      const windows = batch as never as WindowBatch;
      await source.sample(random, windows);
      readySteps(windows, maxSteps);
    },
  };
}

/** Batches with prompts: rows of one task, or of all. Episodes are ranked once: the data does not grow. */
export function promptedBatches(data: Data<PromptReadings>, { maxSteps }: SequenceModelConfig) {
  const { train } = data.prompts;
  const tasks = learnableTasks(data.histories.train);
  const ranked = new Map<number, readonly EpisodeSummary[]>();
  for (const task of tasks) ranked.set(task, rankedEpisodes(train, task));
  const prompt = (batch: SequenceBatch, rankOf: (row: number) => number) => {
    const names = Object.keys(batch).filter((name) => name.startsWith("prompt."));
    const shown = Object.fromEntries(names.map((name) => [name.slice("prompt.".length), batch[name]]));
    const { task } = batch as never as WindowBatch;
    for (const [row, own] of task.entries()) {
      const episodes = ranked.get(own) ?? [];
      if (episodes.length > 0)
        fillPrompt(train, shown as never as WindowBatch, row, episodes[rankOf(row) % episodes.length]);
    }
    for (const steps of [shown, batch]) readySteps(steps as never as WindowBatch, maxSteps);
  };
  return {
    tasks,
    empty: (rows: number): SequenceBatch => ({
      ...data.histories.train.emptyBatch(rows),
      ...ofPrompt<Numbers>(train.emptyBatch(rows)), // its task column is not among the loss's inputs
    }),
    /** Windows of one task; row i has the prompt of its i-th best episode. */
    async drawTask(random: Random, batch: SequenceBatch, task: number): Promise<void> {
      await data.histories.train.byTask.sample(random, batch as never as WindowBatch, task);
      prompt(batch, (row) => row);
    },
    /** Windows of `source`, of one task or all, with the prompts that the policy acts with. */
    async drawAs(source: WindowSampler, random: Random, batch: SequenceBatch, task?: number): Promise<void> {
      const windows = batch as never as WindowBatch;
      if (task === undefined) await source.sample(random, windows);
      else await source.byTask.sample(random, windows, task);
      prompt(batch, () => 0);
    },
  };
}
