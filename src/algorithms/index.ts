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
export { FinetuneConfig, type FinetuneOptions, finetune, finetunePresets } from "./finetune.ts";
export { trainOffline, trainOnline } from "./loop.ts";
export {
  PretrainConfig,
  type PretrainData,
  type PretrainOptions,
  pretrain,
  pretrainPresets,
} from "./pretrain.ts";
export { SacConfig, sacPresets } from "./sac/config.ts";
export { type SacModel, sacPolicy } from "./sac/policy.ts";
export { replayOf, sac } from "./sac/sac.ts";
export { bufferedEpisodes } from "./target-buffer.ts";
