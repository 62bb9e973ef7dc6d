/**
 * @file What a vector environment and one of its threads tell each other. Numbers lie in memory that both see; what has
 * no fixed size goes by mail. A call is a number in that memory: one side counts it up, the other wakes.
 * Symbols: N worlds of the thread, T actions of a chunk, O observation size, A action size.
 */

import type { MessagePort } from "node:worker_threads";
import type { EnvSpec, EnvState, ResetOptions } from "./env.ts";
import type { World } from "./make-env.ts";

/** What happens after an episode's end, by Gymnasium's names. */
export type Autoreset = "SameStep" | "NextStep" | "Disabled";

/**
 * What one world did with a chunk of T actions: t of them were carried out, 1 <= t <= T. Fresh arrays: keep them,
 * change them.
 */
export interface PlayedChunk {
  /** What each action led to, (t, O). */
  readonly observations: Float64Array;
  /** (t,) */
  readonly rewards: Float64Array;
  /** 1 where the task was solved after the action, else 0. (t,) */
  readonly successes: Uint8Array;
  /** Whether the last of the t steps ended the episode, and how. */
  readonly terminated: boolean;
  readonly truncated: boolean;
  /** Why the simulator gave up, or that its thread did, in a sentence: the last step must not be learned from. */
  readonly fault?: string;
}

/** What a thread is started with. */
export interface Setup {
  readonly worlds: readonly World[];
  /** What the caller calls the first of them. */
  readonly first: number;
  readonly autoreset: Autoreset;
  /** Per world, taken by its first reset unless that brings its own. */
  readonly seeds: readonly number[];
  readonly port: MessagePort;
}

/** A thread's first words: its worlds and the memory, or the user's mistake that keeps it from having them. */
export type Greeting =
  | { readonly specs: readonly EnvSpec[]; readonly buffer: SharedArrayBuffer }
  | { readonly mistake: string };

/** Calls that come by mail. `worlds` are the thread's own numbers, from 0. */
export type Letter =
  | {
      readonly kind: "reset";
      readonly worlds: readonly number[];
      readonly seeds: readonly (number | undefined)[];
      readonly options: readonly (ResetOptions | undefined)[];
    }
  | {
      readonly kind: "play";
      readonly worlds: readonly number[];
      /** Of each of them, (T, A). */
      readonly actions: readonly Float64Array[];
      readonly stopAtSuccess: boolean;
    }
  | { readonly kind: "save" }
  | { readonly kind: "restore"; readonly states: readonly EnvState[] }
  | { readonly kind: "end" };

/** What an answer holds beside the numbers. */
export interface Answer {
  /** Lists of info names that later answers mean by their index. */
  readonly infoNames?: readonly (readonly string[])[];
  readonly faults?: readonly (readonly [world: number, fault: string])[];
  readonly states?: readonly EnvState[];
  /** In the order of the letter's worlds. */
  readonly chunks?: readonly PlayedChunk[];
  /** What the caller did wrong. */
  readonly mistake?: string;
  /** The mistake came in the middle of the call: nobody knows which worlds it has changed. */
  readonly spoilt?: true;
}

/** Places in `Memory.control`. */
export const slots = { calls: 0, answers: 1, byMail: 2, mailed: 3, count: 4 };

/** Bits of `Memory.flags`. */
export const flags = { success: 1, terminated: 2, truncated: 4, restarted: 8 };

/** Numbers an info may have. */
export const infoSize = 64;

export interface Memory {
  readonly buffer: SharedArrayBuffer;
  readonly control: Int32Array;
  /** (N,) 1 where the next step moves the world. */
  readonly moves: Uint8Array;
  /** (N,) bits of `flags`; `restarted`: the observation is the next episode's, the last one's is in `finals`. */
  readonly flags: Uint8Array;
  /** (N,) index of the info's names. */
  readonly infoKinds: Int32Array;
  readonly finalInfoKinds: Int32Array;
  /** (N, A) */
  readonly actions: Float64Array;
  /** (N, O) */
  readonly observations: Float64Array;
  readonly finals: Float64Array;
  /** (N,) */
  readonly rewards: Float64Array;
  /** (N, infoSize) */
  readonly infos: Float64Array;
  readonly finalInfos: Float64Array;
}

/** The memory of `worlds` worlds like `spec`: laid out in `buffer`, in a new one if absent. */
export function layOut(
  worlds: number,
  { observationSize, actionSize }: EnvSpec,
  buffer?: SharedArrayBuffer,
): Memory {
  const numbers = worlds * (actionSize + 2 * observationSize + 1 + 2 * infoSize);
  const shared = buffer ?? new SharedArrayBuffer(8 * numbers + 4 * (slots.count + 2 * worlds) + 2 * worlds);
  let end = 0;
  const take = <T>(
    array: new (memory: SharedArrayBuffer, at: number, length: number) => T,
    length: number,
  ) => {
    const at = end;
    end += length * (array as unknown as { BYTES_PER_ELEMENT: number }).BYTES_PER_ELEMENT;
    return new array(shared, at, length);
  };
  return {
    buffer: shared,
    actions: take(Float64Array, worlds * actionSize), // widest first: every array starts at a multiple of its width
    observations: take(Float64Array, worlds * observationSize),
    finals: take(Float64Array, worlds * observationSize),
    rewards: take(Float64Array, worlds),
    infos: take(Float64Array, worlds * infoSize),
    finalInfos: take(Float64Array, worlds * infoSize),
    control: take(Int32Array, slots.count),
    infoKinds: take(Int32Array, worlds),
    finalInfoKinds: take(Int32Array, worlds),
    moves: take(Uint8Array, worlds),
    flags: take(Uint8Array, worlds),
  };
}
