/** @file Evaluation of policies: one episode per seed, by a protocol that has a name. */
import {
  type Interval,
  interquartileMean,
  maximum,
  mean,
  Random,
  stratifiedBootstrap,
  wilsonInterval,
} from "../base/index.ts";
import type { Episode } from "../data/index.ts";
import type { EnvPool } from "./env-pool.ts";
import type { Policy } from "./policy.ts";
import type { PlayedEpisode } from "./rollout.ts";

interface Protocol {
  readonly stopAtSuccess: boolean;
  /** In words. */
  readonly rule: string;
}

/** Rules by which episodes are played and counted. Numbers of different protocols do not compare. */
export const protocols = {
  /** Source: Meta-World's metaworld/evaluation.py (7ea2b50). Differs: a seed per episode draws its goal. */
  metaworld: {
    stopAtSuccess: true,
    rule: "an episode is solved, and ends, at the first step that solves the task",
  },
  full: {
    stopAtSuccess: false,
    rule: "every episode runs to its last step; it is solved if any step solved the task",
  },
} as const satisfies Record<string, Protocol>;
export type ProtocolName = keyof typeof protocols;

// Keys as they leave the process, LeRobot's where it has any: src/wire/evaluation.ts.

/** One episode as it counts. */
export interface EpisodeScore {
  readonly episode_ix: number;
  readonly sum_reward: number;
  readonly max_reward: number;
  /** Solved after any of its steps, and after its last one. */
  readonly success: boolean;
  readonly success_last: boolean;
  readonly steps: number;
  readonly seed: number;
  /** Reason, in a sentence, if the simulation diverged. The episode counts as it stood. */
  readonly fault?: string;
}

/** Episodes taken together. */
export interface EpisodesScore {
  /** Episodes. */
  readonly n: number;
  readonly avg_sum_reward: number;
  readonly avg_max_reward: number;
  /** Percent solved, and its 95 % interval after Wilson. */
  readonly pc_success: number;
  readonly ci95: Interval;
  /** Percent solved after the last step. */
  readonly pc_success_last: number;
  /** Seconds, in all and per episode. */
  readonly eval_s: number;
  readonly eval_ep_s: number;
}

export interface TaskScore {
  readonly task: string;
  readonly per_episode: readonly EpisodeScore[];
  readonly aggregated: EpisodesScore;
}

/** Several tasks taken together. */
export interface TasksScore extends EpisodesScore {
  readonly tasks: number;
  /** Of several tasks: interquartile mean of their percentages, and its 95 % interval by bootstrap of episodes. */
  readonly iqm_success?: number;
  readonly iqm_ci95?: Interval;
}

export interface EvaluateOptions {
  readonly protocol: ProtocolName;
  /** Told of each episode as it ends. */
  readonly onEpisode?: (score: EpisodeScore, episode: Episode) => void;
}

/**
 * Plays one episode per seed. An episode's seed decides how its environment starts and what the policy draws, so its score does not
 * depend on the other episodes, on the number of environments or on threads.
 */
export async function evaluate<State>(
  pool: EnvPool,
  policy: Policy<State, unknown>,
  seeds: readonly number[],
  { protocol, onEpisode }: EvaluateOptions,
): Promise<TaskScore> {
  const requests = seeds.map((seed) => ({ seed, random: new Random(seed).split("policy") }));
  const scores: EpisodeScore[] = new Array(seeds.length);
  const began = performance.now();
  await pool.play(policy, requests, {
    stopAtSuccess: protocols[protocol].stopAtSuccess,
    onEpisode: (episode, index) => {
      scores[index] = scoreOf(episode, index);
      onEpisode?.(scores[index], episode);
    },
  });
  const seconds = (performance.now() - began) / 1000;
  return { task: pool.task, per_episode: scores, aggregated: summarize(scores, seconds) };
}

function scoreOf(
  { rewards, successes, seed, fault }: PlayedEpisode<unknown>,
  episode_ix: number,
): EpisodeScore {
  return {
    episode_ix,
    sum_reward: rewards.reduce((sum, reward) => sum + reward, 0),
    max_reward: maximum(rewards),
    success: successes.includes(1),
    success_last: successes.at(-1) === 1,
    steps: rewards.length,
    seed,
    ...(fault !== undefined && { fault }),
  };
}

function summarize(episodes: readonly EpisodeScore[], seconds: number): EpisodesScore {
  const n = episodes.length;
  const solved = episodes.filter(({ success }) => success).length;
  const [low, high] = wilsonInterval(solved, n);
  return {
    n,
    avg_sum_reward: mean(episodes.map(({ sum_reward }) => sum_reward)),
    avg_max_reward: mean(episodes.map(({ max_reward }) => max_reward)),
    pc_success: (100 * solved) / n,
    ci95: [100 * low, 100 * high],
    pc_success_last: (100 * episodes.filter(({ success_last }) => success_last).length) / n,
    eval_s: seconds,
    eval_ep_s: seconds / n,
  };
}

/**
 * Tasks taken together. The same stream gives the same interval.
 * Source: Agarwal et al. 2021, arXiv:2108.13264. Differs: of one policy there are no runs to draw anew, but episodes, so
 * the interval says nothing of other training seeds.
 */
export function summarizeTasks(tasks: readonly TaskScore[], random: Random): TasksScore {
  const seconds = tasks.reduce((sum, { aggregated }) => sum + aggregated.eval_s, 0);
  const episodes = tasks.flatMap(({ per_episode }) => per_episode);
  const strata = tasks.map(({ per_episode }) => per_episode.map(({ success }) => (success ? 100 : 0)));
  const iqm = (percents: readonly ArrayLike<number>[]) => interquartileMean(percents.map(mean));
  const together = { ...summarize(episodes, seconds), tasks: tasks.length };
  if (tasks.length === 1) return together;
  return { ...together, iqm_success: iqm(strata), iqm_ci95: stratifiedBootstrap(strata, iqm, random) };
}
