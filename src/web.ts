/**
 * @file The public surface of `sodp/web`, for web pages: environments, planners that act in them, and charts. Nothing here
 * needs Node; a bundler needs no settings for it. The page's server hands out three files: mujoco.js and mujoco.wasm of
 * @mujoco/mujoco for `loadEngine`, and ort-wasm-simd-threaded.wasm of onnxruntime-web for `web`.
 */
export { Random, type RandomState, UserError } from "./base/index.ts";
export type {
  Axis,
  Chart,
  Cloud,
  CurveChart,
  CurvePanel,
  LearningCurves,
  Line,
  Markup,
  ScatterChart,
  ScatterPanel,
} from "./charts/index.ts";
export {
  bands,
  type CurveOptions,
  type CurvePoint,
  densityDrawing,
  figureSvg,
  histogramDrawing,
  learningCurves,
  legendDrawings,
  panelDrawing,
  type Trajectory,
  trajectoryMap,
} from "./charts/index.ts";
export { type WebOptions, web } from "./devices/web.ts";
export {
  type Env,
  type EnvConfig,
  findEnv,
  loadEngine,
  makePageEnv as makeEnv,
  playScripted,
  suites,
} from "./envs/index.ts";
export {
  type DenoisingChain,
  DiffusionPolicy,
  type ModelFiles,
  type Planner,
  parsePlanner,
  type SamplerOptions,
} from "./policies/index.ts";
export type { EpisodeRequest, Feedback, Policy, PolicyOutput, Row } from "./rollout/index.ts";
export type { ConfigValue, RunFiles } from "./wire/index.ts";
