/**
 * @file The one environment that runs every Meta-World task.
 * Source: Meta-World v3, sawyer_xyz_env.py (7ea2b50), reward version 2. Differs: the arm's settling is computed once.
 */

import { Random, type RandomState, sizeOfSpace, UserError } from "../../base/index.ts";
import type { Engine } from "../engine.ts";
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
import { add, distance, pointAt } from "../geometry.ts";
import { requireRunning, requireStarted } from "../lifecycle.ts";
import type { Vec3 } from "../mjcf.ts";
import { type Image, type Mark, render } from "../picture/render.ts";
import { Sim } from "../sim.ts";
import { drawVector, type Goals, officialVectors } from "./goals.ts";
import { sceneXml } from "./scenes/scenes.ts";
import { frameSize, metaworldSpaces } from "./spaces.ts";
import { handSpace, type Moment, type Start, type Task } from "./task.ts";
import { usualView } from "./views.ts";

export interface MetaworldOptions {
  readonly goals?: Goals;
  /** True: the goal's place is observed (multi-task setting); false: three zeros (meta-learning setting). */
  readonly goalVisible?: boolean;
  readonly maxSteps?: number;
  /** Fixes the stream that draws goals until `reset` is given a seed. */
  readonly seed?: number;
}

/** Numbers of an observation (this frame, the last, goal) and of an action. */
const [observationSize, actionSize] = [metaworldSpaces.observation, metaworldSpaces.action].map(sizeOfSpace);
/** Simulation steps per control period. */
const frameSkip = 5;
/** Simulation steps in which the arm settles. */
const settleSteps = 50 * frameSkip;
/** Box in which a hand can be observed; the rest of a frame is not bounded, but for the gripper's opening. */
const observedHand = { low: [-0.525, 0.348, -0.0525, -1], high: [0.525, 1.025, 0.7, 1] };
/** Metres per unit of action, in single precision because the official actions are. */
const actionScale = Math.fround(0.01);
const gripperDown = [1, 0, 1, 0];

/** The settled arm of every scene and hand start met so far, one simulation step before its end. */
const settledStates = new Map<string, Float64Array>();
/** The same where the arm settles among placed objects: by task and vector, the most recent last. */
const settledInPlace = new Map<string, Float64Array>();
/** States that are kept, of 3 kB each: the official goals of every such task and as many again. */
const inPlaceKept = 1000;

/** An episode as `save` keeps it. */
export interface MetaworldState extends EnvState {
  readonly vector: readonly number[];
  readonly steps: number;
  readonly simulator: Float64Array;
  readonly frame: Float64Array;
  readonly observation: Float64Array;
  readonly over: boolean;
  /** The stream that draws later episodes. */
  readonly random: RandomState;
}

export class MetaworldEnv implements Env {
  readonly spec: EnvSpec;
  readonly task: Task;
  readonly sim: Sim;
  readonly #goals: Goals;
  readonly #goalVisible: boolean;
  readonly #official: readonly (readonly number[])[];
  #random: Random;
  #episode: Episode | undefined;

  constructor(engine: Engine, task: Task, options: MetaworldOptions = {}) {
    const { goals = { kind: "random" }, goalVisible = true, maxSteps = 500, seed = 0 } = options;
    this.task = task;
    this.spec = {
      name: `metaworld/${task.name}`,
      spaces: metaworldSpaces,
      maxSteps,
      controlPeriod: 0.0125,
    };
    this.#goals = goals;
    this.#goalVisible = goalVisible;
    this.#official = goals.kind === "official" ? officialVectors(task, goals.seed) : [];
    this.#random = new Random(seed);
    const { simulated, seen } = sceneXml(task.scene);
    this.sim = new Sim(engine, simulated, seen);
  }

  reset(seed?: number, options: ResetOptions = {}): Reset {
    if (seed !== undefined) this.#random = new Random(seed);
    const vector = this.#vector(options);
    return { observation: this.#begin(vector).observation.slice(), info: {} };
  }

  step(action: ArrayLike<number>): Step {
    const episode = requireRunning(this.#episode);
    checkAction(action, actionSize);
    const given = Float32Array.of(action[0], action[1], action[2], action[3]);
    const { sim, task } = this;
    const { low, high } = task.handSpace ?? handSpace;
    const target = sim.mocapPositions;
    for (let i = 0; i < 3; i++)
      target[i] = clip(target[i] + Math.fround(given[i] * actionScale), low[i], high[i]);
    write(sim.mocapQuaternions, 0, gripperDown);
    write(sim.control, 0, [given[3], -given[3]]);
    const healthy = sim.step(frameSkip);
    episode.steps++;
    if (!healthy) return this.#fault(episode);
    sim.updatePoses();
    const frame = this.#frame();
    const observation = this.#clip(this.#observe(frame, episode.frame, episode.start.goal));
    if (!allFinite(observation)) return this.#fault(episode);
    const { reward, success, terms } = task.evaluate(this.#moment(episode, observation, given));
    if (!Number.isFinite(reward)) return this.#fault(episode);
    episode.frame = frame;
    episode.observation.set(observation);
    episode.over = episode.steps >= this.spec.maxSteps;
    return {
      observation,
      reward,
      success,
      terminated: false,
      truncated: episode.over,
      info: terms,
    };
  }

  /** Place of the present episode's goal. */
  get goal(): Vec3 {
    return requireStarted(this.#episode).start.goal;
  }

  save(): MetaworldState {
    const { vector, steps, frame, observation, over } = requireStarted(this.#episode);
    return {
      name: this.spec.name,
      vector,
      steps,
      simulator: this.sim.save(),
      frame: Float64Array.from(frame),
      observation: observation.slice(),
      over,
      random: this.#random.state(),
    };
  }

  restore(state: EnvState): void {
    if (state.name !== this.spec.name) {
      throw new UserError(`This state belongs to "${state.name}"; the environment is "${this.spec.name}".`);
    }
    const { vector, steps, simulator, frame, observation, over, random } = state as MetaworldState;
    const episode = this.#begin(vector);
    episode.steps = steps;
    episode.over = over;
    episode.frame = [...frame];
    episode.observation.set(observation);
    this.#random = Random.restore(random);
    this.sim.restore(simulator);
    this.sim.updatePoses();
  }

  render({ camera = usualView(this.task), width = 320, height = 240 }: RenderOptions = {}): Image {
    const goal: Mark = { position: this.goal, radius: 0.025, color: [0.95, 0.15, 0.7] };
    return render(this.sim, { camera, width, height, marks: [goal] });
  }

  /** The same as its disposal, for who has no `using`. */
  close(): void {
    this[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    this.sim[Symbol.dispose]();
  }

  #vector({ vector, goal }: ResetOptions): readonly number[] {
    const length = this.task.random.low.length;
    const chosen = vector ?? (this.#goals.kind === "fixed" ? this.#goals.vector : undefined);
    if (chosen !== undefined) {
      if (chosen.length === length && chosen.every(Number.isFinite)) return chosen;
      throw new UserError(
        `${this.task.name}: a start vector has ${length} finite numbers, got [${chosen.join(", ")}].`,
      );
    }
    if (this.#goals.kind === "random") {
      if (goal === undefined) return drawVector(this.task, () => this.#random.uniform());
      throw new UserError(`Goals have numbers where their kind is "official"; here it is "random".`);
    }
    const index = goal ?? this.#random.integer(this.#official.length);
    const official = this.#official[index];
    if (official !== undefined) return official;
    throw new UserError(`Goals are numbered 0 to ${this.#official.length - 1}, got ${index}.`);
  }

  /** The official reset runs a task's placing twice; fixtures placed by the first call are seen by the second. */
  #begin(vector: readonly number[]): Episode {
    const { sim, task } = this;
    sim.restore(this.#settled());
    task.reset(sim, vector, this.#arrive());
    sim.restore(task.settleInPlace ? this.#settledInPlace(vector) : this.#settled());
    const settled = this.#arrive();
    const start = task.reset(sim, vector, settled);
    const frame = this.#frame();
    const observation = this.#observe(frame, frame, start.goal); // a reset's is not clipped, as in the official package
    const episode = { vector, start, tcpStart: settled.tcp, steps: 0, over: false, frame, observation };
    this.#episode = episode;
    return episode;
  }

  /** The settled arm among the scene's default placements. */
  #settled(): Float64Array {
    const key = `${this.task.scene} ${this.task.handStart.join(" ")}`;
    const state = settledStates.get(key) ?? this.#settle();
    settledStates.set(key, state);
    return state;
  }

  /** The settled arm among the objects as `vector` has just placed them. */
  #settledInPlace(vector: readonly number[]): Float64Array {
    const key = `${this.task.name} ${vector.join(" ")}`;
    const state = settledInPlace.get(key) ?? this.#settle();
    settledInPlace.delete(key);
    settledInPlace.set(key, state);
    if (settledInPlace.size > inPlaceKept)
      settledInPlace.delete(settledInPlace.keys().next().value as string);
    return state;
  }

  /** Moves the arm to its start, up to the last simulation step. */
  #settle(): Float64Array {
    startSettling(this.sim, this.task.handStart);
    this.sim.step(settleSteps - 1);
    return this.sim.save();
  }

  /** The last simulation step of settling: poses are now what the official reset reads. */
  #arrive(): { tcp: Vec3 } {
    this.sim.step(1);
    return { tcp: toolCenter(this.sim) };
  }

  #fault(episode: Episode): Step {
    episode.over = true;
    const observation = episode.observation.slice();
    const fault = `${this.spec.name}: the simulation diverged at step ${episode.steps}; the episode was ended.`;
    return { observation, reward: 0, success: false, terminated: false, truncated: true, fault, info: {} };
  }

  /** The present frame: hand, gripper opening, objects. (frameSize,) or shorter where zeros end it. */
  #frame(): readonly number[] {
    const { sim } = this;
    const [x, y, z] = sim.bodyPosition("hand");
    const apart = distance(sim.bodyPosition("rightclaw"), sim.bodyPosition("leftclaw"));
    return [x, y, z, clip(apart / 0.1, 0, 1), ...this.task.objects(sim)];
  }

  /** Present frame, the one before, goal. */
  #observe(frame: readonly number[], before: readonly number[], goal: Vec3): Float64Array {
    const observation = new Float64Array(observationSize);
    write(observation, 0, frame);
    write(observation, frameSize, before);
    if (this.#goalVisible) write(observation, 2 * frameSize, goal);
    return observation;
  }

  /** Clips to the observation space, in place. */
  #clip(observation: Float64Array): Float64Array {
    for (let i = 0; i < 4; i++) {
      observation[i] = clip(observation[i], observedHand.low[i], observedHand.high[i]);
      const last = frameSize + i;
      observation[last] = clip(observation[last], observedHand.low[i], observedHand.high[i]);
    }
    const { low, high } = this.task.goalSpace;
    if (!this.#goalVisible) return observation;
    for (let i = 0; i < 3; i++) {
      observation[2 * frameSize + i] = clip(observation[2 * frameSize + i], low[i], high[i]);
    }
    return observation;
  }

  #moment(episode: Episode, observation: Float64Array, action: Float32Array): Moment {
    const { sim } = this;
    return {
      sim,
      start: episode.start,
      observation,
      action,
      hand: pointAt(observation, 0),
      opening: observation[3],
      object: pointAt(observation, 4),
      tcp: toolCenter(sim),
      tcpStart: episode.tcpStart,
      handStart: this.task.handStart,
      leftPad: sim.bodyPosition("leftpad"),
      rightPad: sim.bodyPosition("rightpad"),
    };
  }
}

interface Episode {
  readonly vector: readonly number[];
  readonly start: Start;
  readonly tcpStart: Vec3;
  steps: number;
  over: boolean;
  frame: readonly number[];
  readonly observation: Float64Array;
}

/** Sends the arm, from the coordinates a scene is compiled with, to its start; `settleSteps` later it is there. */
function startSettling(sim: Sim, handStart: Vec3): void {
  sim.reset();
  sim.mocapPositions.set(handStart);
  sim.mocapQuaternions.set(gripperDown);
  sim.control.set([-1, 1]);
}

function toolCenter(sim: Sim): Vec3 {
  const [x, y, z] = add(sim.sitePosition("rightEndEffector"), sim.sitePosition("leftEndEffector"));
  return [x / 2, y / 2, z / 2];
}

/** Number by number: for so few, `set` takes four times as long. */
function write(into: Float64Array, at: number, values: readonly number[]): void {
  for (let i = 0; i < values.length; i++) into[at + i] = values[i];
}

function allFinite(values: Float64Array): boolean {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return false;
  return true;
}

function clip(x: number, low: number, high: number): number {
  return Math.min(Math.max(x, low), high);
}
