export type {
  ActOptions,
  Context,
  LearnerState,
  OfflineSettings,
  OnlineSettings,
  PolicyDescription,
  Rollback,
} from "./algorithm.ts";
export {
  type Data,
  type Metrics,
  type Offline,
  type OfflineLearner,
  type Online,
  type OnlineGiven,
  type OnlineLearner,
  offlineSettings,
  onlineSettings,
  type PolicyKind,
  type Reading,
  type Readings,
  type Rollouts,
} from "./algorithm.ts";
export { energyDistance, type TwoSampleTest, twoSampleTest } from "./energy-distance.ts";
export type { OfflineOptions } from "./loop.ts";
export { trainOffline, trainOnline } from "./loop.ts";
export { MtbcConfig, type MtbcModel, mtbc } from "./mtbc.ts";
export { mtdt } from "./mtdt.ts";
export { replayOf } from "./online/replay.ts";
export { samplersOf } from "./readings.ts";
export { SacConfig, sacPresets } from "./sac/config.ts";
export { type SacModel, sacPolicy } from "./sac/policy.ts";

export { finetune } from "./sodp/finetune.ts";
export { FinetuneConfig, finetunePresets } from "./sodp/finetune-config.ts";
export type { PlannerReadings, plannerWindows } from "./sodp/planner-policy.ts";
export { plannerPolicy } from "./sodp/planner-policy.ts";
export { PretrainConfig, pretrain, pretrainPresets } from "./sodp/pretrain.ts";
export { bufferedEpisodes } from "./sodp/target-buffer.ts";
export { type Algorithm, algorithmNamed, algorithms, loadPolicy, type StoredPolicy } from "./table.ts";
