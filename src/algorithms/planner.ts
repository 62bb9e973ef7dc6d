/**
 * @file The planner: a denoiser of action sequences, with all that it takes to act.
 * Symbols: H horizon (the paper's T_p), T_o observations a plan is conditioned on, T_a actions executed of a plan,
 * K noise levels, O observation size, A action size, B batch, S denoising steps.
 *
 * A plan's first action belongs to the first of its T_o observations; the present is the last of them. What is executed
 * is therefore [T_o - 1, T_o - 1 + T_a), as in Diffusion Policy and CleanDiffuser.
 */
import { z } from "zod";
import { parse, type Random, UserError } from "../base/index.ts";
import {
  createSchedule,
  type Denoise,
  type DenoisingOptions,
  type DenoisingSteps,
  type Diffusion,
  denoisingLoss,
  denoisingSteps,
  sampleChain,
  samplePlans,
} from "../diffusion/index.ts";
import { type Denoiser, DenoiserConfig, denoiserKind, type TracedDenoiser } from "../nn/index.ts";
import {
  compile,
  type Device,
  float32,
  int32,
  layoutOf,
  type Program,
  reshape,
  type Spec,
  slice,
  unpack,
  type Value,
} from "../tensor/index.ts";
import { Normalizer, normalize, unnormalize } from "./normalizer.ts";

const size = () => z.int().positive();
export const PlannerConfig = z.strictObject({
  observationSize: size().describe("numbers in one observation, O"),
  actionSize: size().describe("numbers in one action, A"),
  horizon: size().default(16).describe("actions per plan, H"),
  nObsSteps: size().default(2).describe("latest observations that a plan depends on, T_o"),
  nActionSteps: size().default(8).describe("actions executed before the next plan, T_a"),
  levels: size().default(20).describe("noise levels, K"),
  schedule: z.enum(["cosine", "linear"]).default("cosine").describe("how noise grows with the level"),
  prediction: z.enum(["noise", "sample"]).default("noise").describe("what the network guesses"),
  clip: z.number().positive().nullable().default(1).describe("limit of the guessed clean plan; null: none"),
  network: DenoiserConfig.prefault({ kind: "unet" }),
});
export type PlannerConfig = Readonly<z.infer<typeof PlannerConfig>>;

/** A denoiser's parameters. */
export type Network = Denoiser;
export type TracedNetwork = TracedDenoiser;

/** Plain data. The weights that sample a chain are the weights that score it; an average of them is another planner. */
export interface Planner {
  readonly config: PlannerConfig;
  readonly network: Network;
  readonly normalizers: Normalizers;
}
export const Normalizers = z.strictObject({ observations: Normalizer, actions: Normalizer });
export type Normalizers = Readonly<z.infer<typeof Normalizers>>;

/** The configuration with its defaults. Throws UserError if it is none, or contradicts itself. */
export function plannerConfig(input: z.input<typeof PlannerConfig>): PlannerConfig {
  const config = parse(PlannerConfig, input, "planner");
  const { horizon, nObsSteps, nActionSteps, network } = config;
  const most = horizon - nObsSteps + 1;
  if (most < 1)
    throw new UserError(
      `nObsSteps ${nObsSteps} leaves none of a plan's ${horizon} actions. Use at most ${horizon}.`,
    );
  if (nActionSteps > most)
    throw new UserError(
      `nActionSteps ${nActionSteps} is more than a plan of ${horizon} actions holds from the present on, with ` +
        `${nObsSteps} observations. Use at most ${most}.`,
    );
  denoiserKind(network).check?.(network as never, { horizon });
  return config;
}

/** A planner with random first weights. Throws UserError for a configuration or normalizers that do not fit. */
export function initPlanner(
  input: z.input<typeof PlannerConfig>,
  normalizers: Normalizers,
  random: Random,
): Planner {
  const config = plannerConfig(input);
  checkSize("observations", normalizers.observations, config.observationSize);
  checkSize("actions", normalizers.actions, config.actionSize);
  const { network } = config;
  return { config, network: denoiserKind(network).init(network, denoiserSizes(config), random), normalizers };
}

function denoiserSizes({ actionSize, horizon, levels, nObsSteps, observationSize }: PlannerConfig) {
  const conditionSize = nObsSteps * observationSize;
  return { actionSize, conditionSize, horizon, nObsSteps, numTrainTimesteps: levels };
}

function checkSize(what: string, { low, high }: Normalizer, size: number): void {
  if (low.length === size && high.length === size) return;
  throw new UserError(
    `The planner's ${what} have ${size} dimensions, their normalizer has ${low.length} lows and ${high.length} highs.`,
  );
}

/** What the network's guesses mean. */
export function diffusionOf({ schedule, levels, prediction, clip }: PlannerConfig): Diffusion {
  return { schedule: createSchedule(schedule, levels), prediction, clip };
}

/** The traced network as a denoiser. */
export function denoiserOf(config: PlannerConfig, network: TracedNetwork): Denoise {
  const kind = denoiserKind(config.network);
  const sizes = denoiserSizes(config);
  return (plans, level, vector) => kind.apply(network, config.network, sizes, plans, level, { vector });
}

/** What a planner learns from; B windows of data. */
export interface ImitationInputs {
  /** Raw, oldest first. (B, T_o, O) */
  readonly observations: Value;
  /** Raw actions from the first observation on. (B, H, A) */
  readonly plans: Value;
  /** Standard normal draws. (B, H, A) */
  readonly noise: Value;
  /** int32 draws from [0, K). (B,) */
  readonly level: Value;
}

/** The denoising loss on windows of data, traced: (). Imitates whatever the data does, good and bad alike. */
export function imitationLoss(
  planner: Omit<Planner, "network">,
  network: TracedNetwork,
  { observations, plans, noise, level }: ImitationInputs,
): Value {
  const { config, normalizers } = planner;
  const clean = normalize(normalizers.actions, plans);
  const condition = conditionOf(planner, observations);
  return denoisingLoss(diffusionOf(config), denoiserOf(config, network), clean, noise, level, condition);
}

/** Shapes of what `imitationLoss` is given. */
export function imitationSpecs(
  { horizon, nObsSteps, observationSize, actionSize }: PlannerConfig,
  batchSize: number,
): Readonly<Record<keyof ImitationInputs, Spec>> {
  return {
    observations: float32(batchSize, nObsSteps, observationSize),
    plans: float32(batchSize, horizon, actionSize),
    noise: float32(batchSize, horizon, actionSize),
    level: int32(batchSize),
  };
}

/** What a planner is given to act. */
export interface ActInputs {
  /** The latest T_o observations, raw, oldest first. (B, T_o, O). Before there are so many, the first repeats. */
  readonly observations: Value;
  /** Standard normal draws. (B, H, A) */
  readonly start: Value;
  /** Standard normal draws. (S, B, H, A); not needed by steps that add no noise. */
  readonly noise?: Value;
}

/** The actions to execute, raw, (B, T_a, A): all that a planner does, traced. */
export function act(
  planner: Omit<Planner, "network">,
  network: TracedNetwork,
  steps: DenoisingSteps,
  { observations, ...draws }: ActInputs,
): Value {
  const condition = conditionOf(planner, observations);
  return actionsOf(planner, samplePlans(steps, denoiserOf(planner.config, network), { condition, ...draws }));
}

/** What plans are conditioned on.   observations: (B, T_o, O), raw   returns: (B, T_o O) */
export function conditionOf({ normalizers }: Omit<Planner, "network">, observations: Value): Value {
  return reshape(normalize(normalizers.observations, observations), [observations.shape[0], -1]);
}

/** What of a plan is executed.   plans: (B, H, A)   returns: (B, T_a, A), raw */
export function actionsOf({ config, normalizers }: Omit<Planner, "network">, plans: Value): Value {
  return unnormalize(normalizers.actions, slice(plans, 1, ...executedActions(config)));
}

/** The executed actions of a plan: from the first to before the second. */
export function executedActions({ nObsSteps, nActionSteps }: PlannerConfig): readonly [number, number] {
  return [nObsSteps - 1, nObsSteps - 1 + nActionSteps];
}

/** Shapes of what `act` is given. */
export function actSpecs(
  { horizon, nObsSteps, observationSize, actionSize }: PlannerConfig,
  { std }: DenoisingSteps,
  batchSize: number,
): Readonly<Record<keyof ActInputs, Spec>> {
  const always = {
    observations: float32(batchSize, nObsSteps, observationSize),
    start: float32(batchSize, horizon, actionSize),
  };
  const noise = float32(std.length, batchSize, horizon, actionSize);
  return (std.some((each) => each > 0) ? { ...always, noise } : always) as typeof always & { noise: Spec };
}

export interface SamplerOptions {
  /** Observations answered at once, B. */
  readonly batchSize: number;
  readonly denoising?: DenoisingOptions;
  readonly device: Device;
}

/**
 * The planner as a program for rollouts. Its parameters are an input, `theta`, so that it follows a training step by
 * step. actions: (B, T_a, A), raw   chain: (S + 1, B, H, A) that led to them   condition: (B, T_o O) they are for
 */
export async function compileSampler(
  planner: Planner,
  { batchSize, denoising, ...options }: SamplerOptions,
): Promise<Program<keyof ActInputs | "theta", "actions" | "chain" | "condition">> {
  const steps = denoisingSteps(diffusionOf(planner.config), denoising);
  const layout = layoutOf(planner.network);
  return compile(
    { ...actSpecs(planner.config, steps, batchSize), theta: float32(layout.size) },
    ({ theta, observations, ...draws }) => {
      const denoise = denoiserOf(planner.config, unpack(layout, theta));
      const condition = conditionOf(planner, observations);
      const { chain } = sampleChain(steps, denoise, { condition, ...draws });
      const plans = reshape(slice(chain, 0, -1), chain.shape.slice(1));
      return { actions: actionsOf(planner, plans), chain, condition };
    },
    options,
  );
}
