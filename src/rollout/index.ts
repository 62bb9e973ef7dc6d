export type { EnvPool } from "./env-pool.ts";
export {
  type EpisodeScore,
  type EpisodesScore,
  type EvaluateOptions,
  evaluate,
  type ProtocolName,
  protocols,
  summarizeTasks,
  type TaskScore,
  type TasksScore,
} from "./evaluate.ts";
export { type Latency, LatencyMeter } from "./latency.ts";
export {
  type EpisodeRequest,
  type Feedback,
  observationsOf,
  type Policy,
  type PolicyOutput,
  type Row,
} from "./policy.ts";
export { expertPolicy, randomPolicy, stepwisePolicy } from "./reference-policies.ts";
export { type ActionChunk, type PlayedEpisode, type PlayOptions, playEpisodes } from "./rollout.ts";
export { bytesOfEpisode, evaluationSeeds, trainingSeed } from "./seeds.ts";
export { rolloutMetrics, stepsOf, successRate, trainingRequests } from "./training-episodes.ts";
