/** @file Numbers of tasks, for networks that are told which task they are in. */
import { UserError } from "../base/index.ts";
import { canonicalTask } from "../envs/index.ts";
import { constant, gather, mul, reshape, sum, type Value } from "../tensor/index.ts";

/** The number of `task` among those that `who` has learned. Throws UserError if it has not. */
export function taskId(tasks: readonly string[], task: string, who: string): number {
  const id = tasks.map(canonicalTask).indexOf(canonicalTask(task)); // data of 0.1 name no family
  if (id >= 0) return id;
  throw new UserError(
    `${who} is told which task it is in, and has learned ${tasks.join(", ")}: not ${task}.`,
  );
}

/** Numbers of tasks as networks are told them: 1 at the number's place, else 0.   ids: int32, (B,) or (B, 1)   returns: (B, N) */
export function oneHot(ids: Value, count: number): Value {
  const diagonal = Float32Array.from({ length: count ** 2 }, (_, i) => Number(i % (count + 1) === 0));
  return reshape(gather(constant(diagonal, [count, count]), ids), [ids.shape[0], count]);
}

/**
 * Each row's own output of a network with one for each task: the others get no gradient.
 * outputs: (B, N)   ids: int32, (B,) or (B, 1)   returns: (B,)
 */
export const ofTask = (outputs: Value, ids: Value): Value =>
  sum(mul(outputs, oneHot(ids, outputs.shape[1])), { axes: 1 });
