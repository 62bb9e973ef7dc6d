/**
 * @file A denoiser is one record: here, a linear map of actions, condition and timestep. In the package it is a file of
 * src/nn/denoisers and a line of its index.ts; its tests are those of every denoiser.
 */
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { UserError } from "../../src/base/index.ts";
import {
  atTimestep,
  type DenoiserKind,
  type Dense,
  denoisers,
  initLinear,
  linear,
  timestepFeatures,
} from "../../src/nn/index.ts";
import { schemaOfKinds } from "../../src/nn/kind.ts";
import { add, type Parameter, reshape } from "../../src/tensor/index.ts";
import { denoiserSuite } from "../denoiser-suite.ts";

const LinearConfig = z.strictObject({
  kind: z.literal("linear"),
  embeddingSize: z.int().positive().multipleOf(2).default(16).describe("size of the timestep's features"),
});

interface Linear<T> {
  readonly actions: Dense<T>;
  readonly condition: Dense<T>;
  readonly timestep: Dense<T>;
}

const linearDenoiser: DenoiserKind<typeof LinearConfig, Linear<Parameter>> = {
  config: LinearConfig,

  init({ embeddingSize }, { horizon, actionSize, conditionSize }, random) {
    const size = horizon * actionSize;
    return {
      actions: initLinear(size, size, random.split("actions")),
      condition: initLinear(conditionSize, size, random.split("condition")),
      timestep: initLinear(embeddingSize, size, random.split("timestep")),
    };
  },

  apply(network, { embeddingSize }, { horizon, numTrainTimesteps }, noisy, timestep, { vector }) {
    const [batch, actions] = noisy.shape;
    if (actions !== horizon)
      throw new UserError(`This denoiser is made for ${horizon} actions at once, got ${actions}.`);
    const table = timestepFeatures(numTrainTimesteps, embeddingSize);
    const fromTimestep = atTimestep(timestep, table, (rows) => linear(network.timestep, rows));
    const fromActions = linear(network.actions, reshape(noisy, [batch, -1]));
    return reshape(add(add(fromActions, linear(network.condition, vector)), fromTimestep), noisy.shape);
  },
};

describe("a denoiser", () => {
  denoiserSuite("linear", linearDenoiser, { kind: "linear" });

  test("is configured by a schema that the table makes", () =>
    expect(schemaOfKinds({ ...denoisers, linear: linearDenoiser }).parse({ kind: "linear" })).toEqual({
      kind: "linear",
      embeddingSize: 16,
    }));
});
