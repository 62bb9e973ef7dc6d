export {
  type Attention,
  attention,
  attentionMask,
  causalMask,
  initAttention,
  multiHeadAttention,
  type Tokens,
} from "./attention.ts";
export { atLevel, levelFeatures } from "./conditioning.ts";
export { initEmbedding } from "./embedding.ts";
export { initNorm, type Norm, norm } from "./layer-norm.ts";
export {
  type CosineOptions,
  constant as constantLearningRate,
  cosine as cosineLearningRate,
  type LearningRateSchedule,
  type WarmUp,
} from "./learning-rate.ts";
export * from "./linear.ts";
export { type Activation, activations, initMlp, type Mlp, mlp } from "./mlp.ts";
export { AdamWConfig, type OptimizerState } from "./optimizer.ts";
export { gru, initGru, initLstm, type LstmState, lstm, type RecurrentCell } from "./recurrent.ts";
export { initResidualMlp, type ResidualMlp, type ResidualMlpConfig, residualMlp } from "./residual-mlp.ts";
export { initUNet, type UNet, type UNetConfig, unet } from "./temporal-unet.ts";
export { createTrainer, type Trainer, type TrainerOptions } from "./trainer.ts";
export { initTransformer, type Transformer, type TransformerConfig, transformer } from "./transformer.ts";
export {
  initTransformerBlock,
  type Sight,
  type TransformerBlock,
  transformerBlock,
} from "./transformer-block.ts";
