/**
 * @file Replays recorded official episodes in our environments and measures where the two part.
 * A recording is one task's file of the golden data, JSON.
 */

import { z } from "zod";
import { maximum, parse, parseJson } from "../../base/index.ts";
import type { Engine } from "../engine.ts";
import { playScripted } from "../scripted-policy.ts";
import { MetaworldEnv } from "./environment.ts";
import { act, type Expert, scripted } from "./expert.ts";
import { officialVectors } from "./goals.ts";
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
    /** Steps before which errors of rounding make no difference in the official environment; all if absent. */
    determined: z.int().min(0).optional(),
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
  /** Steps that are compared: all, or those before rounding decides. */
  readonly compared: number;
  readonly vectorError: number;
  readonly resetError: number;
  readonly observationError: number;
  readonly rewardError: number;
  readonly successMismatches: number;
  /** Of our expert's actions for the observations of a recorded scripted episode; 0 for random ones. */
  readonly actionError: number;
}

export interface TaskReport {
  readonly task: string;
  readonly seed: number;
  readonly vectorError: number;
  readonly resetError: number;
  readonly observationError: number;
  readonly rewardError: number;
  readonly successMismatches: number;
  readonly actionError: number;
  /** Departures of our expert from the official policy, on purpose. */
  readonly expertDiffers?: string;
  /** Difference of our expert's mean return to the recorded expert's on the goals that both solved, per cent. */
  readonly returnDifference: number;
  /** Of our expert and of the recorded one on the recorded goals, 0 to 1. */
  readonly expertSuccess: number;
  readonly recordedSuccess: number;
  readonly episodes: readonly ReplayReport[];
}

/** Largest differences that count as equal. */
export const limits = { vector: 1e-12, reset: 1e-6, replay: 1e-6, action: 1e-6 };

/** Broken limits of a report, in words; empty if there are none. */
export function complaints(report: TaskReport): string[] {
  const rows: readonly (readonly [string, number, number])[] = [
    ["random vectors differ by", report.vectorError, limits.vector],
    ["reset observations differ by", report.resetError, limits.reset],
    ["observations differ by", report.observationError, limits.replay],
    ["rewards differ by", report.rewardError, limits.replay],
    ["success differs on steps:", report.successMismatches, 0],
    [
      "the expert's actions differ by",
      report.actionError,
      report.expertDiffers === undefined ? limits.action : Number.POSITIVE_INFINITY,
    ],
  ];
  return rows
    .filter(([, value, limit]) => !(value <= limit))
    .map(([words, value, limit]) => `${report.task}: ${words} ${value} (limit ${limit})`);
}

/** A recorded task. text: of its file   name: of the file, for messages   Throws UserError if it is none. */
export function parseRecording(text: string, name: string): Recording {
  return parse(Recording, parseJson(text, name), `${name} is no recording of a task`);
}

/** Replays a recording. */
export function verify(engine: Engine, recording: Recording): TaskReport {
  const { task, expert } = findTask(recording.task);
  const official = officialVectors(task, recording.seed);
  using env = new MetaworldEnv(engine, task);
  const episodes = recording.episodes.map((episode) =>
    replay(env, expert, episode, official[episode.goal_index]),
  );
  const worst = (field: keyof ReplayReport) => maximum(episodes.map((episode) => Number(episode[field])));
  const { differs } = expert;
  return {
    task: task.name,
    seed: recording.seed,
    vectorError: worst("vectorError"),
    resetError: worst("resetError"),
    observationError: worst("observationError"),
    rewardError: worst("rewardError"),
    successMismatches: episodes.reduce((sum, { successMismatches }) => sum + successMismatches, 0),
    actionError: worst("actionError"),
    ...(differs !== undefined && { expertDiffers: differs }),
    ...compareExperts(env, expert, recording),
    episodes,
  };
}

function replay(
  env: MetaworldEnv,
  expert: Expert,
  recorded: RecordedEpisode,
  official: readonly number[],
): ReplayReport {
  const { kind, actions, obs, rewards, info, determined = actions.length } = recorded;
  const { observation } = env.reset(undefined, { vector: recorded.rand_vec });
  const resetError = Math.max(
    difference(observation, recorded.reset_obs),
    difference(env.goal, recorded.target),
  );
  let [observationError, rewardError, successMismatches, actionError] = [0, 0, 0, 0];
  actions.slice(0, determined).forEach((unclipped, t) => {
    const action = Float32Array.from(unclipped, (x) => Math.min(Math.max(x, -1), 1));
    if (kind === "scripted") {
      const ours = act(expert, t === 0 ? recorded.reset_obs : obs[t - 1]);
      actionError = Math.max(actionError, difference(ours, action));
    }
    const step = env.step(action);
    observationError = Math.max(observationError, difference(step.observation, obs[t]));
    rewardError = Math.max(rewardError, Math.abs(step.reward - rewards[t]));
    successMismatches += Number(step.success !== info[t].success > 0);
  });
  return {
    kind,
    goal: recorded.goal_index,
    steps: actions.length,
    compared: Math.min(determined, actions.length),
    vectorError: difference(official, recorded.rand_vec),
    resetError,
    observationError,
    rewardError,
    successMismatches,
    actionError,
  };
}

/** Our expert, closed loop until success, on the goals of the recorded scripted episodes. */
function compareExperts(env: MetaworldEnv, expert: Expert, { episodes }: Recording) {
  const recorded = episodes.filter(({ kind }) => kind === "scripted");
  const share = (count: number) => (recorded.length === 0 ? 1 : count / recorded.length);
  let ours = 0;
  let theirs = 0;
  let successes = 0;
  let theirSuccesses = 0;
  for (const { rand_vec, rewards, info } of recorded) {
    const { total, success } = playScripted(env, scripted(expert), { vector: rand_vec });
    const solved = info.some(({ success }) => success > 0);
    successes += Number(success);
    theirSuccesses += Number(solved);
    if (!success || !solved) continue;
    ours += total;
    theirs += rewards.reduce((sum, reward) => sum + reward, 0);
  }
  return {
    returnDifference: theirs === 0 ? 0 : 100 * (ours / theirs - 1),
    expertSuccess: share(successes),
    recordedSuccess: share(theirSuccesses),
  };
}

function difference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let largest = a.length === b.length ? 0 : Number.POSITIVE_INFINITY;
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs(a[i] - b[i]));
  return largest;
}
