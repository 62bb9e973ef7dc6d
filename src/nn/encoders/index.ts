/** @file Every kind of encoder. A new one is a file beside this one and a line in the table. */
import type { z } from "zod";
import { type Part, UserError } from "../../base/index.ts";
import type { Mapped, Value } from "../../tensor/index.ts";
import { schemaOfKinds } from "../kind.ts";
import type { EncoderMethods } from "./encoder.ts";
import { identity } from "./identity.ts";
import { image } from "./image.ts";
import { mlp } from "./mlp.ts";
import { pointNet } from "./point-net.ts";
import { taskEmbedding } from "./task-embedding.ts";

export type { EncoderKind, EncoderMethods } from "./encoder.ts";

export const encoders = { identity, mlp, pointNet, image, taskEmbedding };

export const EncoderConfig = schemaOfKinds(encoders);
export type EncoderConfig = z.output<typeof EncoderConfig>;

/** Parameters of an encoder, of whichever kind. */
export type Encoder = ReturnType<(typeof encoders)[keyof typeof encoders]["init"]>;
export type TracedEncoder = Mapped<Encoder, Value>;

/** The record that a configuration names. */
export const encoderKind = ({ kind }: EncoderConfig): EncoderMethods<EncoderConfig, Encoder> =>
  encoders[kind];

/** Throws UserError if the part called `name` does not fit the encoder. */
export function requireEncodable(name: string, part: Part, config: EncoderConfig): void {
  const why = encoderKind(config).accepts(part, config);
  if (why !== undefined) throw new UserError(`"${name}" does not fit the encoder ${config.kind}: ${why}.`);
}
