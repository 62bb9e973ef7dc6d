/** @file A map of executed trajectories: each point is an episode, episodes that move alike are neighbours. */
import { deviationOf, momentsOf, Random, UserError } from "../base/index.ts";
import type { ScatterChart } from "./chart.ts";
import { tsne } from "./tsne.ts";

/** An episode as it is drawn. */
export interface Trajectory {
  /** (T, A), row by row. */
  readonly actions: Float32Array;
  /** (T,) */
  readonly rewards: Float32Array;
}

/** Parts of equal time that a trajectory's features are means over. */
const parts = 16;

/**
 * t-SNE of executed trajectories, a panel per task: those before and after fine-tuning and those of the buffer, say.
 * episodes: by task, then by what the legend calls them   Throws UserError for a task with fewer than four episodes.
 */
export function trajectoryMap(
  episodes: Readonly<Record<string, Readonly<Record<string, readonly Trajectory[]>>>>,
): ScatterChart {
  const panels = Object.entries(episodes).map(([title, kinds]) => {
    const features = Object.values(kinds).flatMap((group) => group.map(trajectoryFeatures));
    if (features.length < 4)
      throw new UserError(`A map of ${title} needs four episodes, got ${features.length}.`);
    const perplexity = Math.min(30, (features.length - 1) / 3);
    const { positions } = tsne(standardized(features), new Random(0).split(title), { perplexity });
    const rows = positionsInTurn(positions);
    const clouds = Object.entries(kinds).map(([name, group]) => ({ name, positions: rows(group.length) }));
    return { title, clouds };
  });
  return {
    kind: "scatter",
    title: "Executed trajectories",
    caption: "t-SNE: a point is an episode, by its actions; episodes that move alike are neighbours",
    panels,
  };
}

/**
 * A trajectory's mean action in each of 16 parts of equal time, so that long and short ones compare: (16 A,).
 * Parts shorter than a step share it.
 */
export function trajectoryFeatures({ actions, rewards }: Trajectory): Float64Array {
  const steps = rewards.length;
  const actionSize = actions.length / steps;
  const features = new Float64Array(parts * actionSize);
  for (let part = 0; part < parts; part++) {
    const [from, to] = [(part * steps) / parts, ((part + 1) * steps) / parts];
    for (let step = Math.floor(from); step < Math.min(Math.ceil(to), steps); step++) {
      const share = (Math.min(to, step + 1) - Math.max(from, step)) / (to - from);
      for (let i = 0; i < actionSize; i++)
        features[part * actionSize + i] += share * actions[step * actionSize + i];
    }
  }
  return features;
}

/** Returns consecutive slices of positions, each of as many as asked for. */
function positionsInTurn(positions: Float64Array): (count: number) => Float64Array {
  let given = 0;
  return (count) => {
    const from = given;
    given += count;
    return positions.slice(2 * from, 2 * given);
  };
}

/** Every column with mean 0 and standard deviation 1; a column without differences becomes 0. */
function standardized(rows: readonly Float64Array[]): Float64Array[] {
  const columns = rows[0].length;
  const result = rows.map(() => new Float64Array(columns));
  for (let column = 0; column < columns; column++) {
    const moments = momentsOf(rows.map((row) => row[column]));
    const deviation = deviationOf(moments);
    rows.forEach((row, i) => {
      result[i][column] = deviation > 1e-9 ? (row[column] - moments.mean) / deviation : 0;
    });
  }
  return result;
}
