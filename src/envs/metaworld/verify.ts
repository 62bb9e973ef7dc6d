/**
 * @file Replays recorded official episodes in our environments and measures where the two part.
 * A recording is one task's file of the golden data, JSON.
 */

import { z } from "zod";
import { UserError } from "../../base/index.ts";
import type { Engine } from "../engine.ts";
import { substituteGroup } from "../mjcf.ts";
import { playScripted } from "../scripted-policy.ts";
import { Sim } from "../sim.ts";
import { MetaworldEnv, settleSteps, startSettling } from "./environment.ts";
import { type Expert, scripted } from "./expert.ts";
import { officialVectors } from "./goals.ts";
import { sceneXml } from "./scenes/scenes.ts";
import type { Task } from "./task.ts";
import { findTask } from "./tasks.ts";

const RecordedEpisode = z
  .object({
    kind: z.enum(["scripted", "random"]),
    goal_index: z.int().min(0).max(49),
    rand_vec: z.array(z.number()),
    reset_obs: z.array(z.number()).length(39),
    target: z.array(z.number()).length(3),
    actions: z.array(z.array(z.number()).length(4)),
    obs: z.array(z.array(z.number()).length(39)),
    rewards: z.array(z.number()),
    info: z.array(z.object({ success: z.number() })),
  })
  .refine(
    ({ actions, obs, rewards, info }) =>
      [obs, rewards, info].every(({ length }) => length === actions.length),
    "actions, obs, rewards and info differ in length",
  );
type RecordedEpisode = z.infer<typeof RecordedEpisode>;

const Recording = z.object({ task: z.string(), seed: z.int(), episodes: z.array(RecordedEpisode) });
export type Recording = z.infer<typeof Recording>;

/** Agreement of one episode's replay with the recording. Errors are largest absolute differences. */
interface ReplayReport {
  readonly kind: RecordedEpisode["kind"];
  readonly goal: number;
  readonly steps: number;
  readonly vectorError: number;
  readonly resetError: number;
  /** Step (from 0) at whose end a substituted part is first touched; -1 during reset; null if none is. */
  readonly contactStep: number | null;
  /** Before that step. */
  readonly observationError: number;
  readonly rewardError: number;
  /** Rewards of recorded observations, before that step. */
  readonly recomputedRewardError: number;
  readonly successMismatches: number;
  /** Over the whole episode. */
  readonly observationErrorAfter: number;
  readonly successMismatchesAfter: number;
}

export interface TaskReport {
  readonly task: string;
  readonly seed: number;
  /** The arm hits a substituted part on its way to its start, before any episode begins. */
  readonly settlingTouches: boolean;
  readonly vectorError: number;
  readonly resetError: number;
  readonly observationError: number;
  readonly rewardError: number;
  readonly recomputedRewardError: number;
  readonly successMismatches: number;
  /** Difference of our expert's mean return to the recorded expert's on the goals that both solved, per cent. */
  readonly returnDifference: number;
  /** Of our expert on the recorded goals, 0 to 1. */
  readonly expertSuccess: number;
  readonly episodes: readonly ReplayReport[];
}

/** Largest differences that count as equal. */
export const limits = {
  vector: 1e-12,
  reset: 1e-6,
  resetAfterTouch: 1e-3,
  replay: 1e-6,
  recomputedReward: 1e-9,
  returnPercent: 3,
};

/** Reasons, by task, where an expert's return on the few recorded goals differs by more than the limit. */
export const explainedReturns: Readonly<Record<string, string>> = {
  "door-unlock":
    "The gripper's base, whose shape is a substitute, pushes the lock: it lies within 2 mm of the recorded place, which " +
    "ends one of three episodes one step of 44 earlier. That step is worth 8 of the episode's 94.",
  "shelf-place":
    "On one of three goals the official expert drops the block and takes it again, in 229 steps; ours waits for the " +
    "fingers and needs 104. On the other two the returns are within 1 %.",
  soccer:
    "Ours rolls the ball where the official expert shoves it: slower, and nearly none gets away instead of one in ten. " +
    "Over 89 other goals that both solve, the mean return is 124 for 134.",
  "stick-pull":
    "The gripper's base, whose shape is a substitute, rubs along the thermos, and on one of the two goals that both solve " +
    "the stick nearly slips: moved by 0.1 mm, the official model itself takes 175 or 228 steps for 163. Over 100 other " +
    "goals the same expert solves all in either model, and the mean return differs by 0.3 %.",
};

/** Broken limits of a report, in words; empty if there are none. */
export function complaints(report: TaskReport): string[] {
  const rows: readonly (readonly [string, number, number])[] = [
    ["random vectors differ by", report.vectorError, limits.vector],
    [
      "reset observations differ by",
      report.resetError,
      report.settlingTouches ? limits.resetAfterTouch : limits.reset,
    ],
    ["observations before contact differ by", report.observationError, limits.replay],
    ["rewards before contact differ by", report.rewardError, limits.replay],
    ["rewards of recorded observations differ by", report.recomputedRewardError, limits.recomputedReward],
    ["success before contact differs on steps:", report.successMismatches, 0],
    [
      "the expert's return differs by per cent:",
      Math.abs(report.returnDifference),
      report.task in explainedReturns ? Number.POSITIVE_INFINITY : limits.returnPercent,
    ],
  ];
  return rows
    .filter(([, value, limit]) => !(value <= limit))
    .map(([words, value, limit]) => `${report.task}: ${words} ${value} (limit ${limit})`);
}

/** A recorded task. text: of its file   name: of the file, for messages   Throws UserError if it is none. */
export function parseRecording(text: string, name: string): Recording {
  try {
    return Recording.parse(JSON.parse(text));
  } catch (error) {
    throw new UserError(`${name} is no recording of a task: ${firstFault(error)}.`);
  }
}

function firstFault(error: unknown): string {
  if (!(error instanceof z.ZodError)) return (error as Error).message;
  const [{ path, message }] = error.issues;
  return `${path.join(".")}: ${message}`;
}

/** Replays a recording. */
export function verify(engine: Engine, recording: Recording): TaskReport {
  const { task, expert } = findTask(recording.task);
  const official = officialVectors(task, recording.seed);
  using env = new MetaworldEnv(engine, task);
  const settlingTouches = touchesWhileSettling(engine, task);
  const episodes = recording.episodes.map((episode) =>
    replay(env, episode, official[episode.goal_index], settlingTouches),
  );
  const worst = (field: keyof ReplayReport) => Math.max(...episodes.map((episode) => Number(episode[field])));
  return {
    task: task.name,
    seed: recording.seed,
    settlingTouches,
    vectorError: worst("vectorError"),
    resetError: worst("resetError"),
    observationError: worst("observationError"),
    rewardError: worst("rewardError"),
    recomputedRewardError: worst("recomputedRewardError"),
    successMismatches: episodes.reduce((sum, { successMismatches }) => sum + successMismatches, 0),
    ...compareExperts(engine, task, expert, recording),
    episodes,
  };
}

/** True if the arm on its way to its start touches a substituted part of the scene as it stands by default. */
function touchesWhileSettling(engine: Engine, task: Task): boolean {
  using sim = new Sim(engine, sceneXml(task.scene).simulated);
  let touched = false;
  startSettling(sim, task.handStart);
  for (let step = 0; step < settleSteps; step++) {
    sim.step(1);
    touched ||= touchesSubstitute(sim);
  }
  return touched;
}

function touchesSubstitute(sim: Sim): boolean {
  let touched = false;
  sim.eachContact((a, b) => {
    touched ||= sim.group(a) === substituteGroup || sim.group(b) === substituteGroup;
  });
  return touched;
}

function replay(
  env: MetaworldEnv,
  recorded: RecordedEpisode,
  official: readonly number[],
  touched: boolean,
): ReplayReport {
  const reset = env.reset(undefined, { vector: recorded.rand_vec });
  const resetError = Math.max(
    difference(reset.observation, recorded.reset_obs),
    difference(env.goal, recorded.target),
  );
  const before = { observationError: 0, rewardError: 0, recomputedRewardError: 0, successMismatches: 0 };
  let contactStep = touched ? -1 : null;
  let observationErrorAfter = 0;
  let successMismatchesAfter = 0;
  recorded.actions.forEach((unclipped, t) => {
    const action = Float32Array.from(unclipped, (x) => Math.min(Math.max(x, -1), 1));
    const step = env.step(action);
    if (contactStep === null && touchesSubstitute(env.sim)) contactStep = t;
    const observationError = difference(step.observation, recorded.obs[t]);
    const mismatch = Number(step.success !== recorded.info[t].success > 0);
    observationErrorAfter = Math.max(observationErrorAfter, observationError);
    successMismatchesAfter += mismatch;
    if (contactStep !== null) return;
    const recomputed = env.evaluate(Float64Array.from(recorded.obs[t]), unclipped);
    const reward = recorded.rewards[t];
    before.observationError = Math.max(before.observationError, observationError);
    before.rewardError = Math.max(before.rewardError, Math.abs(step.reward - reward));
    before.recomputedRewardError = Math.max(
      before.recomputedRewardError,
      Math.abs(recomputed.reward - reward),
    );
    before.successMismatches += mismatch;
  });
  return {
    kind: recorded.kind,
    goal: recorded.goal_index,
    steps: recorded.actions.length,
    vectorError: difference(official, recorded.rand_vec),
    resetError,
    contactStep,
    ...before,
    observationErrorAfter,
    successMismatchesAfter,
  };
}

/** Our expert, closed loop until success, on the goals of the recorded scripted episodes. */
function compareExperts(engine: Engine, task: Task, expert: Expert, { episodes }: Recording) {
  const recorded = episodes.filter(({ kind }) => kind === "scripted");
  let ours = 0;
  let theirs = 0;
  let successes = 0;
  using env = new MetaworldEnv(engine, task);
  for (const { rand_vec, rewards, info } of recorded) {
    const { total, success } = playScripted(env, scripted(expert), { vector: rand_vec });
    successes += Number(success);
    if (!success || !info.some(({ success }) => success > 0)) continue;
    ours += total;
    theirs += rewards.reduce((sum, reward) => sum + reward, 0);
  }
  return {
    returnDifference: theirs === 0 ? 0 : 100 * (ours / theirs - 1),
    expertSuccess: recorded.length === 0 ? 1 : successes / recorded.length,
  };
}

function difference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let largest = a.length === b.length ? 0 : Number.POSITIVE_INFINITY;
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs(a[i] - b[i]));
  return largest;
}
