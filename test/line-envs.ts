/** @file A point on a line that has to go to a place it sees, and episodes of somebody who knows how. */
import { Random, vectorSpaces } from "../src/base/index.ts";
import { type Episode, EpisodeList } from "../src/data/index.ts";
import { type EnvPool, observationsOf, type Policy, trainingRequests } from "../src/rollout/index.ts";
import { toyPool } from "./toy-pool.ts";

/** The point goes forwards or, where `sign` is -1, against what is asked of it. Observed: its place, and the goal. */
export const lineEnv = (task: string, sign: 1 | -1 = 1): EnvPool =>
  toyPool({ task, spaces: vectorSpaces(2, 1), maxSteps: 20 }, () => {
    let [place, goal] = [0, 0];
    return {
      reset: (seed) => {
        place = 0;
        goal = 2 * new Random(seed).uniform() - 1;
        return [place, goal];
      },
      step: ([x]) => {
        place += 0.2 * sign * x;
        const off = Math.abs(place - goal);
        return { observation: [place, goal], reward: 1 - off, success: off < 0.05 };
      },
    };
  });

/** Goes straight to the goal. */
const expert = (sign: 1 | -1): Policy => ({
  nObsSteps: 1,
  nActionSteps: 1,
  start: () => undefined,
  async act(rows) {
    const observations = observationsOf(rows);
    const actions = Float32Array.from(
      rows,
      (_, row) => (sign * (observations[2 * row + 1] - observations[2 * row])) / 0.2,
    );
    return { actions };
  },
});

/** Episodes of one who goes straight to the goal; of the lines "with" and "against", or of one alone. */
export async function playedLines(tasks: readonly ("line" | "with" | "against")[]): Promise<EpisodeList> {
  const episodes: Episode[] = [];
  for (const task of tasks) {
    const sign = task === "against" ? -1 : 1;
    const requests = trainingRequests(40, new Random(3).split(task));
    episodes.push(...(await lineEnv(task, sign).play(expert(sign), requests, { stopAtSuccess: false })));
  }
  return new EpisodeList(lineEnv("line").spaces, { episodes });
}

/** Nothing is seen, and the first action must be to the task's side, beyond a half: who is not told or shown it cannot know. */
export const sideEnv = (task: "left" | "right"): EnvPool =>
  toyPool({ task, spaces: vectorSpaces(1, 1), maxSteps: 4 }, () => ({
    reset: () => [0],
    step: ([x], time) => {
      const reward = task === "left" ? -x : x;
      return { observation: [0], reward, success: time === 0 && reward > 0.5 };
    },
  }));

/** Episodes of one who knows the sides. */
export async function playedSides(): Promise<EpisodeList> {
  const episodes: Episode[] = [];
  for (const task of ["left", "right"] as const) {
    const side = task === "left" ? -0.8 : 0.8;
    const act: Policy["act"] = async (rows) => ({ actions: new Float32Array(rows.length).fill(side) });
    const policy = { ...expert(1), act };
    const requests = trainingRequests(20, new Random(3).split(task));
    episodes.push(...(await sideEnv(task).play(policy, requests, { stopAtSuccess: false })));
  }
  return new EpisodeList(sideEnv("left").spaces, { episodes });
}
