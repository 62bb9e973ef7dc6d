/** @file One episode as data. Symbols: T steps, O observation size, A action size. */

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
