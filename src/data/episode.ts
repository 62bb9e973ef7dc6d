/** @file One episode as data. Symbols: T steps, O observation size, A action size. */
import { UserError } from "../base/index.ts";

export interface Episode {
  /** Name of the world's task. A label: nothing is pre-trained on it. */
  readonly task: string;
  /** What the world was reset with. */
  readonly seed: number;
  /** What each action was chosen on, (T, O). */
  readonly observations: Float32Array;
  /** What the last action led to, (O,). */
  readonly finalObservation: Float32Array;
  /** What was done, (T, A) in [-1, 1]. */
  readonly actions: Float32Array;
  /** What each action earned, (T,). A label. */
  readonly rewards: Float32Array;
  /** 1 where the task was solved after the action, else 0. (T,). A label. */
  readonly successes: Uint8Array;
  /** Whether nothing follows. False: out of time, or cut short. */
  readonly terminated: boolean;
}

/**
 * Throws UserError unless all of an episode is there, in equal lengths and finite, in the given sizes.
 * name: how the message calls the episode, such as "Episode 3"
 */
export function checkEpisode(
  episode: Episode,
  sizes: { readonly observationSize: number; readonly actionSize: number },
  name: string,
): void {
  const { task, seed, rewards, successes, finalObservation, observations, actions } = episode;
  const fail = (what: string) => {
    throw new UserError(`${name} (${task}) is refused: ${what}`);
  };
  const steps = rewards.length;
  if (steps === 0) fail("it has no step.");
  if (!Number.isInteger(seed) || seed < 0 || seed >= 2 ** 32)
    fail(`seed is a whole number below 2^32, got ${seed}.`);
  const columns = [
    { column: "observations", numbers: observations, size: sizes.observationSize, rows: steps },
    { column: "finalObservation", numbers: finalObservation, size: sizes.observationSize, rows: 1 },
    { column: "actions", numbers: actions, size: sizes.actionSize, rows: steps },
    { column: "rewards", numbers: rewards, size: 1, rows: steps },
    { column: "successes", numbers: successes, size: 1, rows: steps },
  ];
  for (const { column, numbers, size, rows } of columns) {
    if (numbers.length !== rows * size)
      fail(
        `${column} of ${steps} steps are (${rows}, ${size}), ${rows * size} numbers; got ${numbers.length}.`,
      );
    const wrong = firstNotFinite(numbers);
    if (wrong < 0) continue;
    fail(`${column} hold ${numbers[wrong]} at step ${Math.floor(wrong / size)}, dimension ${wrong % size}.`);
  }
}

/** What `checkEpisode` says of an episode that a data set numbers; undefined if it is sound. */
export function faultOf(
  episode: Episode,
  sizes: { readonly observationSize: number; readonly actionSize: number },
  number: number,
): string | undefined {
  try {
    checkEpisode(episode, sizes, `Episode ${number}`);
    return undefined;
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
}

/** Index of the first NaN or infinity; -1 if there is none. */
export function firstNotFinite(numbers: ArrayLike<number>): number {
  for (let i = 0; i < numbers.length; i++) if (!Number.isFinite(numbers[i])) return i;
  return -1;
}
