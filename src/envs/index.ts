export { type Engine, loadEngine } from "./engine.ts";
export type { Env, EnvSpec, EnvState, Info, Reset, ResetOptions, Step } from "./env.ts";
export { makeEnv, type World } from "./make-env.ts";
export { MetaworldEnv, type MetaworldOptions } from "./metaworld/environment.ts";
export { act, type Expert, type Phase, type Sight } from "./metaworld/expert.ts";
export { type Goals, officialVectors } from "./metaworld/goals.ts";
export {
  type Actor,
  type Calibration,
  type CalibrationOptions,
  calibrateNoise,
  type Noise,
  successRate,
  withNoise,
} from "./metaworld/noise.ts";
export { type Played, playExpert } from "./metaworld/play.ts";
export {
  type EpisodeOptions,
  type EpisodePictures,
  recordEpisode,
  renderTask,
  type ShowOptions,
  usualView,
} from "./metaworld/show.ts";
export type { Difficulty, Task } from "./metaworld/task.ts";
export { findTask, suites, type TaskAndExpert, tasks } from "./metaworld/tasks.ts";
export {
  complaints,
  explainedReturns,
  limits,
  readRecording,
  type TaskReport,
  verify,
} from "./metaworld/verify.ts";
export { type DepthImage, depthImage, type PointCloud, pointCloud } from "./picture/depth.ts";
export { encodeAnimation, encodePng } from "./picture/png.ts";
export { type Image, type Mark, type PictureOptions, render } from "./picture/render.ts";
export { lookAt, type View } from "./picture/view.ts";
export { PythonEnv, type PythonOptions } from "./python-env.ts";
export {
  type Final,
  VectorEnv,
  type VectorOptions,
  type VectorPlayOptions,
  type VectorReset,
  type VectorResetOptions,
  type VectorState,
  type VectorStep,
} from "./vector-env.ts";
export type { Autoreset, PlayedChunk } from "./vector-memory.ts";
