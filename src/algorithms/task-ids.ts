/** @file Numbers of tasks, for networks that are told which task they are in. */
import { UserError } from "../base/index.ts";

/** The number of `task` among those that `who` has learned. Throws UserError if it has not. */
export function taskId(tasks: readonly string[], task: string, who: string): number {
  const id = tasks.indexOf(task);
  if (id >= 0) return id;
  throw new UserError(
    `${who} is told which task it is in, and has learned ${tasks.join(", ")}: not ${task}.`,
  );
}
