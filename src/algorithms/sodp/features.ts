/**
 * @file What a planner's encoders make of single observations, with weights that stay: the eyes of a critic.
 * Symbols: N observations, O numbers of an observation, C features of one.
 */
import { sizeOfSpace } from "../../base/index.ts";
import {
  encodeObservations,
  encoderOf,
  featureSize,
  type Planner,
  splitObservations,
  type TracedNetwork,
  thetaOf,
} from "../../policies/index.ts";
import { compile, type Device, float32, layoutOf, unpack } from "../../tensor/index.ts";

/** Holds device memory until disposed. */
export interface Features extends AsyncDisposable {
  /** C */
  readonly size: number;
  /** observations: raw, (O,) each   returns: (C,) each */
  of(observations: readonly Float32Array[]): Promise<readonly Float32Array[]>;
}

/** Observations that are encoded at once. */
const batchSize = 256;

export async function compileFeatures(planner: Planner, device: Device): Promise<Features> {
  const encoder = encoderOf(planner);
  const layout = layoutOf(planner.network);
  const rowSize = sizeOfSpace(encoder.space);
  const size = featureSize(encoder);
  const theta = thetaOf(planner);
  const program = await compile(
    { observations: float32(batchSize, 1, rowSize), theta: float32(layout.size) },
    ({ observations, theta }) => {
      const { encoders } = unpack(layout, theta) as TracedNetwork;
      return {
        features: encodeObservations(encoders, encoder, splitObservations(encoder.space, observations)),
      };
    },
    { device },
  );
  return {
    size,
    async of(observations) {
      const found: Float32Array[] = [];
      const batch = new Float32Array(batchSize * rowSize);
      for (let first = 0; first < observations.length; first += batchSize) {
        const rows = observations.slice(first, first + batchSize);
        rows.forEach((row, i) => {
          batch.set(row, i * rowSize);
        });
        const { features } = await program.run({ observations: batch, theta });
        for (let i = 0; i < rows.length; i++) found.push(features.slice(i * size, (i + 1) * size));
      }
      return found;
    },
    [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
  };
}
