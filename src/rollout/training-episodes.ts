/** @file Episodes that are learned from: how they are asked for, and what a log says of them. */
import { mean, type Random, requireRoom } from "../base/index.ts";
import type { EpisodeRequest } from "./policy.ts";
import type { PlayedEpisode } from "./rollout.ts";
import { bytesOfEpisode, trainingSeed } from "./seeds.ts";

/** Episodes of training's half of the seeds. Equal streams give equal episodes. */
export function trainingRequests(episodes: number, random: Random): EpisodeRequest[] {
  requireRoom(`Seeds of ${episodes} episodes`, bytesOfEpisode * episodes);
  return Array.from({ length: episodes }, (_, i) => {
    const own = random.split(`${i}`);
    return { seed: trainingSeed(own.split("seed")), random: own };
  });
}

/** Share of the episodes in which any step solved the task, 0 to 1. */
export const successRate = (episodes: readonly PlayedEpisode<unknown>[]): number =>
  episodes.filter(({ successes }) => successes.includes(1)).length / episodes.length;

/** Environment steps of all episodes. */
export const stepsOf = (episodes: readonly PlayedEpisode<unknown>[]): number =>
  episodes.reduce((sum, { rewards }) => sum + rewards.length, 0);

export function rolloutMetrics(episodes: readonly PlayedEpisode<unknown>[]) {
  const returns = episodes.map(({ rewards }) => rewards.reduce((a, b) => a + b, 0));
  return {
    "rollout/success_rate": successRate(episodes),
    "rollout/ep_rew_mean": mean(returns),
    "rollout/ep_len_mean": stepsOf(episodes) / episodes.length,
    "rollout/faults": episodes.filter(({ fault }) => fault !== undefined).length,
  };
}
