export { energyDistance, type TwoSampleTest, twoSampleTest } from "./energy-distance.ts";
export { FinetuneConfig, type FinetuneOptions, finetune, finetunePresets } from "./finetune.ts";
export {
  PretrainConfig,
  type PretrainData,
  type PretrainOptions,
  pretrain,
  pretrainPresets,
} from "./pretrain.ts";
export { replayOf, SacConfig, sac, sacPresets } from "./sac.ts";
export { bufferedEpisodes } from "./target-buffer.ts";
