/** @file Every kind of denoiser. A new one is a file beside this one and a line in the table. */
import type { z } from "zod";
import type { Mapped, Value } from "../../tensor/index.ts";
import { schemaOfKinds } from "../kind.ts";
import type { DenoiserMethods } from "./denoiser.ts";
import { mlp } from "./mlp.ts";
import { transformer } from "./transformer.ts";
import { unet } from "./unet.ts";

export type { Condition, DenoiserKind, DenoiserMethods, DenoiserSizes } from "./denoiser.ts";

export const denoisers = { unet, mlp, transformer };

export const DenoiserConfig = schemaOfKinds(denoisers);
export type DenoiserConfig = z.output<typeof DenoiserConfig>;

/** Parameters of a denoiser, of whichever kind. */
export type Denoiser = ReturnType<(typeof denoisers)[keyof typeof denoisers]["init"]>;
export type TracedDenoiser = Mapped<Denoiser, Value>;

/** The record that a configuration names. */
export const denoiserKind = ({ kind }: DenoiserConfig): DenoiserMethods<DenoiserConfig, Denoiser> =>
  denoisers[kind];
