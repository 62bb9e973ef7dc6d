export { brokenPromises, promises } from "./contract.ts";
export type { EngineFiles } from "./engine.ts";
export { type Engine, loadEngine } from "./engine.ts";
export {
  checkAction,
  type Env,
  type EnvSpec,
  type EnvState,
  type Info,
  type OpenEnv,
  type RenderOptions,
  type Reset,
  type ResetOptions,
  type Step,
} from "./env.ts";
export type { EnvGroup, GroupPlayOptions, PlayedChunk } from "./env-group.ts";
export { type EpisodeOptions, type EpisodePictures, pictureOf, recordEpisode } from "./episode-pictures.ts";
export {
  canonicalTask,
  EnvOptions,
  envsNamed,
  type FoundEnv,
  families,
  findEnv,
  makeEnvOn,
  optionsOf,
  suites,
} from "./families.ts";
export { defineFamily, type EnvConfig, type Family, type Host, taskOf } from "./family.ts";
export { GuardedEnv } from "./guarded-env.ts";
export { requireAlive, requireRunning } from "./lifecycle.ts";
export type { MetaworldState } from "./metaworld/environment.ts";
export { MetaworldEnv, type MetaworldOptions } from "./metaworld/environment.ts";
export { act, type Expert, type Phase, type Sight, scripted } from "./metaworld/expert.ts";
export { type Goals, officialVectors } from "./metaworld/goals.ts";
export type { Box, Difficulty, Moment, Outcome, Start, Task } from "./metaworld/task.ts";
export { findTask, type TaskAndExpert, tasks } from "./metaworld/tasks.ts";
export {
  complaints,
  limits,
  parseRecording,
  type TaskReport,
  verify,
} from "./metaworld/verify.ts";
export { usualView } from "./metaworld/views.ts";
export {
  type Body,
  type Camera,
  type Geom,
  mjcf,
  type Quat,
  type Scene,
  type Simulation,
  type Site,
  type Vec3,
} from "./mjcf.ts";
export {
  type Actor,
  type Calibration,
  type CalibrationOptions,
  calibrateNoise,
  type Noise,
  successRate,
  withNoise,
} from "./noise.ts";
export { makePageEnv } from "./page-env.ts";
export { type DepthImage, depthImage, type PointCloud, pointCloud } from "./picture/depth.ts";
export { type Image, type Mark, type PictureOptions, render } from "./picture/render.ts";
export { lookAt, type View } from "./picture/view.ts";
export type { PythonOptions } from "./python-options.ts";
export { type Mistake, type Played, playScripted, type ScriptedPolicy } from "./scripted-policy.ts";
export { type RayHits, Sim } from "./sim.ts";
export type { Figures } from "./sim-figures.ts";
