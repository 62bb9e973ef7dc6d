/** @file The contract of Meta-World's tasks: records that one environment class runs. */

import { pointAt, quaternionXyzw } from "../geometry.ts";
import type { Vec3 } from "../mjcf.ts";
import type { Sim } from "../sim.ts";
import type { SceneName } from "./scenes/scenes.ts";

/** Difficulty of a task, after Seo et al. 2022, arXiv:2206.14244. */
export type Difficulty = "easy" | "medium" | "hard" | "very-hard";

/** An axis-aligned box; `low` and `high` have one number per axis. */
export interface Box {
  readonly low: readonly number[];
  readonly high: readonly number[];
}

/** State that a task keeps from an episode's start. Tasks add what their rewards need. */
export interface Start {
  /** Target place of the object; the last three observed numbers if the goal is visible. */
  readonly goal: Vec3;
  /** First place of the object, as the rewards count it. */
  readonly object: Vec3;
}

/** Inputs of rewards. All positions in metres, world frame, after the step. */
export interface Moment<S extends Start = Start> {
  readonly sim: Sim;
  readonly start: S;
  /** (39,), clipped to the observation space. */
  readonly observation: Float64Array;
  /** (4,) as given, in float32. */
  readonly action: Float32Array;
  /** The observed hand, gripper opening in [0, 1] and first object. */
  readonly hand: Vec3;
  readonly opening: number;
  readonly object: Vec3;
  /** Tool centre point: midway between the finger tips, now and when the arm had settled. */
  readonly tcp: Vec3;
  readonly tcpStart: Vec3;
  readonly handStart: Vec3;
  readonly leftPad: Vec3;
  readonly rightPad: Vec3;
}

export interface Outcome {
  /** 0 to 10. */
  readonly reward: number;
  readonly success: boolean;
  /** Terms of the reward, by name. */
  readonly terms: Readonly<Record<string, number>>;
}

export interface Task<S extends Start = Start> {
  /** As in Meta-World, without the version: "drawer-open". */
  readonly name: string;
  /** Condition of success, in words: "the handle is within 3 cm of the goal". */
  readonly solved: string;
  readonly difficulty: Difficulty;
  readonly scene: SceneName;
  /** Place of the hand at the start of an episode. */
  readonly handStart: Vec3;
  /** Box of the hand's targets; `handSpace` if absent. */
  readonly handSpace?: Box;
  /**
   * Box that objects and goal are drawn from, uniformly: first the object, last the goal. A draw whose first point is
   * nearer than `apart` (metres, seen from above) to its last, or to `apartFrom` if given, is drawn again.
   */
  readonly random: Box & { readonly apart?: number; readonly apartFrom?: Vec3 };
  /** The visible goal is clipped to this. */
  readonly goalSpace: Box;
  /** The arm would hit the object while it settles: settle it with the objects placed, at every reset. */
  readonly settleInPlace?: true;
  /**
   * Places objects and goal by the drawn `vector`. Called twice per reset as in the official package: poses read here
   * are those of the scene as the first call left it, one simulation step old until `sim.updatePoses()`.
   */
  reset(sim: Sim, vector: readonly number[], settled: Settled): S;
  /** Observed objects: position and quaternion of one or two, at most 14 numbers. */
  objects(sim: Sim): readonly number[];
  evaluate(moment: Moment<S>): Outcome;
}

/** The arm when it has settled, before objects are placed. */
interface Settled {
  readonly tcp: Vec3;
}

/** A task, checked: what `reset` remembers is what `evaluate` gets. */
export function defineTask<S extends Start>(task: Task<S>): Task<S> {
  return task;
}

/** Box of the hand's targets in most tasks. */
export const handSpace: Box = { low: [-0.5, 0.4, 0.05], high: [0.5, 1, 0.5] };

/** The same with a lower floor, for tasks that reach below. */
export const deepHandSpace: Box = { low: [-0.5, 0.4, -0.15], high: [0.5, 1, 0.5] };

/** A point as the official package stores some hand starts: in single precision. */
export function float32(point: Vec3): Vec3 {
  return [Math.fround(point[0]), Math.fround(point[1]), Math.fround(point[2])];
}

/** Two points packed in a drawn vector. */
export function twoPoints(vector: readonly number[]): [Vec3, Vec3] {
  return [pointAt(vector, 0), pointAt(vector, 3)];
}

/**
 * Puts the loose object (coordinates 9 to 11, after arm and fingers) at a place and stops it; poses are current after
 * this. Its orientation stays, as in the official package.
 */
export function putObject(sim: Sim, position: Vec3): void {
  sim.qpos.set(position, 9);
  sim.qvel.fill(0, 9, Math.min(15, sim.qvel.length));
  sim.updatePoses();
}

/**
 * Puts the mug at a place; poses are current after this. Its coordinates come before the arm's. The official package
 * then stops arm and fingers where it means the mug.
 */
export function putMug(sim: Sim, position: Vec3): void {
  sim.qpos.set(position, 0);
  sim.qvel.fill(0, 9, 15);
  sim.updatePoses();
}

/** Both finger pads press on the shape called `geom`. */
export function grasped(sim: Sim, geom: string): boolean {
  return sim.contactForce("leftpad_geom", geom) > 0 && sim.contactForce("rightpad_geom", geom) > 0;
}

/** Body "obj" as most tasks with a loose object observe it: place, and quaternion xyzw of its shape "objGeom". */
export function looseObject(sim: Sim): readonly number[] {
  return [...sim.bodyPosition("obj"), ...quaternionXyzw(sim.geomMatrix("objGeom"))];
}

/** The mug: place, and quaternion xyzw of its site. */
export function standingMug(sim: Sim): readonly number[] {
  return [...sim.bodyPosition("obj"), ...quaternionXyzw(sim.siteMatrix("mug"))];
}

/** The plate on its slides: place, and quaternion xyzw of its shape "puck". */
export function slidingPlate(sim: Sim): readonly number[] {
  return [...sim.geomPosition("puck"), ...quaternionXyzw(sim.geomMatrix("puck"))];
}

/** No orientation: tasks that do not observe one report zeros. */
export const noQuaternion = [0, 0, 0, 0] as const;
