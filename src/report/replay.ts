/** @file Episodes as moving pictures: what was done before and after, on the same start, side by side. */
import { UserError } from "../base/index.ts";
import type { Episode } from "../data/index.ts";
import { type Env, type Image, recordEpisode } from "../envs/index.ts";
import { encodeAnimation, encodePng } from "../platform/index.ts";

export interface Replay {
  readonly task: string;
  readonly seed: number;
  /** Left and right half of the pictures. */
  readonly before: ReplayedEpisode;
  readonly after: ReplayedEpisode;
  /** Moving PNG, both episodes side by side. */
  readonly animation: Uint8Array;
  /** PNG of how both end. */
  readonly still: Uint8Array;
  /** Speed of the animation as a multiple of simulated time. */
  readonly speed: number;
}

export interface ReplayedEpisode {
  readonly solved: boolean;
  /** Until the task was solved, or the episode ended. */
  readonly steps: number;
  /** Simulated time of these steps. */
  readonly seconds: number;
}

/** Parts of an `Episode` that a replay needs. */
type Played = Pick<Episode, "task" | "seed" | "actions" | "rewards" | "successes">;

/** Pixels of one episode's picture. */
const [width, height] = [240, 180];
/** Pictures per animation, and how long it plays. */
const pictures = 22;
const playingSeconds = 3;
const solvedColor = [0, 158, 115, 255];

/**
 * Plays the actions of two episodes of one task and seed again, until each is solved or over.
 * env: as it was set up in which they were played
 * Throws UserError if the episodes do not start alike, or end otherwise than they did.
 */
export function replaySideBySide(env: Env, before: Played, after: Played): Replay {
  if (before.task !== after.task || before.seed !== after.seed)
    throw new UserError(
      `Side by side stand episodes of one start, got ${before.task} of seed ${before.seed} and ${after.task} of seed ${after.seed}.`,
    );
  const every = Math.max(1, Math.ceil(Math.max(stepsOf(before), stepsOf(after)) / pictures));
  const left = replay(env, before, every);
  const right = replay(env, after, every);
  const count = Math.max(left.frames.length, right.frames.length);
  const frames = Array.from({ length: count }, (_, i) =>
    beside(
      left.frames[Math.min(i, left.frames.length - 1)],
      right.frames[Math.min(i, right.frames.length - 1)],
    ),
  );
  const period = playingSeconds / count;
  return {
    task: before.task,
    seed: before.seed,
    before: left.episode,
    after: right.episode,
    animation: encodeAnimation(frames, period),
    still: encodePng(frames[count - 1]),
    speed: left.period / period,
  };
}

function replay(
  env: Env,
  played: Played,
  every: number,
): { frames: readonly Image[]; period: number; episode: ReplayedEpisode } {
  const { task, seed, actions, rewards, successes } = played;
  const actionSize = actions.length / rewards.length;
  let at = 0;
  const { frames, period, success, steps } = recordEpisode(env, {
    seed,
    every,
    width,
    height,
    maxSteps: rewards.length,
    act: () => actions.subarray(actionSize * at++).subarray(0, actionSize),
  });
  if (success !== successes.includes(1) || steps !== stepsOf(played))
    throw new UserError(
      `Played again, ${task} of seed ${seed} ends otherwise than it did: were its goals drawn in another way?`,
    );
  if (success) mark(frames[frames.length - 1]);
  return { frames, period, episode: { solved: success, steps, seconds: (steps * period) / every } };
}

/** Steps until a task is solved for the first time, or all. */
function stepsOf({ successes, rewards }: Played): number {
  return successes.includes(1) ? successes.indexOf(1) + 1 : rewards.length;
}

/** A frame around the picture in which a task is solved. */
function mark({ width, height, pixels }: Image): void {
  const thickness = 5;
  for (let row = 0; row < height; row++)
    for (let column = 0; column < width; column++) {
      const inside =
        Math.min(row, height - 1 - row) >= thickness && Math.min(column, width - 1 - column) >= thickness;
      if (!inside) pixels.set(solvedColor, 4 * (row * width + column));
    }
}

/** Two pictures of one size as one, with a white line between. */
function beside(left: Image, right: Image): Image {
  const between = 4;
  const whole = left.width + between + right.width;
  const pixels = new Uint8Array(4 * whole * left.height).fill(255);
  for (let row = 0; row < left.height; row++) {
    pixels.set(left.pixels.subarray(4 * row * left.width, 4 * (row + 1) * left.width), 4 * row * whole);
    const own = right.pixels.subarray(4 * row * right.width, 4 * (row + 1) * right.width);
    pixels.set(own, 4 * (row * whole + left.width + between));
  }
  return { width: whole, height: left.height, pixels };
}
