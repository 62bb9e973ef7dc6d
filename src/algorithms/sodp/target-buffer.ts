/**
 * @file The proficient trajectories of a fine-tuning, whole: what the planner is kept close to.
 * Symbols: T steps of an episode, L steps after which an episode is truncated.
 */
import { type StoredTensors, UserError } from "../../base/index.ts";
import { type Episode, EpisodeList, type Sampler, samplerOf } from "../../data/index.ts";
import type { PlannerConfig } from "../../policies/index.ts";
import { floats, vector } from "../training-state.ts";
import { type BufferDrawName, type BufferOrderName, bufferDraws, bufferOrders } from "./buffer-rules.ts";
import { type PlannerReadings, plannerWindows } from "./planner-policy.ts";

const arrays = ["observations", "finalObservation", "actions", "rewards"] as const;
const labelsOf = ({ seed, terminated }: Episode) => Float64Array.of(seed, Number(terminated));

type Shape = Pick<PlannerConfig, "spaces" | "horizon" | "nObsSteps" | "nActionSteps">;

/** Options of a buffer. */
export interface TargetBufferOptions {
  /** Trajectories that it holds at most. */
  readonly size: number;
  /** L */
  readonly maxSteps: number;
  readonly shape: Shape;
  readonly order: BufferOrderName;
  readonly draw: BufferDrawName;
}

/** Share of all trajectories, those with the highest scores, that are proficient though none of them solved the task. */
const proficientShare = 0.1;

/**
 * Proficient trajectories, at most `size`: those that solved the task and, while they are fewer than a tenth of all, those
 * that came nearest by their score.
 * Source: the paper's B_target, trajectory-level as in Online Decision Transformer (Zheng et al. 2022, arXiv:2202.05607).
 */
export class TargetBuffer {
  readonly #options: TargetBufferOptions;
  #episodes: readonly Episode[] = [];
  /** Trajectories so far, kept or not. */
  #met = 0;
  /** Largest reward of one step that was met so far. */
  #largest = 0;

  constructor(options: TargetBufferOptions) {
    this.#options = options;
  }

  /** The trajectories, those to be kept longest first. */
  get episodes(): readonly Episode[] {
    return this.#episodes;
  }

  /** Share of the trajectories that solved the task, 0 to 1, and their mean score. */
  get quality(): { readonly success: number; readonly score: number } {
    const rated = this.#rated(this.#episodes);
    const count = Math.max(rated.length, 1);
    const total = (of: (entry: (typeof rated)[number]) => number) =>
      rated.reduce((sum, entry) => sum + of(entry), 0);
    return {
      success: total(({ solved }) => Number(solved)) / count,
      score: total(({ score }) => score) / count,
    };
  }

  /**
   * Takes in what is worth it. Trajectories too short for a window are passed over.
   * largest: reward of one step that was met so far, theirs included
   */
  add(episodes: readonly Episode[], largest: number): void {
    const { size, order } = this.#options;
    this.#largest = largest;
    this.#met += episodes.length;
    const fresh = episodes.filter((episode) => this.#windowsIn(episode) > 0).map(withoutTraces);
    const all = bufferOrders[order].order(this.#rated(this.#episodes), this.#rated(fresh));
    const solved = all.filter((entry) => entry.solved).length;
    const proficient = Math.max(solved, Math.ceil(proficientShare * this.#met));
    this.#episodes = all.slice(0, Math.min(size, proficient)).map(({ episode }) => episode);
  }

  /** Windows of the trajectories. Throws UserError if there are none. */
  windows(): Sampler<PlannerReadings["windows"]["columns"]> {
    const { shape, draw } = this.#options;
    const { spaces, horizon, nObsSteps, nActionSteps } = shape;
    if (this.#episodes.length === 0)
      throw new UserError(
        `No trajectory so far is long enough to be imitated: a window needs ${horizon} actions, of which ` +
          `${nObsSteps - 1} may lie before and ${nActionSteps - 1} beyond an episode.`,
      );
    const { columns, padAfter } = plannerWindows(shape);
    const rated = this.#rated(this.#episodes);
    const chances = bufferDraws[draw].chances?.(rated);
    const weight =
      chances && (({ index }: { readonly index: number }) => chances[index] / rated[index].windows);
    return samplerOf(new EpisodeList(spaces, { episodes: this.#episodes }), columns, {
      padAfter,
      ...(weight && { weight }),
    });
  }

  /** The trajectories as tensors of a file, in their order. */
  tensors(): StoredTensors {
    const entries = this.episodes.flatMap((episode, i) => [
      ...arrays.map((name) => [`buffer.${i}.${name}`, vector(episode[name])] as const),
      [`buffer.${i}.successes`, vector(Float32Array.from(episode.successes))] as const,
      [`buffer.${i}.labels`, { dtype: "F64", shape: [2], data: labelsOf(episode) }] as const,
    ]);
    return { ...Object.fromEntries(entries), "buffer.met": vector(Float32Array.of(this.#met)) };
  }

  /** Goes on with the trajectories, of `task`, that `tensors` holds.   largest: reward that was met so far */
  restore(tensors: StoredTensors, task: string, largest: number): void {
    this.#episodes = bufferedEpisodes(tensors, task);
    this.#met = floats(tensors, "buffer.met")[0];
    this.#largest = largest;
  }

  #rated(episodes: readonly Episode[]) {
    return episodes.map((episode) => ({
      episode,
      solved: episode.successes.includes(1),
      score: this.#score(episode),
      windows: this.#windowsIn(episode),
    }));
  }

  /** Windows that an episode has; 0 or less: it is too short. */
  #windowsIn({ rewards }: Episode): number {
    const { horizon, nObsSteps, nActionSteps } = this.#options.shape;
    return rewards.length - Math.max(horizon - nObsSteps - nActionSteps + 1, 0);
  }

  /** Undiscounted return; what was cut short by success counts on the largest reward so far until the limit. */
  #score({ rewards, successes }: Episode): number {
    const sum = rewards.reduce((a, b) => a + b, 0);
    const cut = successes.at(-1) === 1 ? this.#options.maxSteps - rewards.length : 0;
    return sum + cut * this.#largest;
  }
}

/** The trajectories, of `task`, that the state of a fine-tuning holds, in their order. */
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
