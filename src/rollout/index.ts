export type { Decisions, EpisodeRequest, Policy } from "./policy.ts";
export { evaluationSeeds, trainingSeed } from "./seeds.ts";
