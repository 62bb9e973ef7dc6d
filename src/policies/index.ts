/** Policies and what they are made of. Loads in web pages; files/index.ts reads and writes folders. */
export { type DenoisingChain, DiffusionPolicy } from "./diffusion/diffusion-policy.ts";
export {
  drawBatch,
  emptyBatch,
  type ImitationBatch,
  type ImitationInputs,
  type ImitationSampler,
  imitationColumns,
  imitationLoss,
  imitationSpecs,
} from "./diffusion/imitation.ts";
export {
  conditionOf,
  denoiserOf,
  encoderOf,
  initPlanner,
  Normalizers,
  type Planner,
  type PlannerNetwork,
  plannerNormalizers,
  type TracedNetwork,
  thetaOf,
} from "./diffusion/planner.ts";
export {
  checkHorizon,
  diffusionOf,
  executedActions,
  PlannerConfig,
  plannerConfig,
  sizesOf,
} from "./diffusion/planner-config.ts";
export {
  act,
  compileSampler,
  drawSpecs,
  type SamplerOptions,
} from "./diffusion/sampler.ts";
export { parsePlanner, plannerFormat, plannerOf } from "./diffusion/stored-planner.ts";
export {
  fitNormalizer,
  Normalizer,
  normalize,
  reportOn,
  unnormalize,
} from "./normalizer.ts";
export {
  type EncoderNetworks,
  encodeObservations,
  featureSize,
  initEncoders,
  splitObservations,
} from "./observation-encoder.ts";
export type { ModelFiles, ModelFormat } from "./stored-model.ts";
