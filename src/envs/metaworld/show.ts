/** @file What Meta-World's tasks look like: a picture of a start, the pictures of an episode. */

import type { Engine } from "../engine.ts";
import { type Image, type Mark, render } from "../picture/render.ts";
import { lookAt, type View } from "../picture/view.ts";
import { MetaworldEnv, type MetaworldOptions } from "./environment.ts";
import { act } from "./expert.ts";
import type { SceneName } from "./scenes/scenes.ts";
import type { Task } from "./task.ts";
import { findTask } from "./tasks.ts";

export interface ShowOptions {
  /** A camera of the scene ("corner", "corner2", "topview", ...) or a view of one's own; `usualView` if absent. */
  readonly camera?: string | View;
  /** Pixels. */
  readonly width?: number;
  readonly height?: number;
  /** Fixes where objects and goal are. */
  readonly seed?: number;
  readonly goals?: MetaworldOptions["goals"];
}

export interface EpisodeOptions extends ShowOptions {
  /** What acts; the task's scripted expert if absent. */
  readonly policy?: (observation: Float64Array) => ArrayLike<number>;
  /** Control periods per picture. */
  readonly every?: number;
  /** Control periods after which the episode is broken off. */
  readonly maxSteps?: number;
}

export interface EpisodePictures {
  readonly frames: readonly Image[];
  /** Seconds of world time per picture. */
  readonly period: number;
  readonly success: boolean;
  readonly steps: number;
}

/** The workplace as seen from the robot's right side, from a little above its gripper. */
const overTheShoulder: View = lookAt([1.05, 0, 0.75], [-0.01, 0.62, 0.12], 36);

/** The same from across the table, for fixtures on the left that the arm would hide. */
const acrossTheTable: View = lookAt([0.55, 1.45, 0.75], [-0.12, 0.62, 0.1], 36);

const onTheLeft: readonly SceneName[] = [
  "handle-press-side",
  "peg-insert-side",
  "peg-unplug-side",
  "plate-slide-side",
];

/** From where a task is best seen. */
export function usualView(task: Task): View {
  return onTheLeft.includes(task.scene) ? acrossTheTable : overTheShoulder;
}

/** How an episode of a task starts. task: its name, as for `findTask` */
export function renderTask(engine: Engine, task: string, options: ShowOptions = {}): Image {
  using env = new MetaworldEnv(engine, findTask(task).task, worldOptions(options));
  env.reset(options.seed ?? 0);
  return picture(env, options);
}

/** The pictures of an episode, until the task is solved or time is out. task: its name, as for `findTask` */
export function recordEpisode(engine: Engine, task: string, options: EpisodeOptions = {}): EpisodePictures {
  const { task: record, expert } = findTask(task);
  const { policy = (observation) => act(expert, observation), every = 2, maxSteps } = options;
  using env = new MetaworldEnv(engine, record, {
    ...worldOptions(options),
    ...(maxSteps === undefined ? {} : { maxSteps }),
  });
  let { observation } = env.reset(options.seed ?? 0);
  const frames = [picture(env, options)];
  for (let steps = 1; ; steps++) {
    const step = env.step(policy(observation));
    observation = step.observation;
    const over = step.success || step.truncated;
    if (over || steps % every === 0) frames.push(picture(env, options));
    if (over) return { frames, period: every * env.spec.controlPeriod, success: step.success, steps };
  }
}

function worldOptions({ goals }: ShowOptions): MetaworldOptions {
  return goals === undefined ? {} : { goals };
}

function picture(env: MetaworldEnv, { camera, width = 320, height = 240 }: ShowOptions): Image {
  const goal: Mark = { position: env.goal, radius: 0.025, color: [0.95, 0.15, 0.7] };
  return render(env.sim, { camera: camera ?? usualView(env.task), width, height, marks: [goal] });
}
