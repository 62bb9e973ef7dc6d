/**
 * @file All that an agent has lived through, in order of collection, from which its gradient steps draw transitions.
 * Symbols: B batch, N tasks, O observation size, A action size, C numbers that tell tasks apart: N, or 0 of a single task.
 */
import type { Random } from "../base/index.ts";
import type { Episode } from "../data/index.ts";

/** Transitions, one per row. */
export interface Transitions {
  /** What was seen, and of which task. (B, O + C) */
  readonly observations: Float32Array;
  /** (B, A) in [-1, 1] */
  readonly actions: Float32Array;
  /** (B,) */
  readonly rewards: Float32Array;
  /** (B, O + C) */
  readonly nextObservations: Float32Array;
  /** 0 where nothing follows, else 1: out of time is not the end. (B,) */
  readonly continues: Float32Array;
}

export interface ReplaySizes {
  readonly observationSize: number;
  readonly actionSize: number;
  /** Names of the tasks, N: their order is that of the numbers that tell them apart. */
  readonly tasks: readonly string[];
}

/** Nothing is ever dropped: an episode of 500 steps of Meta-World takes 90 kB. */
export class Replay {
  readonly #sizes: ReplaySizes;
  readonly #episodes: Episode[] = [];
  /** Transitions before each episode. */
  readonly #begins: number[] = [];
  #steps = 0;

  constructor(sizes: ReplaySizes) {
    this.#sizes = sizes;
  }

  get episodes(): number {
    return this.#episodes.length;
  }

  /** Transitions in all. */
  get steps(): number {
    return this.#steps;
  }

  /** Throws Error for an episode of a task that it was not told of. */
  add(episode: Episode): void {
    if (!this.#sizes.tasks.includes(episode.task))
      throw new Error(`A replay of other tasks than ${episode.task}.`);
    this.#episodes.push(episode);
    this.#begins.push(this.#steps);
    this.#steps += episode.rewards.length;
  }

  /** A batch to be filled by `draw`. */
  emptyBatch(size: number): Transitions {
    const { observationSize, actionSize, tasks } = this.#sizes;
    const width = observationSize + codeSize(tasks);
    return {
      observations: new Float32Array(size * width),
      actions: new Float32Array(size * actionSize),
      rewards: new Float32Array(size),
      nextObservations: new Float32Array(size * width),
      continues: new Float32Array(size),
    };
  }

  /** Fills `batch` with transitions, each as likely as any other. There must be one. */
  draw(random: Random, batch: Transitions): void {
    const { observationSize: size, actionSize, tasks } = this.#sizes;
    const width = size + codeSize(tasks);
    for (let row = 0; row < batch.rewards.length; row++) {
      const pick = random.integer(this.#steps);
      const index = this.#episodeOf(pick);
      const episode = this.#episodes[index];
      const step = pick - this.#begins[index];
      const last = step === episode.rewards.length - 1;
      const next = last
        ? episode.finalObservation
        : episode.observations.subarray((step + 1) * size, (step + 2) * size);
      const task = tasks.indexOf(episode.task);
      see(batch.observations, row * width, episode.observations.subarray(step * size, (step + 1) * size), {
        task,
        tasks,
      });
      see(batch.nextObservations, row * width, next, { task, tasks });
      batch.actions.set(
        episode.actions.subarray(step * actionSize, (step + 1) * actionSize),
        row * actionSize,
      );
      batch.rewards[row] = episode.rewards[step];
      batch.continues[row] = Number(!(last && episode.terminated));
    }
  }

  /** The episode that transition `pick` is of: the last that begins at or before it. */
  #episodeOf(pick: number): number {
    let low = 0;
    let high = this.#begins.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (this.#begins[middle] <= pick) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

/** Numbers that tell `tasks` apart, C: a single task needs none. */
export function codeSize(tasks: readonly string[]): number {
  return tasks.length === 1 ? 0 : tasks.length;
}

/** Writes an observation, (O,), at `offset` of `rows`, and behind it 1 at the place of its task and 0 at the others'. */
export function see(
  rows: Float32Array,
  offset: number,
  observation: Float32Array,
  { task, tasks }: { readonly task: number; readonly tasks: readonly string[] },
): void {
  rows.set(observation, offset);
  const code = offset + observation.length;
  rows.fill(0, code, code + codeSize(tasks));
  if (codeSize(tasks) > 0) rows[code + task] = 1;
}
