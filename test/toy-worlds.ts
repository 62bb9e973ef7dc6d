/**
 * @file Worlds of plain arithmetic, for tests of what acts and learns in worlds: neither simulator nor threads.
 * Symbols: O observation size, A action size.
 */
import { type Spaces, vectorSpace } from "../src/base/index.ts";
import type { VectorEnv } from "../src/envs/index.ts";
import { type EnvPool, playEpisodes } from "../src/rollout/index.ts";

export interface ToySpec {
  /** Default: "toy". */
  readonly task?: string;
  readonly observationSize: number;
  readonly actionSize: number;
  /** Steps after which an episode is truncated. */
  readonly maxSteps: number;
}

export interface ToyStep {
  /** (O,) */
  readonly observation: ArrayLike<number>;
  readonly reward: number;
  readonly success?: boolean;
  readonly terminated?: boolean;
  readonly fault?: string;
}

export interface ToyWorld {
  /** returns: (O,) */
  reset(seed: number): ArrayLike<number>;
  /** action: (A,)   time: the step's number in its episode, from 0 */
  step(action: Float64Array, time: number): ToyStep;
}

const spacesOf = (observationSize: number, actionSize: number): Spaces => ({
  observation: vectorSpace("state", observationSize),
  action: vectorSpace("action", actionSize),
});

/** What rollouts use of a vector environment without automatic resets. pause: awaited before each answer */
export function toyLane(
  { task: name = "toy", observationSize, actionSize, maxSteps }: ToySpec,
  worlds: readonly ToyWorld[],
  pause: () => Promise<unknown> = async () => {},
): VectorEnv {
  const spaces = spacesOf(observationSize, actionSize);
  const times = worlds.map(() => Number.POSITIVE_INFINITY);
  const lane: Pick<VectorEnv, "specs" | "observationSize" | "actionSize" | "reset" | "play"> = {
    specs: worlds.map(() => ({ name, spaces, observationSize, actionSize, maxSteps, controlPeriod: 1 })),
    observationSize,
    actionSize,
    async reset(seeds, { only = [] } = {}) {
      const observations = new Float64Array(worlds.length * observationSize).fill(Number.NaN);
      for (const [i, world] of only.entries()) {
        observations.set(worlds[world].reset((seeds as number[])[i]), world * observationSize);
        times[world] = 0;
      }
      await pause();
      return { observations, infos: [] };
    },
    async play(actions, { only, stopAtSuccess = false }) {
      const size = actions.length / only.length;
      const chunks = only.map((world, row) => {
        const steps: ToyStep[] = [];
        for (let at = row * size; at < (row + 1) * size; at += actionSize) {
          if (times[world] >= maxSteps) throw new Error(`World ${world}: the episode is over.`);
          const action = Float64Array.from({ length: actionSize }, (_, i) => actions[at + i]);
          if (!action.every((x) => Math.abs(x) <= 1))
            throw new Error(`World ${world}: ${action} is no action.`);
          const step = worlds[world].step(action, times[world]);
          steps.push(step);
          times[world] += 1;
          if (step.terminated || step.fault !== undefined) times[world] = Number.POSITIVE_INFINITY;
          if (times[world] >= maxSteps || (stopAtSuccess && step.success)) break;
        }
        const last = steps[steps.length - 1];
        return {
          observations: Float64Array.from(steps.flatMap(({ observation }) => Array.from(observation))),
          rewards: Float64Array.from(steps, ({ reward }) => reward),
          successes: Uint8Array.from(steps, ({ success = false }) => Number(success)),
          terminated: last.terminated ?? false,
          truncated: last.terminated !== true && times[world] >= maxSteps,
          ...(last.fault !== undefined && { fault: last.fault }),
        };
      });
      await pause();
      return chunks;
    },
  };
  return lane as VectorEnv;
}

/** One lane of `worlds` worlds, and real rollouts in it. */
export function toyPool(spec: ToySpec, world: () => ToyWorld, worlds = 8): EnvPool {
  const lane = toyLane(spec, Array.from({ length: worlds }, world));
  return {
    task: "toy",
    ...spec,
    spaces: spacesOf(spec.observationSize, spec.actionSize),
    batchSize: worlds,
    play: (policy, requests, options) => playEpisodes([lane], policy, requests, options),
  };
}
