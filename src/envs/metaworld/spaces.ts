/** @file Spaces of every Meta-World task. */
import type { Spaces } from "../../base/index.ts";

const axes = (what: string): string[] => ["x", "y", "z"].map((axis) => `${what}_${axis}`);
/** Four numbers whose order differs from task to task: wxyz, xyzw, or zeros. */
const quaternion = (what: string): string[] => [0, 1, 2, 3].map((i) => `${what}_q${i}`);

/** One frame, 18 numbers: hand, gripper opening, two objects. */
const frame = [
  ...axes("hand"),
  "gripper",
  ...axes("object"),
  ...quaternion("object"),
  ...axes("object2"),
  ...quaternion("object2"),
];
export const frameSize = frame.length;

/** This frame, the last, goal. */
const names = [...frame, ...frame.map((name) => `last_${name}`), ...axes("goal")];

export const metaworldSpaces: Spaces = {
  observation: { state: { shape: [names.length], names } },
  action: { action: { shape: [4], names: [...axes("move"), "grip"] } },
};
