export { type ParallelOptions, ParallelWorlds, type Stage } from "./parallel.ts";
export type { Decisions, EpisodeRequest, Policy } from "./policy.ts";
export { type Decision, type PlayedEpisode, type PlayOptions, playEpisodes } from "./rollout.ts";
export { evaluationSeeds, trainingSeed } from "./seeds.ts";
