/** @file Episodes as moving pictures: played again from their seeds, alone or side by side on one start. */
import { maximum, UserError } from "../base/index.ts";
import type { Episode } from "../data/index.ts";
import { type Env, type Image, recordEpisode } from "../envs/index.ts";
import { encodeAnimation, encodePng } from "../platform/index.ts";
import { beside, frame, playingSeconds } from "./picture.ts";

/** An episode that was played again. */
export interface Replay {
  readonly task: string;
  readonly seed: number;
  readonly episode: ReplayedEpisode;
  /** Pictures at equal distances, from the start to the end. */
  readonly frames: readonly Image[];
  /** Simulated seconds from one picture to the next. */
  readonly period: number;
  /** Moving PNG. */
  readonly animation: Uint8Array;
  /** PNG of the end. */
  readonly still: Uint8Array;
  /** Speed of the animation as a multiple of simulated time. */
  readonly speed: number;
}

/** Two episodes of one start, side by side in the pictures. */
export interface PairedReplay extends Omit<Replay, "episode"> {
  /** Left and right half of the pictures. */
  readonly before: ReplayedEpisode;
  readonly after: ReplayedEpisode;
}

export interface ReplayedEpisode {
  readonly solved: boolean;
  /** Until the task was solved, or the episode ended. */
  readonly steps: number;
  /** Simulated time of these steps. */
  readonly seconds: number;
}

/** Parts of an episode that a replay needs; observations are compared where there are any. */
export type Replayable = Pick<Episode, "task" | "seed" | "actions" | "rewards" | "successes"> &
  Partial<Pick<Episode, "observations">>;

/** Pixels of one episode's picture. */
const [width, height] = [240, 180];
/** Pictures per animation. */
const pictures = 22;

/**
 * Plays the actions of an episode again, until it is solved or over.   env: as it was set up in which it was played
 * pictures: how many, about   Throws UserError if the episode starts, goes on or ends otherwise than it did, and if the
 * environment draws no pictures.
 */
export function replayAlone(env: Env, played: Replayable, count: number = pictures): Replay {
  const { frames, period, episode } = replay(env, played, everyOf([played], count));
  return { task: played.task, seed: played.seed, episode, ...moving(frames, period) };
}

/** Plays two episodes of one task and seed again, as `replayAlone` does. */
export function replaySideBySide(env: Env, before: Replayable, after: Replayable): PairedReplay {
  if (before.task !== after.task || before.seed !== after.seed)
    throw new UserError(
      `Side by side stand episodes of one start, got ${before.task} of seed ${before.seed} and ${after.task} of seed ${after.seed}.`,
    );
  const every = everyOf([before, after], pictures);
  const left = replay(env, before, every);
  const right = replay(env, after, every);
  const count = Math.max(left.frames.length, right.frames.length);
  const frames = Array.from({ length: count }, (_, i) =>
    beside([left, right].map(({ frames }) => frames[Math.min(i, frames.length - 1)])),
  );
  const { task, seed } = before;
  return { task, seed, before: left.episode, after: right.episode, ...moving(frames, left.period) };
}

/** Steps from one picture to the next, so that the longest episode has about `count` of them. */
function everyOf(played: readonly Replayable[], count: number): number {
  return Math.max(1, Math.ceil(maximum(played.map(stepsOf)) / count));
}

/** period: simulated seconds from one picture to the next */
function moving(frames: readonly Image[], period: number) {
  const shown = playingSeconds / frames.length;
  const [animation, still] = [encodeAnimation(frames, shown), encodePng(frames[frames.length - 1])];
  return { frames, period, animation, still, speed: period / shown };
}

function replay(
  env: Env,
  played: Replayable,
  every: number,
): { readonly frames: readonly Image[]; readonly period: number; readonly episode: ReplayedEpisode } {
  const { task, seed, actions, rewards, successes, observations } = played;
  const actionSize = actions.length / rewards.length;
  let at = 0;
  const recorded = recordEpisode(env, {
    seed,
    every,
    width,
    height,
    maxSteps: rewards.length,
    act(observation) {
      if (at === 0 && observations !== undefined && !beginsWith(observations, observation))
        throw new UserError(
          `Played again, ${task} of seed ${seed} starts otherwise than it did: it was recorded in another environment, or with ` +
            "other options.",
        );
      return actions.subarray(actionSize * at++).subarray(0, actionSize);
    },
  });
  const { frames, period, success, steps } = recorded;
  const sameRewards = recorded.rewards.every((reward, i) => Math.fround(reward) === rewards[i]);
  if (success !== successes.includes(1) || steps !== stepsOf(played) || !sameRewards)
    throw new UserError(
      `Played again, ${task} of seed ${seed} ends otherwise than it did: were its goals drawn in another way, or is it of ` +
        "another version?",
    );
  if (success) frame(frames[frames.length - 1]);
  return { frames, period, episode: { solved: success, steps, seconds: (steps * period) / every } };
}

/** True if the recorded rows begin with this observation. */
const beginsWith = (rows: Float32Array, observation: Float64Array): boolean =>
  observation.every((number, i) => rows[i] === Math.fround(number));

/** Steps until a task is solved for the first time, or all. */
function stepsOf({ successes, rewards }: Replayable): number {
  return successes.includes(1) ? successes.indexOf(1) + 1 : rewards.length;
}
