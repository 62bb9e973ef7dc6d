/** @file A small planner that sees a state and a point cloud, each through an encoder with parameters. */
import { Random, type Spaces } from "../src/base/index.ts";
import { initPlanner, type Planner, type PlannerConfig, plannerNormalizers } from "../src/policies/index.ts";

export const seeingSpaces = {
  observation: { state: { shape: [2] }, pointCloud: { shape: [5, 3] } },
  action: { action: { shape: [2] } },
} as const satisfies Spaces;

/** Observations in [-2, 2], of 2 + 15 numbers; T_o = 2, H = 4, T_a = 2. */
export function seeingPlanner(seed: number, config: Partial<PlannerConfig> = {}): Planner {
  const range = (size: number, limit: number) => ({
    low: new Array<number>(size).fill(-limit),
    high: new Array<number>(size).fill(limit),
  });
  return initPlanner(
    {
      spaces: seeingSpaces,
      horizon: 4,
      nObsSteps: 2,
      nActionSteps: 2,
      numTrainTimesteps: 3,
      encoders: {
        state: { kind: "mlp", hiddenSizes: [4], size: 3 },
        pointCloud: { kind: "pointNet", hiddenSizes: [4, 6], size: 3 },
      },
      denoiser: { kind: "mlp", width: 8, blocks: 1, embeddingSize: 4 },
      ...config,
    },
    plannerNormalizers(seeingSpaces, { observation: range(17, 2), action: range(2, 1) }),
    new Random(seed),
  );
}
