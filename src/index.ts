/**
 * @file The public surface of `sodp`: planners, training them, acting with them, evaluating them, and runs on disk. All else
 * is grouped: `sodp/tensor`, `sodp/nn`, `sodp/data`, `sodp/envs`, `sodp/metaworld`, `sodp/rollout`, and `sodp/web` for pages.
 */
// Training: records of algorithms, and what runs them.

export type {
  ActOptions,
  Context,
  Data,
  LearnerState,
  MtbcModel,
  Offline,
  OfflineLearner,
  OfflineOptions,
  OfflineSettings,
  Online,
  OnlineGiven,
  OnlineLearner,
  OnlineSettings,
  offlineSettings,
  onlineSettings,
  PlannerReadings,
  PolicyDescription,
  PolicyKind,
  plannerWindows,
  Reading,
  Readings,
  Rollback,
  Rollouts,
  SacModel,
  StoredPolicy,
} from "./algorithms/index.ts";
export {
  algorithms,
  energyDistance,
  FinetuneConfig,
  loadPolicy,
  MtbcConfig,
  PretrainConfig,
  replayOf,
  SacConfig,
  samplersOf,
  type TwoSampleTest,
  trainOffline,
  trainOnline,
  twoSampleTest,
} from "./algorithms/index.ts";
export {
  Random,
  type RandomState,
  type Space,
  type Spaces,
  sizeOfSpace,
  UserError,
  vectorSpaces,
} from "./base/index.ts";
// Devices: the processor and graphics cards.
export { type CpuDevice, type CpuOptions, cpu, webgpu } from "./devices/index.ts";
export type { StopSignal } from "./platform/index.ts";
// Acting: planners, alone and on disk.
export {
  type ExportOptions,
  exportPlanner,
  loadPlanner,
  type ParityReport,
  savePlanner,
} from "./policies/files/index.ts";
export type { EncoderNetworks, ImitationInputs } from "./policies/index.ts";
export {
  compileSampler,
  type DenoisingChain,
  DiffusionPolicy,
  fitNormalizer,
  imitationLoss,
  imitationSpecs,
  initPlanner,
  Normalizer,
  Normalizers,
  type Planner,
  PlannerConfig,
  type PlannerNetwork,
  plannerConfig,
  type SamplerOptions,
  type TracedNetwork,
} from "./policies/index.ts";
// Evaluating: episodes of a policy, many at once.
export { evaluate, evaluationSeeds, type Policy } from "./rollout/index.ts";
export { EnvPool } from "./rollout/local/index.ts";
// Runs: a folder each, with configuration, numbers and checkpoints.
export { findPolicy, Run, type RunStart, type RunWatcher } from "./runs/index.ts";
export type { RunRecord } from "./wire/index.ts";
