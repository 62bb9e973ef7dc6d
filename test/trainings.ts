/** @file The two stages with less to write. */
import { finetune, pretrain, trainOffline, trainOnline } from "../src/algorithms/index.ts";
import { type Random, vectorSpaces } from "../src/base/index.ts";
import { type Episode, EpisodeList, samplerOf } from "../src/data/index.ts";
import type { CpuDevice } from "../src/devices/index.ts";
import { imitationColumns, type Planner, type PlannerConfig } from "../src/policies/index.ts";
import type { EnvPool } from "../src/rollout/index.ts";
import type { Run } from "../src/runs/index.ts";

type Shape = Pick<PlannerConfig, "nObsSteps" | "horizon" | "nActionSteps">;

/** All windows of episodes, of which as many numbers are observed and done. */
export function windowsOf(
  episodes: readonly Pick<Episode, "observations" | "finalObservation" | "actions">[],
  shape: Shape,
) {
  const [{ observations, finalObservation, actions }] = episodes;
  const observationSize = finalObservation.length;
  const steps = observations.length / observationSize;
  const labels = {
    task: "toy",
    seed: 0,
    rewards: new Float32Array(),
    successes: new Uint8Array(),
    terminated: false,
  };
  const list = new EpisodeList(vectorSpaces(observationSize, actions.length / steps), {
    episodes: episodes.map((episode) => ({ ...labels, ...episode })),
  });
  return samplerOf(list, imitationColumns(shape), { padAfter: shape.nActionSteps - 1 });
}
/** Episodes of 12 steps of noise, of which two numbers are observed and one is done. */
export const noiseEpisodes = (count: number, random: Random): Episode[] =>
  Array.from({ length: count }, (_, seed) => ({
    task: "noise",
    seed,
    observations: random.fillUniform(new Float32Array(2 * 12)),
    finalObservation: random.fillUniform(new Float32Array(2)),
    actions: random.fillUniform(new Float32Array(12)),
    rewards: new Float32Array(12),
    successes: new Uint8Array(12),
    terminated: false,
  }));

/** Configuration of a planner that trains in no time. */
export const tinyPlanner = (shape: Shape) =>
  ({
    ...shape,
    numTrainTimesteps: 3,
    denoiser: { kind: "mlp", width: 16, blocks: 1, embeddingSize: 4 },
  }) as const;

/** Configuration of soft actor-critic with which it learns a line in 3000 steps. */
export const smallSac = {
  episodes: 4,
  learningStarts: 400,
  batchSize: 64,
  hiddenSizes: [32, 32],
  learningRate: 3e-3,
  criticLearningRate: 3e-3,
  discount: 0.9,
  tau: 0.01,
  evalEvery: 1000,
} as const;

export type ToyWindows = ReturnType<typeof windowsOf>;

/** Stage 1, on windows that are held out as well. */
export const pretrainOn = (
  config: object,
  train: ToyWindows,
  run: Run,
  options: Parameters<typeof trainOffline<never, Planner, never>>[4],
): Promise<Planner | null> =>
  trainOffline(pretrain, config, { windows: { train, heldOut: train } }, run, options);

/** Stage 2, in one environment. */
export const finetuneIn = (
  config: object,
  policy: Planner,
  env: EnvPool,
  run: Run,
  { data, ...options }: { readonly device: CpuDevice; readonly data?: ToyWindows },
): Promise<Planner | null> => {
  const windows = data && { data: { windows: { train: data, heldOut: data } } };
  return trainOnline(finetune, config, { envs: [env], policy, ...windows }, run, options);
};
