/** @file Tasks as a command line names them. */
import { findTask, suites } from "../envs/index.ts";

/** Names of tasks; a suite stands for its own. Throws UserError for a name that is neither. */
export function tasksNamed(names: readonly string[]): string[] {
  const bySuite: Readonly<Record<string, readonly string[]>> = suites;
  return names.flatMap((name) => bySuite[name] ?? [findTask(name).task.name]);
}
