/** @file The encoder that changes nothing: a part's numbers, flat. */
import { z } from "zod";
import { sizeOfPart } from "../../base/index.ts";
import { reshape } from "../../tensor/index.ts";
import type { EncoderKind } from "./encoder.ts";

const IdentityConfig = z.strictObject({ kind: z.literal("identity") });

/** The part as it is, with no parameters. */
export const identity: EncoderKind<typeof IdentityConfig, Readonly<Record<string, never>>> = {
  config: IdentityConfig,
  input: "normalized",
  accepts: () => undefined,
  size: (_, part) => sizeOfPart(part),
  init: () => ({}),
  apply: (_, __, part, x) => reshape(x, [x.shape[0], sizeOfPart(part)]),
};
