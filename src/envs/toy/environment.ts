/** @file A point in a square that must come to a goal: an environment of plain arithmetic, some million steps a second. */
import { Random, type RandomState, type Spaces, UserError, vectorSpace } from "../../base/index.ts";
import {
  checkAction,
  type Env,
  type EnvSpec,
  type EnvState,
  type RenderOptions,
  type Reset,
  type ResetOptions,
  type Step,
} from "../env.ts";
import { requireAlive, requireRunning, requireStarted } from "../lifecycle.ts";
import type { Image } from "../picture/render.ts";
import { cloudOf, cloudPoints, drawSpecks, goalRadius, type Specks } from "./cloud.ts";
import { drawScene } from "./picture.ts";
import { type Point, type ToyTask, type ToyTaskName, toyTasks } from "./tasks.ts";

/** Kind of observation: numbers by name, or points. */
export type ToyObservation = "state" | "pointCloud";

/** Distance per step and unit of action. */
const stepSize = 0.08;
const actionSize = 2;
const stateNames = ["x", "y", "goal_x", "goal_y", "obstacle_x", "obstacle_y", "obstacle_radius"];

export function toySpaces(observation: ToyObservation): Spaces {
  const action = vectorSpace("action", actionSize);
  if (observation === "pointCloud")
    return {
      observation: { pointCloud: { shape: [cloudPoints, 3], names: ["x", "y", "mark"] } },
      action,
    };
  return { observation: { state: { shape: [stateNames.length], names: stateNames } }, action };
}

interface Episode {
  /** x and y of start and goal. */
  readonly vector: readonly number[];
  /** Seed of the specks. */
  readonly specksSeed: number;
  readonly specks: Specks;
  position: Point;
  steps: number;
  over: boolean;
}

/** An episode as `save` keeps it. */
interface ToyState extends EnvState {
  readonly episode: Omit<Episode, "specks">;
  readonly random: RandomState;
}

export class ToyEnv implements Env {
  readonly spec: EnvSpec;
  readonly #task: ToyTask;
  readonly #observation: ToyObservation;
  #random = new Random(0);
  #episode: Episode | undefined;
  #disposed = false;

  constructor(
    task: ToyTaskName,
    options: { readonly observation: ToyObservation; readonly maxSteps: number },
  ) {
    this.#task = toyTasks[task];
    this.#observation = options.observation;
    const spaces = toySpaces(options.observation);
    this.spec = {
      name: `toy/${task}`,
      spaces,
      maxSteps: options.maxSteps,
      controlPeriod: 0.1,
    };
  }

  reset(seed?: number, { vector, goal }: ResetOptions = {}): Reset {
    requireAlive(this.#disposed);
    if (goal !== undefined) throw new UserError(`${this.spec.name} has no numbered goals, got goal ${goal}.`);
    if (seed !== undefined) this.#random = new Random(seed);
    const start = vector === undefined ? this.#draw() : this.#checked(vector);
    this.#episode = this.#begin(start, this.#random.integer(2 ** 32));
    return { observation: this.#observe(this.#episode), info: {} };
  }

  step(action: ArrayLike<number>): Step {
    requireAlive(this.#disposed);
    const episode = requireRunning(this.#episode);
    checkAction(action, actionSize);
    episode.position = this.#move(episode.position, action);
    episode.steps++;
    episode.over = episode.steps >= this.spec.maxSteps;
    const distance = distanceOf(episode.position, goalOf(episode));
    return {
      observation: this.#observe(episode),
      reward: Math.max(0, 1 - distance),
      success: distance <= goalRadius,
      terminated: false,
      truncated: episode.over,
      info: { distance },
    };
  }

  save(): ToyState {
    requireAlive(this.#disposed);
    const { specks: _, ...episode } = requireStarted(this.#episode);
    return { name: this.spec.name, episode, random: this.#random.state() };
  }

  restore(state: EnvState): void {
    requireAlive(this.#disposed);
    if (state.name !== this.spec.name)
      throw new UserError(`This state belongs to "${state.name}"; the environment is "${this.spec.name}".`);
    const { episode, random } = state as ToyState;
    this.#episode = { ...this.#begin(episode.vector, episode.specksSeed), ...episode };
    this.#random = Random.restore(random);
  }

  /** There is one camera, above the square. */
  render({ camera, width = 320, height = 240 }: RenderOptions = {}): Image {
    if (camera !== undefined) throw new UserError(`${this.spec.name} has no cameras, got ${camera}.`);
    const episode = requireStarted(this.#episode);
    const scene = { agent: episode.position, goal: goalOf(episode) };
    return drawScene(
      { ...scene, ...(this.#task.obstacle && { obstacle: this.#task.obstacle }) },
      width,
      height,
    );
  }

  /** The same as its disposal, for who has no `using`. */
  close(): void {
    this[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    this.#disposed = true;
  }

  #draw(): readonly number[] {
    const { start, goal, apart } = this.#task;
    const within = (low: number, high: number) => low + (high - low) * this.#random.uniform();
    for (;;) {
      const from: Point = [within(start.low[0], start.high[0]), within(start.low[1], start.high[1])];
      const to: Point = [within(goal.low[0], goal.high[0]), within(goal.low[1], goal.high[1])];
      if (distanceOf(from, to) >= apart) return [...from, ...to];
    }
  }

  #checked(vector: readonly number[]): readonly number[] {
    if (vector.length === 4 && vector.every((x) => Math.abs(x) <= 1)) return vector;
    throw new UserError(
      `${this.spec.name}: a start vector has 4 numbers in [-1, 1], x and y of start and goal, got [${vector.join(", ")}].`,
    );
  }

  #begin(vector: readonly number[], specksSeed: number): Episode {
    const specks = drawSpecks(new Random(specksSeed), this.#task.obstacle);
    return { vector, specksSeed, specks, position: [vector[0], vector[1]], steps: 0, over: false };
  }

  /** The next position: within the square, outside the obstacle. */
  #move([x, y]: Point, action: ArrayLike<number>): Point {
    const next: Point = [clip(x + stepSize * action[0]), clip(y + stepSize * action[1])];
    const { obstacle } = this.#task;
    if (obstacle === undefined) return next;
    const distance = distanceOf(next, obstacle.center);
    if (distance >= obstacle.radius) return next;
    if (distance === 0) return [x, y];
    const [cx, cy] = obstacle.center;
    const scale = obstacle.radius / distance;
    return [cx + scale * (next[0] - cx), cy + scale * (next[1] - cy)];
  }

  #observe(episode: Episode): Float64Array {
    const { position, specks } = episode;
    const goal = goalOf(episode);
    const { center, radius } = this.#task.obstacle ?? { center: [0, 0] as const, radius: 0 };
    if (this.#observation === "pointCloud")
      return cloudOf(specks, { agent: position, goal, obstacle: center });
    return Float64Array.of(position[0], position[1], goal[0], goal[1], center[0], center[1], radius);
  }
}

const goalOf = ({ vector }: Episode): Point => [vector[2], vector[3]];

function distanceOf(a: Point, b: Point): number {
  const [x, y] = [a[0] - b[0], a[1] - b[1]];
  return Math.sqrt(x * x + y * y);
}

const clip = (x: number): number => Math.min(Math.max(x, -1), 1);
