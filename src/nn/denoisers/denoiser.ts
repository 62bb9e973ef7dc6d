/**
 * @file A kind of denoiser: one record, named by the table in index.ts.
 * Symbols: B batch, H horizon, A action size, T_o observations in the condition, F features of one, K timesteps.
 */
import type { z } from "zod";
import { type Random, UserError } from "../../base/index.ts";
import type { Mapped, Value } from "../../tensor/index.ts";
import type { KindSchema } from "../kind.ts";

/** Sizes that a denoiser is made for. */
export interface DenoiserSizes {
  /** Actions predicted at once, H. */
  readonly horizon: number;
  /** Numbers of one action, A. */
  readonly actionSize: number;
  /** Numbers of the condition's vector, T_o F. */
  readonly conditionSize: number;
  /** Observations in the condition, T_o. */
  readonly nObsSteps: number;
  /** Diffusion timesteps, K. */
  readonly numTrainTimesteps: number;
}

/** Condition of an action sequence: the features of the latest T_o observations. */
export interface Condition {
  /** All of them side by side, oldest first. (B, T_o F) */
  readonly vector: Value;
  /** The same one by one, for denoisers that attend to them; without it they cut the vector. (B, T_o, F) */
  readonly tokens?: Value;
}

/** Functions of a configuration. Network: the tree of the denoiser's parameters. */
export interface DenoiserMethods<Config, Network> {
  /** Throws UserError for a configuration that contradicts itself, or does not fit a horizon. */
  check?(config: Config, sizes: Pick<DenoiserSizes, "horizon">): void;
  /** First values of the parameters. */
  init(config: Config, sizes: DenoiserSizes, random: Random): Network;
  /**
   * The network's prediction for noisy action sequences, traced.
   * noisy: (B, H, A)   timestep: int32 in [0, K), one for all () or each its own (B,); 0 is the cleanest
   * returns: (B, H, A). Throws UserError for a horizon that does not fit.
   */
  apply(
    network: Mapped<Network, Value>,
    config: Config,
    sizes: DenoiserSizes,
    noisy: Value,
    timestep: Value,
    condition: Condition,
  ): Value;
}

/** A kind of denoiser. */
export interface DenoiserKind<Schema extends KindSchema, Network>
  extends DenoiserMethods<z.output<Schema>, Network> {
  readonly config: Schema;
}

/** Throws UserError unless the network is made for as many actions as it is given, (B, H, A). */
export function refuseOtherHorizon(noisy: Value, horizon: number): void {
  if (noisy.shape[1] === horizon) return;
  throw new UserError(`This denoiser is made for ${horizon} actions at once, got ${noisy.shape[1]}.`);
}
