/** @file The contract of pools: environments of one task, and whole episodes in them. */
import type { Spaces } from "../base/index.ts";
import type { EpisodeRequest, Policy } from "./policy.ts";
import type { PlayedEpisode, PlayOptions } from "./rollout.ts";

/** Rollouts as an algorithm knows them: where they run is not its business. */
export interface EnvPool {
  /** "metaworld/drawer-open" */
  readonly task: string;
  readonly spaces: Spaces;
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
