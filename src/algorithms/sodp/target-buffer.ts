/**
 * @file The proficient trajectories of a fine-tuning, whole: what the planner is kept close to.
 * Symbols: T steps of an episode, L steps after which an episode is truncated.
 */
import { type StoredTensors, UserError } from "../../base/index.ts";
import { type Episode, EpisodeList, type Sampler, samplerOf } from "../../data/index.ts";
import type { PlannerConfig } from "../../policies/index.ts";
import { floats, vector } from "../training-state.ts";
import { type PlannerReadings, plannerWindows } from "./planner-policy.ts";

const arrays = ["observations", "finalObservation", "actions", "rewards"] as const;
const labelsOf = ({ seed, terminated }: Episode) => Float64Array.of(seed, Number(terminated));

type Shape = Pick<PlannerConfig, "spaces" | "horizon" | "nObsSteps" | "nActionSteps">;

/** A trajectory and what it is worth. */
interface Entry {
  readonly episode: Episode;
  readonly solved: boolean;
  readonly score: number;
}

/** Share of all trajectories, those with the highest scores, that are proficient though none of them solved the task. */
const proficientShare = 0.1;

/**
 * The best trajectories met so far, at most `size`: those that solved the task and, while they are fewer than a tenth of
 * all, those that came nearest by their score. Among equals the higher score wins, then the earlier.
 * Source: the paper's B_target, trajectory-level as in Online Decision Transformer (Zheng et al. 2022, arXiv:2202.05607).
 */
export class TargetBuffer {
  readonly #size: number;
  readonly #maxSteps: number;
  readonly #shape: Shape;
  #entries: readonly Entry[] = [];
  /** Trajectories so far, kept or not. */
  #met = 0;

  /** maxSteps: L */
  constructor(size: number, maxSteps: number, shape: Shape) {
    this.#size = size;
    this.#maxSteps = maxSteps;
    this.#shape = shape;
  }

  /** The trajectories, the best first. */
  get episodes(): readonly Episode[] {
    return this.#entries.map(({ episode }) => episode);
  }

  /** Share of the trajectories that solved the task, 0 to 1, and their mean score. */
  get quality(): { readonly success: number; readonly score: number } {
    const count = Math.max(this.#entries.length, 1);
    const total = (of: (entry: Entry) => number) => this.#entries.reduce((sum, entry) => sum + of(entry), 0);
    return {
      success: total(({ solved }) => Number(solved)) / count,
      score: total(({ score }) => score) / count,
    };
  }

  /** Takes in what is worth it. Trajectories too short for a window are passed over. */
  add(episodes: readonly Episode[]): void {
    const { horizon, nObsSteps, nActionSteps } = this.#shape;
    const entries = episodes
      .filter(({ rewards }) => rewards.length > horizon - nObsSteps - nActionSteps + 1)
      .map((episode) => ({
        episode: withoutTraces(episode),
        solved: episode.successes.includes(1),
        score: this.#score(episode),
      }));
    this.#met += episodes.length;
    const best = [...this.#entries, ...entries].toSorted(
      (a, b) => Number(b.solved) - Number(a.solved) || b.score - a.score,
    );
    const solved = best.filter((entry) => entry.solved).length;
    const proficient = Math.max(solved, Math.ceil(proficientShare * this.#met));
    this.#entries = best.slice(0, Math.min(this.#size, proficient));
  }

  /** Windows of the trajectories. Throws UserError if there are none. */
  windows(): Sampler<PlannerReadings["windows"]["columns"]> {
    const { spaces, horizon, nObsSteps, nActionSteps } = this.#shape;
    if (this.#entries.length === 0)
      throw new UserError(
        `No trajectory so far is long enough to be imitated: a window needs ${horizon} actions, of which ` +
          `${nObsSteps - 1} may lie before and ${nActionSteps - 1} beyond an episode.`,
      );
    const { columns, padAfter } = plannerWindows(this.#shape);
    return samplerOf(new EpisodeList(spaces, { episodes: this.episodes }), columns, { padAfter });
  }

  /** The trajectories as tensors of a file, the best first. */
  tensors(): StoredTensors {
    const entries = this.episodes.flatMap((episode, i) => [
      ...arrays.map((name) => [`buffer.${i}.${name}`, vector(episode[name])] as const),
      [`buffer.${i}.successes`, vector(Float32Array.from(episode.successes))] as const,
      [`buffer.${i}.labels`, { dtype: "F64", shape: [2], data: labelsOf(episode) }] as const,
    ]);
    return { ...Object.fromEntries(entries), "buffer.met": vector(Float32Array.of(this.#met)) };
  }

  /** Goes on with the trajectories, of `task`, that `tensors` holds. */
  restore(tensors: StoredTensors, task: string): void {
    const episodes = bufferedEpisodes(tensors, task);
    this.#entries = [];
    this.#met = floats(tensors, "buffer.met")[0] - episodes.length;
    this.add(episodes);
  }

  /** Undiscounted return; what was cut short counts as if its last reward had gone on until the limit. */
  #score({ rewards, successes }: Episode): number {
    const sum = rewards.reduce((a, b) => a + b, 0);
    const cut = successes.at(-1) === 1 ? this.#maxSteps - rewards.length : 0;
    return sum + cut * (rewards.at(-1) ?? 0);
  }
}

/** The trajectories, of `task`, that the state of a fine-tuning holds, the best first. */
export function bufferedEpisodes(tensors: StoredTensors, task: string): Episode[] {
  const episodes: Episode[] = [];
  for (let i = 0; `buffer.${i}.labels` in tensors; i++) {
    const read = (name: string) => floats(tensors, `buffer.${i}.${name}`);
    const [seed, terminated] = tensors[`buffer.${i}.labels`].data as Float64Array;
    episodes.push({
      task,
      seed,
      observations: read("observations"),
      finalObservation: read("finalObservation"),
      actions: read("actions"),
      rewards: read("rewards"),
      successes: Uint8Array.from(read("successes")),
      terminated: terminated === 1,
    });
  }
  return episodes;
}

/** The episode alone, without the traces of its chunks: nobody reads their chains again. */
function withoutTraces(episode: Episode): Episode {
  const { task, seed, observations, finalObservation, actions, rewards, successes, terminated } = episode;
  return { task, seed, observations, finalObservation, actions, rewards, successes, terminated };
}
