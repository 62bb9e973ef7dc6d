/**
 * @file Meta-World on its own: the package's entry point `sodp/metaworld`, for users who need worlds and no planner.
 * Runs in browsers too; only `encodePng` and `encodeAnimation` need Node.
 */

export { UserError } from "./base/index.ts";
export {
  act,
  type Difficulty,
  type Engine,
  type Env,
  type EnvSpec,
  type EnvState,
  type EpisodeOptions,
  type EpisodePictures,
  type Expert,
  encodeAnimation,
  encodePng,
  findTask,
  type Goals,
  type Image,
  type Info,
  loadEngine,
  lookAt,
  MetaworldEnv,
  type MetaworldOptions,
  officialVectors,
  overTheShoulder,
  type Phase,
  type Played,
  playExpert,
  type Reset,
  type ResetOptions,
  recordEpisode,
  renderTask,
  type ShowOptions,
  type Sight,
  type Step,
  suites,
  type Task,
  type TaskAndExpert,
  tasks,
  type View,
} from "./envs/index.ts";
