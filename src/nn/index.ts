export {
  type Attention,
  attention,
  attentionMask,
  causalMask,
  initAttention,
  multiHeadAttention,
  type Tokens,
} from "./attention.ts";
export { averagePace } from "./averaging.ts";
export {
  type Condition,
  type Denoiser,
  DenoiserConfig,
  type DenoiserKind,
  type DenoiserMethods,
  type DenoiserSizes,
  denoiserKind,
  denoisers,
  type TracedDenoiser,
} from "./denoisers/index.ts";
export { countDropout, type Dropout, dropoutBy, fillDropout, noDropout } from "./dropout.ts";
export { initEmbedding } from "./embedding.ts";
export {
  type Encoder,
  EncoderConfig,
  type EncoderKind,
  type EncoderMethods,
  encoderKind,
  encoders,
  requireEncodable,
  type TracedEncoder,
} from "./encoders/index.ts";
export { initOrthogonal, initXavier } from "./first-weights.ts";
export {
  type Gpt2,
  gpt2,
  gpt2Mask,
  initGpt2,
} from "./gpt2.ts";
export type { KindSchema } from "./kind.ts";
export { initNorm, type Norm, norm } from "./layer-norm.ts";
export {
  type CosineOptions,
  constant as constantLearningRate,
  cosine as cosineLearningRate,
  type LearningRateSchedule,
  type WarmUp,
} from "./learning-rate.ts";
export * from "./linear.ts";
export { createMaskedTrainer } from "./masked-trainer.ts";
export {
  type Activation,
  activations,
  initMlp,
  initNormedMlp,
  type Mlp,
  mlp,
  type NormedMlp,
  normedMlp,
} from "./mlp.ts";
export { AdamWConfig, type OptimizerState } from "./optimizer.ts";
export { withinRoom } from "./parameter-room.ts";
export { gru, initGru, initLstm, type LstmState, lstm, type RecurrentCell } from "./recurrent.ts";
export { atTimestep, sinusoidFeatures, timestepFeatures } from "./timestep-features.ts";
export { createTrainer, type Trainer, type TrainerOptions } from "./trainer.ts";
export {
  type AttentionInputs,
  initTransformerBlock,
  type TransformerBlock,
  transformerBlock,
} from "./transformer-block.ts";
