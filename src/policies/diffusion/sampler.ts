/**
 * @file A planner's actions, from observations and noise: one graph.
 * Symbols: B batch, H horizon, T_o observations an action sequence depends on, T_a actions executed of it, O observation
 * size, A action size, S denoising steps, P parameters.
 */
import {
  type DenoisingOptions,
  type DenoisingSteps,
  denoisingSteps,
  sampleChain,
  sampleFromNoise,
} from "../../diffusion/index.ts";
import {
  compile,
  type Device,
  float32,
  layoutOf,
  type Program,
  reshape,
  type Spec,
  slice,
  unpack,
  type Value,
} from "../../tensor/index.ts";
import { unnormalize } from "../normalizer.ts";
import { splitObservations } from "../observation-encoder.ts";
import { conditionOf, denoiserOf, type Planner, type TracedNetwork } from "./planner.ts";
import { diffusionOf, executedActions, type PlannerConfig, sizesOf } from "./planner-config.ts";

/** Noise that a planner acts by. */
export interface ActDraws {
  /** Standard normal draws. (B, H, A) */
  readonly start: Value;
  /** Standard normal draws. (S, B, H, A); not needed by steps that add no noise. */
  readonly noise?: Value;
}

/**
 * The actions to execute, raw, (B, T_a, A): all that a planner does, traced.
 * observation: parts of the latest T_o observations, raw, oldest first, (B, T_o, ...shape) each; before there are so many,
 * the first repeats
 */
export function act(
  planner: Omit<Planner, "network">,
  network: TracedNetwork,
  steps: DenoisingSteps,
  { observation, ...draws }: ActDraws & { readonly observation: Readonly<Record<string, Value>> },
): Value {
  const condition = conditionOf(planner, network, observation);
  const denoise = denoiserOf(planner.config, network);
  return actionsOf(planner, sampleFromNoise(steps, denoise, { condition, ...draws }));
}

/** Executed part of a prediction.   sample: (B, H, A)   returns: (B, T_a, A), raw */
function actionsOf({ config, normalizers }: Omit<Planner, "network">, sample: Value): Value {
  return unnormalize(normalizers.action, slice(sample, 1, ...executedActions(config)));
}

/** Shapes of the noise. */
export function drawSpecs(
  config: PlannerConfig,
  { std }: DenoisingSteps,
  batchSize: number,
): Readonly<Record<keyof ActDraws, Spec>> {
  const shape = [batchSize, config.horizon, sizesOf(config).actionSize];
  const start = float32(...shape);
  const noise = float32(std.length, ...shape);
  return (std.some((each) => each > 0) ? { start, noise } : { start }) as { start: Spec; noise: Spec };
}

export interface SamplerOptions {
  /** Rows answered at once, B. */
  readonly batchSize: number;
  readonly denoising?: DenoisingOptions;
  readonly device: Device;
}

/**
 * The planner as a program for rollouts. Its parameters are an input, `theta`, so that it follows a training step by
 * step. observations: (B, T_o, O), raw   actions: (B, T_a, A), raw   chain: (S + 1, B, H, A) that led to them
 */
export async function compileSampler(
  planner: Planner,
  { batchSize, denoising, ...options }: SamplerOptions,
): Promise<Program<keyof ActDraws | "observations" | "theta", "actions" | "chain">> {
  const { config } = planner;
  const steps = denoisingSteps(diffusionOf(config), denoising);
  const layout = layoutOf(planner.network);
  return compile(
    {
      observations: float32(batchSize, config.nObsSteps, sizesOf(config).observationSize),
      ...drawSpecs(config, steps, batchSize),
      theta: float32(layout.size),
    },
    ({ theta, observations, ...draws }) => {
      const network = unpack(layout, theta) as TracedNetwork;
      const parts = splitObservations(config.spaces.observation, observations);
      const condition = conditionOf(planner, network, parts);
      const { chain } = sampleChain(steps, denoiserOf(config, network), { condition, ...draws });
      const sample = reshape(slice(chain, 0, -1), chain.shape.slice(1));
      return { actions: actionsOf(planner, sample), chain };
    },
    options,
  );
}
