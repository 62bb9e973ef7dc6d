/**
 * @file A kind of encoder: one record, named by the table in index.ts. An encoder makes features of one part of an
 * observation.
 * Symbols: N observations, F features of the part.
 */
import type { z } from "zod";
import type { Part, Random } from "../../base/index.ts";
import type { Mapped, Value } from "../../tensor/index.ts";
import type { KindSchema } from "../kind.ts";

/** Functions of a configuration. Network: the tree of the encoder's parameters. */
export interface EncoderMethods<Config, Network> {
  /** "normalized": the part comes scaled to about [-1, 1]. "raw": as observed, such as bytes or an index. */
  readonly input: "normalized" | "raw";
  /** Reason that the part does not fit, as a clause without a full stop; undefined if it does. */
  accepts(part: Part, config: Config): string | undefined;
  /** Features of the part, F. */
  size(config: Config, part: Part): number;
  /** First values of the parameters. */
  init(config: Config, part: Part, random: Random): Network;
  /** Features, traced.   x: (N, ...shape of the part)   returns: (N, F) */
  apply(network: Mapped<Network, Value>, config: Config, part: Part, x: Value): Value;
}

/** A kind of encoder. */
export interface EncoderKind<Schema extends KindSchema, Network>
  extends EncoderMethods<z.output<Schema>, Network> {
  readonly config: Schema;
}
