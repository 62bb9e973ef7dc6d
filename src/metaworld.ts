/**
 * @file The public surface of `sodp/metaworld`: the tasks of Meta-World, their environments and scripted experts, for users
 * who need no planner.
 */
export {
  type Mt19937State,
  NumpyGenerator,
  NumpyRandomState,
  type Pcg64State,
  Random,
  UserError,
} from "./base/index.ts";
export type {
  Box,
  Figures,
  MetaworldState,
  Moment,
  Outcome,
  Quat,
  RayHits,
  Sim,
  Start,
} from "./envs/index.ts";
export {
  act,
  type Difficulty,
  type Engine,
  type EpisodeOptions,
  type EpisodePictures,
  type Expert,
  findTask,
  type Goals,
  loadEngine,
  MetaworldEnv,
  type MetaworldOptions,
  officialVectors,
  type Phase,
  recordEpisode,
  type Sight,
  scripted,
  type Task,
  type TaskAndExpert,
  tasks,
  usualView,
} from "./envs/index.ts";
export { encodeAnimation, encodePng } from "./platform/index.ts";
