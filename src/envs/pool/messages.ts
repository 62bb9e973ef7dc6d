/**
 * @file Messages between the owner of an environment worker and its thread.
 * Symbols: n environments of a call, T actions of a chunk, t of them carried out, O observation size, A action size.
 */
import type { EnvConfig, EnvSpec } from "../index.ts";

/** Data that a thread is started with. */
export interface Setup {
  readonly config: EnvConfig;
  readonly numEnvs: number;
}

/** The first message of a thread: what its environments are, or the user's mistake that keeps it from having them. */
export type Ready = { readonly spec: EnvSpec } | { readonly mistake: string };

/** Environments are numbered from 0 within their worker. */
export type Request =
  | { readonly kind: "reset"; readonly envs: readonly number[]; readonly seeds: readonly number[] }
  | {
      readonly kind: "play";
      readonly envs: readonly number[];
      /** (n, T, A) */
      readonly actions: Float32Array;
      readonly stopAtSuccess: boolean;
    }
  | { readonly kind: "end" };

/** Observations after a reset, (n, O). */
export interface ResetReply {
  readonly observations: Float32Array;
}

/** Chunks, one environment's after the other; each observation crosses once. */
export interface PlayReply {
  /** t of each environment, (n,) */
  readonly lengths: Int32Array;
  /** Observation after each action, (sum of t, O). */
  readonly observations: Float32Array;
  /** (sum of t,) */
  readonly rewards: Float32Array;
  /** 1 where the task was solved after the action. (sum of t,) */
  readonly successes: Uint8Array;
  /** State of each environment's episode after its last step. (n,) */
  readonly endings: readonly ("running" | "terminated" | "truncated")[];
  /** Reasons, in sentences, of simulations that diverged, by environment of the call. */
  readonly faults: Readonly<Record<number, string>>;
}

/** The answer to a request, or the user's mistake that kept it from being answered. */
export type Reply = ResetReply | PlayReply | { readonly mistake: string };
