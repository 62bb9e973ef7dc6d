/** @file Names of tasks in a collection of episodes: "drawer-open", as 0.1 spelled it, is "metaworld/drawer-open". */
import { canonicalTask } from "../../envs/index.ts";

/** Tasks that names stand for. */
export interface NamedTasks {
  /** The first spelling of each, in order of appearance. */
  readonly tasks: readonly string[];
  /** Index among them of each of the names. */
  readonly indices: readonly number[];
}

export function namedTasks(names: readonly string[]): NamedTasks {
  const spelled = names.map(canonicalTask);
  const firsts = [...new Set(spelled)].map((name) => spelled.indexOf(name));
  return {
    tasks: firsts.map((first) => names[first]),
    indices: spelled.map((name) => firsts.indexOf(spelled.indexOf(name))),
  };
}
