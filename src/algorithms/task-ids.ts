/** @file Numbers of tasks, for networks that are told which task they are in. */
import { UserError } from "../base/index.ts";
import { canonicalTask } from "../envs/index.ts";

/** The number of `task` among those that `who` has learned. Throws UserError if it has not. */
export function taskId(tasks: readonly string[], task: string, who: string): number {
  const id = tasks.map(canonicalTask).indexOf(canonicalTask(task)); // data of 0.1 name no family
  if (id >= 0) return id;
  throw new UserError(
    `${who} is told which task it is in, and has learned ${tasks.join(", ")}: not ${task}.`,
  );
}
