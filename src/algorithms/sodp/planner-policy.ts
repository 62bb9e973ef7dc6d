/** @file Planners as a kind of stored policy, and what they learn from. Symbols: T_a actions executed of a prediction. */
import { requireSameSpaces } from "../../base/index.ts";
import { exportPlanner, loadPlanner, savePlanner } from "../../policies/files/index.ts";
import { DiffusionPolicy, imitationColumns, type Planner, type PlannerConfig } from "../../policies/index.ts";
import { layoutOf } from "../../tensor/index.ts";
import type { PolicyKind } from "../algorithm.ts";

export const plannerPolicy: PolicyKind<Planner> = {
  format: "sodp planner",
  save: savePlanner,
  load: loadPlanner,
  describe({ config, normalizers, network }) {
    const { spaces, nObsSteps, nActionSteps, numTrainTimesteps } = config;
    const { size: parameters } = layoutOf(network);
    const stored = { ...config, normalizers };
    return { spaces, nObsSteps, nActionSteps, numTrainTimesteps, parameters, config: stored };
  },
  async compile(planner, { env, ...options }) {
    requireSameSpaces("The planner", planner.config.spaces, env.task, env.spaces);
    return DiffusionPolicy.compile(planner, options);
  },
  export: exportPlanner,
};

/** Windows of observations and actions: the executed actions may reach T_a - 1 steps beyond an episode. */
export const plannerWindows = (config: Pick<PlannerConfig, "nObsSteps" | "horizon" | "nActionSteps">) => ({
  columns: imitationColumns(config),
  padAfter: config.nActionSteps - 1,
});

/** Windows that planners read of a data set: neither rewards nor tasks. */
export type PlannerReadings = { readonly windows: ReturnType<typeof plannerWindows> };
