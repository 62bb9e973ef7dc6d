/** @file From where Meta-World's tasks are seen. */
import { lookAt, type View } from "../picture/view.ts";
import type { SceneName } from "./scenes/scenes.ts";
import type { Task } from "./task.ts";

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
