export {
  CollectConfig,
  type CollectOptions,
  type CollectProgress,
  collect,
  openCollection,
} from "./collect.ts";
export { DecisionClock, type Latency } from "./decision-clock.ts";
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
export { type EnvPool, type ParallelOptions, ParallelWorlds } from "./parallel.ts";
export type { Decisions, EpisodeRequest, Policy } from "./policy.ts";
export { expertPolicy, randomPolicy } from "./reference-policies.ts";
export { type Decision, type PlayedEpisode, type PlayOptions, playEpisodes } from "./rollout.ts";
export { evaluationSeeds, trainingSeed } from "./seeds.ts";
export { rolloutMetrics, stepsOf, successRate, trainingRequests } from "./training-episodes.ts";
