/**
 * @file The planner: encoders of observations and a denoiser of action sequences, with all that it takes to act.
 * Symbols: B batch, H horizon, T_o observations an action sequence depends on, O observation size, A action size, F
 * features of an observation.
 */
import { z } from "zod";
import { mostBytes, type Random, type Spaces, sizeOfSpace, UserError } from "../../base/index.ts";
import type { Denoise } from "../../diffusion/index.ts";
import { type Condition, type Denoiser, denoiserKind, withinRoom } from "../../nn/index.ts";
import { flatten, layoutOf, type Mapped, reshape, type Value } from "../../tensor/index.ts";
import { Normalizer, normalizersOf } from "../normalizer.ts";
import {
  type EncoderNetworks,
  encodeObservations,
  initEncoders,
  type ObservationEncoder,
} from "../observation-encoder.ts";
import { denoiserSizes, type PlannerConfig, plannerConfig } from "./planner-config.ts";

/** Of each part of an observation, and of actions, all parts one after another. */
export const Normalizers = z.strictObject({
  observation: z.record(z.string(), Normalizer).readonly(),
  action: Normalizer,
});
export type Normalizers = Readonly<z.infer<typeof Normalizers>>;

/** A planner's parameters: what sees, and what predicts from what was seen. */
export interface PlannerNetwork {
  readonly encoders: EncoderNetworks;
  readonly denoiser: Denoiser;
}
export type TracedNetwork = Mapped<PlannerNetwork, Value>;

/** Plain data. The weights that sample a chain are the weights that score it; an average of them is another planner. */
export interface Planner {
  readonly config: PlannerConfig;
  readonly network: PlannerNetwork;
  readonly normalizers: Normalizers;
}

/** Normalizers of what a data set holds: the smallest and largest number of every place of a row, of all episodes. */
export function plannerNormalizers(
  spaces: Spaces,
  ranges: { readonly observation: Normalizer; readonly action: Normalizer },
): Normalizers {
  const { low, high } = ranges.action;
  return { observation: normalizersOf(spaces.observation, ranges.observation), action: { low, high } };
}

/**
 * A planner with random first weights. most: bytes that they may take
 * Throws UserError for a configuration or normalizers that do not fit.
 */
export function initPlanner(
  input: z.input<typeof PlannerConfig>,
  normalizers: Normalizers,
  random: Random,
  most = mostBytes,
): Planner {
  const config = plannerConfig(input);
  checkNormalizers(config.spaces, normalizers);
  const { denoiser } = config;
  const { observation: space } = config.spaces;
  const network = withinRoom("The planner's network", most, () => ({
    encoders: initEncoders({ space, encoders: config.encoders }, random.split("encoders")),
    denoiser: denoiserKind(denoiser).init(denoiser, denoiserSizes(config), random),
  }));
  return { config, network, normalizers };
}

function checkNormalizers({ observation, action }: Spaces, normalizers: Normalizers): void {
  const check = (what: string, size: number, { low, high }: Normalizer = { low: [], high: [] }) => {
    if (low.length === size && high.length === size) return;
    throw new UserError(
      `The planner's ${what} has ${size} dimensions, its normalizer ${low.length} lows and ${high.length} highs.`,
    );
  };
  for (const [name, { shape }] of Object.entries(observation))
    check(`"${name}"`, shape.at(-1) ?? 1, normalizers.observation[name]);
  check("action", sizeOfSpace(action), normalizers.action);
}

/** Space, encoders and normalizers of what a planner observes. */
export function encoderOf({ config, normalizers }: Omit<Planner, "network">): ObservationEncoder {
  const { spaces, encoders } = config;
  return { space: spaces.observation, encoders, normalizers: normalizers.observation };
}

/**
 * Condition of a prediction, computed by the network's own encoders.
 * observation: parts, raw, (B, T_o, ...shape) each   returns: vector (B, T_o F), tokens (B, T_o, F)
 */
export function conditionOf(
  planner: Omit<Planner, "network">,
  network: TracedNetwork,
  observation: Readonly<Record<string, Value>>,
): Condition {
  const features = encodeObservations(network.encoders, encoderOf(planner), observation);
  return { vector: reshape(features, [features.shape[0], -1]), tokens: features };
}

/** The traced network as a denoiser of action sequences, (B, H, A). */
export function denoiserOf(config: PlannerConfig, { denoiser }: Pick<TracedNetwork, "denoiser">): Denoise {
  const kind = denoiserKind(config.denoiser);
  const sizes = denoiserSizes(config);
  return (sample, timestep, condition) =>
    kind.apply(denoiser, config.denoiser, sizes, sample, timestep, condition);
}

/** A planner's parameters as one vector, (P,). */
export function thetaOf({ network }: Planner): Float32Array {
  const theta = new Float32Array(layoutOf(network).size);
  flatten(network, theta);
  return theta;
}
