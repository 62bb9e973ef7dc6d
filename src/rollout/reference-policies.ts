/** @file What a planner is compared with: the scripted expert, and chance. Both decide at every step. */
import { act, type Expert } from "../envs/index.ts";
import type { EpisodeRequest, Policy } from "./policy.ts";

export function expertPolicy(expert: Expert): Policy {
  return stepwise((observation) => act(expert, observation));
}

/** Every number of an action is uniform in [-1, 1). */
export function randomPolicy(actionSize: number): Policy {
  return stepwise((_, { random }) => random.fillUniform(new Float32Array(actionSize)).map((x) => 2 * x - 1));
}

/** A policy that decides for each episode alone.   act: an observation, (O,), to an action, (A,) */
function stepwise(act: (observation: Float32Array, episode: EpisodeRequest) => Float32Array): Policy {
  return {
    nObsSteps: 1,
    nActionSteps: 1,
    async decide(observations, episodes) {
      const size = observations.length / episodes.length;
      const actions = episodes.map((episode, row) =>
        act(observations.subarray(row * size, (row + 1) * size), episode),
      );
      return {
        actions: Float32Array.from(actions.flatMap((action) => [...action])),
        memories: episodes.map(() => undefined),
      };
    },
  };
}
