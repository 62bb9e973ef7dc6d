/** @file Policies to compare planners with: the scripted expert, and random actions. Both act one step at a time. */
import type { ScriptedPolicy } from "../envs/index.ts";
import type { EpisodeRequest, Policy } from "./policy.ts";

export function expertPolicy(expert: ScriptedPolicy): Policy {
  return stepwisePolicy({ start: () => undefined, act: (observation) => expert.act(observation) });
}

/** Every number of an action is uniform in [-1, 1). */
export function randomPolicy(actionSize: number): Policy {
  return stepwisePolicy({
    start: () => undefined,
    act: (_, { random }) => random.fillUniform(new Float32Array(actionSize)).map((x) => 2 * x - 1),
  });
}

/** A policy that acts one step at a time, in each episode by itself. */
export function stepwisePolicy<State>({
  start,
  act,
}: {
  start(episode: EpisodeRequest): State;
  /** observation: (O,)   returns: (A,). A state that changes does so in place. */
  act(observation: Float32Array, episode: EpisodeRequest, state: State): Float32Array;
}): Policy<State> {
  return {
    nObsSteps: 1,
    nActionSteps: 1,
    start,
    async act(rows) {
      const actions = rows.map(({ observations, episode, state }) => act(observations, episode, state));
      return { actions: Float32Array.from(actions.flatMap((action) => [...action])) };
    },
  };
}
