/** @file Choosing episodes to draw from: by task, by time of collection, by what they earned. */
import { canonicalTask } from "../../envs/index.ts";
import type { EpisodeStore, ReadSteps } from "./episode-store.ts";

/** Facts by which an episode is chosen. Labels are read when they are asked for. */
export interface EpisodeSummary {
  /** Index in the store. */
  readonly index: number;
  /** Counts over the whole collection, where others are left out too. */
  readonly number: number;
  readonly task: string;
  readonly steps: number;
  readonly terminated: boolean;
  /** Undiscounted sum of its rewards. */
  readonly return: number;
  /** True if any of its steps solved the task. */
  readonly solved: boolean;
}

/** Episodes that are drawn from, of those there are, in order of collection. */
export type EpisodeFilter = (episodes: readonly EpisodeSummary[]) => readonly EpisodeSummary[];

/** Episodes of these tasks, however they are spelled. */
export function ofTasks(names: readonly string[]): EpisodeFilter {
  const tasks = new Set(names.map(canonicalTask));
  return (episodes) => episodes.filter(({ task }) => tasks.has(canonicalTask(task)));
}

/**
 * The n-th of equal parts of each task's episodes in order of collection: parts differ by at most one episode.
 * n: 0 to parts - 1, so that `partOfCollection(0, 2)` is the first half
 */
export const partOfCollection = (n: number, parts: number): EpisodeFilter =>
  perTask((episodes) => {
    const edge = (i: number) => Math.round((i * episodes.length) / parts);
    return episodes.slice(edge(n), edge(n + 1));
  });

/**
 * The best episodes of each task, in order of collection; among equals the earlier.
 * by: "return", or "success": solved ones before others, among them by return
 */
export const bestOfTask = (count: number, by: "return" | "success"): EpisodeFilter =>
  perTask((episodes) => {
    const ranked = episodes.toSorted(
      (a, b) => (by === "success" ? Number(b.solved) - Number(a.solved) : 0) || b.return - a.return,
    );
    return ranked.slice(0, count).sort((a, b) => a.index - b.index);
  });

/** Chooses among each task's episodes alone; those chosen stay in order of collection. */
function perTask(choose: EpisodeFilter): EpisodeFilter {
  return (episodes) => {
    const tasks = new Map<string, EpisodeSummary[]>();
    for (const episode of episodes) {
      const own = tasks.get(episode.task) ?? [];
      tasks.set(episode.task, own);
      own.push(episode);
    }
    return [...tasks.values()].flatMap(choose).sort((a, b) => a.index - b.index);
  };
}

/** Summaries of episodes of a store. */
export function summariesOf(store: EpisodeStore, episodes: Uint32Array): EpisodeSummary[] {
  const read = (column: "reward" | "success") => {
    let reader: ReadSteps | undefined;
    return (index: number) => {
      reader ??= store.readers([column], episodes, 0)[column] as ReadSteps;
      const steps = new Float32Array(store.stepsOf(index));
      reader(index, 0, steps.length, steps, 0);
      return steps;
    };
  };
  const [rewards, successes] = [read("reward"), read("success")];
  return Array.from(episodes, (index) => ({
    index,
    number: store.numberOf(index),
    get task() {
      return store.tasks[store.taskOf(index)];
    },
    steps: store.stepsOf(index),
    get terminated() {
      return store.isTerminated(index);
    },
    get return() {
      return rewards(index).reduce((sum, reward) => sum + reward, 0);
    },
    get solved() {
      return successes(index).includes(1);
    },
  }));
}
