export {
  type Chain,
  chainLogProb,
  type LogProbOptions,
  type Reduction,
  stepKl,
  stepLogProb,
} from "./chain.ts";
export {
  type DenoisingOptions,
  type DenoisingSteps,
  denoisingSteps,
  drawNoise,
  type SamplerInputs,
  sampleChain,
  samplePlans,
  stepMean,
} from "./sample.ts";
export {
  addNoise,
  cleanGuess,
  createSchedule,
  type Denoise,
  type Diffusion,
  denoisingLoss,
  noiseBetween,
  removeNoise,
  type Schedule,
  type ScheduleName,
} from "./schedule.ts";
