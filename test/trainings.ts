/** @file The two stages with less to write. */
import { finetune, pretrain, trainOffline, trainOnline } from "../src/algorithms/index.ts";
import { vectorSpaces } from "../src/base/index.ts";
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
