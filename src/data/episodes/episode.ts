/** @file One episode as data. Symbols: T steps, O numbers of an observation, all parts together, A of an action. */
import { type Space, type Spaces, sizeOfSpace, UserError } from "../../base/index.ts";
import { partPlaces } from "./parts.ts";

export interface Episode {
  /** Name of the environment's task: "metaworld/drawer-open". A label: nothing is pre-trained on it. */
  readonly task: string;
  /** Seed of the reset. */
  readonly seed: number;
  /** Observations that the actions were chosen on, (T, O): parts in the order of the space. */
  readonly observations: Float32Array;
  /** Observation after the last action, (O,). */
  readonly finalObservation: Float32Array;
  /** Actions, (T, A) in [-1, 1]. */
  readonly actions: Float32Array;
  /** Reward of each action, (T,). A label. */
  readonly rewards: Float32Array;
  /** 1 where the task was solved after the action, else 0. (T,). A label. */
  readonly successes: Uint8Array;
  /** True: nothing follows. False: out of time, or cut short. */
  readonly terminated: boolean;
}

/**
 * Throws UserError unless all of an episode is there, in equal lengths, finite and of the given spaces.
 * name: how the message calls the episode, such as "Episode 3"
 */
export function checkEpisode(episode: Episode, { observation, action }: Spaces, name: string): void {
  const { task, seed, rewards, successes, finalObservation, observations, actions } = episode;
  const fail = (what: string) => {
    throw new UserError(`${name} (${task}) is refused: ${what}`);
  };
  const steps = rewards.length;
  if (steps === 0) fail("it has no step.");
  if (!Number.isInteger(seed) || seed < 0 || seed >= 2 ** 32)
    fail(`seed is a whole number below 2^32, got ${seed}.`);
  const columns = [
    { column: "observations", numbers: observations, size: sizeOfSpace(observation), rows: steps },
    { column: "finalObservation", numbers: finalObservation, size: sizeOfSpace(observation), rows: 1 },
    { column: "actions", numbers: actions, size: sizeOfSpace(action), rows: steps },
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
  for (const [space, numbers] of [
    [observation, observations],
    [observation, finalObservation],
    [action, actions],
  ] as const) {
    const fault = firstNoByte(space, numbers);
    if (fault !== undefined) fail(fault);
  }
}

/** The first number of a part of bytes that is none, in words; undefined if there is none. rows: (N, D) */
function firstNoByte(space: Space, rows: Float32Array): string | undefined {
  const stride = sizeOfSpace(space);
  for (const { name, part, offset, size } of partPlaces(space)) {
    if (part.dtype !== "uint8") continue;
    for (let row = offset; row < rows.length; row += stride)
      for (let i = row; i < row + size; i++) {
        const number = rows[i];
        if ((number & 255) !== number)
          return `${name} holds whole numbers from 0 to 255; got ${number} at step ${Math.floor(row / stride)}.`;
      }
  }
  return undefined;
}

/** Sentence of `checkEpisode` about an episode that a data set numbers; undefined if it is sound. */
export function faultOf(episode: Episode, spaces: Spaces, number: number): string | undefined {
  try {
    checkEpisode(episode, spaces, `Episode ${number}`);
    return undefined;
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
}

/** Index of the first NaN or infinity; -1 if there is none. */
function firstNotFinite(numbers: ArrayLike<number>): number {
  for (let i = 0; i < numbers.length; i++) if (!Number.isFinite(numbers[i])) return i;
  return -1;
}
