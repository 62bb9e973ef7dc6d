/** @file Pools: environments of one task on this machine's cores, and whole episodes in them. */
import type { Spaces } from "../base/index.ts";
import type { EnvConfig } from "../envs/index.ts";
import { startWorkers, type WorkerOptions } from "../envs/pool/index.ts";
import type { EpisodeRequest, Policy } from "./policy.ts";
import { type PlayedEpisode, type PlayOptions, playEpisodes } from "./rollout.ts";

/** What an algorithm knows of rollouts: where they run is not its business. */
export interface EnvPool {
  /** "metaworld/drawer-open" */
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

export const EnvPool = {
  /**
   * A pool of environments in threads. Holds them until disposed: `await using pool = await EnvPool.start(...)`.
   * Throws UserError if there is no such environment, or none is asked for.
   */
  async start(config: EnvConfig, options: WorkerOptions): Promise<EnvPool & AsyncDisposable> {
    const workers = await startWorkers(config, options);
    const [{ spec, numEnvs }] = workers;
    return {
      task: spec.name,
      spaces: spec.spaces,
      observationSize: spec.observationSize,
      actionSize: spec.actionSize,
      maxSteps: spec.maxSteps,
      batchSize: numEnvs,
      play: (policy, requests, playOptions) => playEpisodes(workers, policy, requests, playOptions),
      async [Symbol.asyncDispose]() {
        await Promise.all(workers.map((worker) => worker[Symbol.asyncDispose]()));
      },
    };
  },
};
