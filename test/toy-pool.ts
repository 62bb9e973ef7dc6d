/**
 * @file Environments of plain arithmetic, for tests of what acts and learns in environments: neither simulator nor threads.
 * Symbols: O numbers of an observation, A of an action.
 */
import { type Spaces, sizeOfSpace } from "../src/base/index.ts";
import type { EnvGroup } from "../src/envs/index.ts";
import { type EnvPool, playEpisodes } from "../src/rollout/index.ts";

export interface ToySpec {
  /** Default: "toy". */
  readonly task?: string;
  readonly spaces: Spaces;
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

export interface ToyDynamics {
  /** returns: (O,) */
  reset(seed: number): ArrayLike<number>;
  /** action: (A,)   time: the step's number in its episode, from 0 */
  step(action: Float64Array, time: number): ToyStep;
}

/** A group of environments. pause: awaited before each answer */
export function toyGroup(
  { task: name = "toy", spaces, maxSteps }: ToySpec,
  dynamics: readonly ToyDynamics[],
  pause: () => Promise<unknown> = async () => {},
): EnvGroup {
  const actionSize = sizeOfSpace(spaces.action);
  const times = dynamics.map(() => Number.POSITIVE_INFINITY);
  return {
    spec: { name, spaces, maxSteps, controlPeriod: 1 },
    numEnvs: dynamics.length,
    async reset(envs, seeds) {
      const rows = envs.map((env, i) => Array.from(dynamics[env].reset(seeds[i])));
      for (const env of envs) times[env] = 0;
      await pause();
      return Float32Array.from(rows.flat());
    },
    async play(envs, actions, { stopAtSuccess = false } = {}) {
      const size = actions.length / envs.length;
      const chunks = envs.map((env, row) => {
        const steps: ToyStep[] = [];
        for (let at = row * size; at < (row + 1) * size; at += actionSize) {
          if (times[env] >= maxSteps) throw new Error(`Environment ${env}: the episode is over.`);
          const action = Float64Array.from({ length: actionSize }, (_, i) => actions[at + i]);
          if (!action.every((x) => Math.abs(x) <= 1))
            throw new Error(`Environment ${env}: ${action} is no action.`);
          const step = dynamics[env].step(action, times[env]);
          steps.push(step);
          times[env] += 1;
          if (step.terminated || step.fault !== undefined) times[env] = Number.POSITIVE_INFINITY;
          if (times[env] >= maxSteps || (stopAtSuccess && step.success)) break;
        }
        const { terminated, fault } = steps[steps.length - 1];
        const over = times[env] >= maxSteps;
        return {
          observations: Float32Array.from(steps.flatMap(({ observation }) => Array.from(observation))),
          rewards: Float32Array.from(steps, ({ reward }) => reward),
          successes: Uint8Array.from(steps, ({ success = false }) => Number(success)),
          ending: terminated ? "terminated" : over ? "truncated" : "running",
          ...(fault !== undefined && { fault }),
        } as const;
      });
      await pause();
      return chunks;
    },
  };
}

/** One group of environments, and real rollouts in it. */
export function toyPool(spec: ToySpec, dynamics: () => ToyDynamics, numEnvs = 8): EnvPool {
  const group = toyGroup(spec, Array.from({ length: numEnvs }, dynamics));
  return {
    task: "toy",
    ...spec,
    batchSize: numEnvs,
    play: (policy, requests, options) => playEpisodes([group], policy, requests, options),
  };
}
