/** @file Worlds of one task on this machine's cores, ready to be played in. */
import { availableParallelism } from "node:os";
import { type Spaces, UserError } from "../base/index.ts";
import { VectorEnv, type World } from "../envs/index.ts";
import type { EpisodeRequest, Policy } from "./policy.ts";
import { type PlayedEpisode, type PlayOptions, playEpisodes } from "./rollout.ts";

/** What an algorithm knows of rollouts: where they run is not its business. */
export interface EnvPool {
  readonly task: string;
  readonly spaces: Spaces;
  readonly observationSize: number;
  readonly actionSize: number;
  /** Steps after which an episode is truncated. */
  readonly maxSteps: number;
  /** The most rows a policy is asked to act in at once. */
  readonly batchSize: number;
  play<State, Trace>(
    policy: Policy<State, Trace>,
    requests: readonly EpisodeRequest[],
    options: PlayOptions<Trace>,
  ): Promise<readonly PlayedEpisode<Trace>[]>;
}

export interface ParallelOptions {
  /** Environments in all. */
  readonly numEnvs: number;
  /** Threads that step them, each a lane of its own; as many as the machine runs at once if absent. */
  readonly threads?: number;
}

/** Holds threads until disposed: `await using stage = await ParallelWorlds.start(...)`. */
export class ParallelWorlds implements EnvPool, AsyncDisposable {
  readonly task: string;
  readonly spaces: Spaces;
  readonly observationSize: number;
  readonly actionSize: number;
  readonly maxSteps: number;
  readonly batchSize: number;
  readonly #lanes: readonly VectorEnv[];

  /** Throws UserError if there is no such world, or none is asked for. */
  static async start(
    world: World,
    { numEnvs, threads = availableParallelism() }: ParallelOptions,
  ): Promise<ParallelWorlds> {
    if (![numEnvs, threads].every((count) => Number.isSafeInteger(count) && count > 0))
      throw new UserError(
        `At least one environment is played in, on at least one thread; got ${numEnvs} on ${threads}.`,
      );
    const share = Math.ceil(numEnvs / threads);
    const sizes = Array.from({ length: Math.ceil(numEnvs / share) }, (_, lane) =>
      Math.min(share, numEnvs - lane * share),
    );
    const started = await Promise.allSettled(
      sizes.map((size) =>
        VectorEnv.start(new Array<World>(size).fill(world), { threads: 1, autoreset: "Disabled" }),
      ),
    );
    const lanes = started.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
    for (const outcome of started) {
      if (outcome.status === "fulfilled") continue;
      await Promise.all(lanes.map((lane) => lane[Symbol.asyncDispose]()));
      throw outcome.reason;
    }
    return new ParallelWorlds(lanes);
  }

  private constructor(lanes: readonly VectorEnv[]) {
    const [{ specs, observationSize, actionSize }] = lanes;
    this.task = specs[0].name;
    this.spaces = specs[0].spaces;
    this.observationSize = observationSize;
    this.actionSize = actionSize;
    this.maxSteps = specs[0].maxSteps;
    this.batchSize = specs.length;
    this.#lanes = lanes;
  }

  play<State, Trace>(
    policy: Policy<State, Trace>,
    requests: readonly EpisodeRequest[],
    options: PlayOptions<Trace>,
  ): Promise<readonly PlayedEpisode<Trace>[]> {
    return playEpisodes(this.#lanes, policy, requests, options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#lanes.map((lane) => lane[Symbol.asyncDispose]()));
  }
}
