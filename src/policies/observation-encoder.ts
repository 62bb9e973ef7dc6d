/**
 * @file Features of observations: each part of the space is normalized and encoded by itself, step by step.
 * Symbols: B batch, T steps, O numbers of an observation, N rows (B T), F features of a step, all parts together.
 */
import { describeSpace, type Part, placesOf, type Random, type Space, UserError } from "../base/index.ts";
import { type Encoder, EncoderConfig, encoderKind, encoders, requireEncodable } from "../nn/index.ts";
import { concat, type Mapped, reshape, slice, type Value } from "../tensor/index.ts";
import { type Normalizer, normalize } from "./normalizer.ts";

/** The encoder of each part. */
export type EncoderConfigs = Readonly<Record<string, EncoderConfig>>;
/** The parameters of each part's encoder. */
export type EncoderNetworks = Readonly<Record<string, Encoder>>;

/** All about the features of observations but the parameters. */
export interface ObservationEncoder {
  readonly space: Space;
  readonly encoders: EncoderConfigs;
  readonly normalizers: Readonly<Record<string, Normalizer>>;
}

/**
 * An encoder for every part of `space`: the one that is asked for, else the default for its shape.
 * Throws UserError for a part that the space does not have, or that its encoder does not take.
 */
export function encodersFor(space: Space, asked: EncoderConfigs = {}): EncoderConfigs {
  const unknown = Object.keys(asked).find((name) => !(name in space));
  if (unknown !== undefined)
    throw new UserError(`There is no part "${unknown}" to encode. Observed: ${describeSpace(space)}.`);
  return Object.fromEntries(
    Object.entries(space).map(([name, part]) => {
      const config = asked[name] ?? defaultEncoder(name, part);
      requireEncodable(name, part, config);
      return [name, config];
    }),
  );
}

/** Vectors as they are, clouds by their points, pictures by convolutions. */
function defaultEncoder(name: string, part: Part): EncoderConfig {
  const { shape, dtype } = part;
  if (shape.length <= 1) return EncoderConfig.parse({ kind: "identity" });
  if (shape.length === 2 && shape[1] >= 3) return EncoderConfig.parse({ kind: "pointNet" });
  if (shape.length === 3 && dtype === "uint8") return EncoderConfig.parse({ kind: "image" });
  throw new UserError(
    `Nothing encodes ${describeSpace({ [name]: part })} by default. Name its encoder: ${Object.keys(encoders).join(", ")}.`,
  );
}

/** Features of one step, F. */
export function featureSize({ space, encoders: configs }: Omit<ObservationEncoder, "normalizers">): number {
  return Object.entries(space).reduce(
    (size, [name, part]) => size + encoderKind(configs[name]).size(configs[name], part),
    0,
  );
}

/** First parameters. */
export function initEncoders(
  { space, encoders: configs }: Omit<ObservationEncoder, "normalizers">,
  random: Random,
): EncoderNetworks {
  return Object.fromEntries(
    Object.entries(space).map(([name, part]) => {
      const config = configs[name];
      return [name, encoderKind(config).init(config, part, random.split(name))];
    }),
  );
}

/** Cuts observations, (B, T, O), into their parts, (B, T, ...shape) each. */
export function splitObservations(space: Space, observations: Value): Readonly<Record<string, Value>> {
  const [batch, steps] = observations.shape;
  const parts = Object.entries(placesOf(space));
  return Object.fromEntries(
    parts.map(([name, [begin, end]]) => {
      const own = parts.length === 1 ? observations : slice(observations, 2, begin, end);
      return [name, reshape(own, [batch, steps, ...space[name].shape])];
    }),
  );
}

/** Features of raw observations.   parts: (B, T, ...shape) each   returns: (B, T, F) */
export function encodeObservations(
  networks: Mapped<EncoderNetworks, Value>,
  { space, encoders: configs, normalizers }: ObservationEncoder,
  parts: Readonly<Record<string, Value>>,
): Value {
  const features = Object.entries(space).map(([name, part]) => {
    const [batch, steps, ...shape] = parts[name].shape;
    const config = configs[name];
    const kind = encoderKind(config);
    const seen = kind.input === "raw" ? parts[name] : normalize(normalizers[name], parts[name]);
    const encoded = kind.apply(networks[name], config, part, reshape(seen, [batch * steps, ...shape]));
    return reshape(encoded, [batch, steps, -1]);
  });
  return features.length === 1 ? features[0] : concat(features, 2);
}
