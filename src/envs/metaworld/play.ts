/** @file An expert at work. */

import type { MetaworldEnv } from "./environment.ts";
import { act, type Expert } from "./expert.ts";

/** What came of an episode. */
export interface Played {
  /** Sum of the rewards. */
  readonly total: number;
  readonly success: boolean;
  readonly steps: number;
}

/** One episode of an expert until it succeeds or time is out. */
export function playExpert(env: MetaworldEnv, expert: Expert, vector: readonly number[]): Played {
  let { observation } = env.reset(undefined, { vector });
  let total = 0;
  for (let steps = 1; ; steps++) {
    const step = env.step(act(expert, observation));
    observation = step.observation;
    total += step.reward;
    if (step.success || step.truncated) return { total, success: step.success, steps };
  }
}
