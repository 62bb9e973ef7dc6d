export {
  CollectConfig,
  type CollectOptions,
  type CollectProgress,
  collect,
  openCollection,
} from "./collect.ts";
export { EnvPool } from "./env-pool.ts";
