/**
 * @file The encoders against DP3's own: features that its code (3D-Diffusion-Policy 47385d9, policy/simple_dp3.py) made of
 * point clouds and joint positions. test/fixtures/dp3/encoders.safetensors: weights by its names, raw observations of two
 * steps, its normalizers, and the features of both steps side by side, points before state. Recorded by running it.
 */
import { join } from "node:path";
import { expect, test } from "vitest";
import { encoders } from "../src/nn/index.ts";
import { readTensors } from "../src/platform/index.ts";
import { add, concat, constant, mul, reshape, transpose, type Value } from "../src/tensor/index.ts";
import { relativeError } from "./both-backends.ts";
import { numbersOf } from "./network-checks.ts";

const { tensors } = await readTensors(join(import.meta.dirname, "fixtures/dp3/encoders.safetensors"));
const stored = (name: string): Value => constant(tensors[name].data as Float32Array, tensors[name].shape);
const dense = (name: string) => ({
  weight: transpose(stored(`weights/${name}.weight`)),
  bias: stored(`weights/${name}.bias`),
});
const norm = (name: string) => ({
  scale: stored(`weights/${name}.weight`),
  shift: stored(`weights/${name}.bias`),
});
/** A part's observations as DP3 normalizes them, one after another. (N, ...shape) */
const normalized = (name: string, shape: readonly number[]) =>
  reshape(add(mul(stored(name), stored(`normaliser/${name}/scale`)), stored(`normaliser/${name}/offset`)), [
    -1,
    ...shape,
  ]);

test("points and state are encoded as by DP3's own code", () => {
  const { pointNet, mlp } = encoders;
  const cloud = { shape: [512, 3] };
  const points = pointNet.apply(
    {
      points: [0, 3, 6].map((i) => ({
        linear: dense(`extractor.mlp.${i}`),
        norm: norm(`extractor.mlp.${i + 1}`),
      })),
      out: { linear: dense("extractor.final_projection.0"), norm: norm("extractor.final_projection.1") },
    },
    pointNet.config.parse({ kind: "pointNet" }),
    cloud,
    normalized("point_cloud", cloud.shape),
  );
  const joints = { shape: [24] };
  const state = mlp.apply(
    [dense("state_mlp.0"), dense("state_mlp.2")],
    mlp.config.parse({ kind: "mlp" }),
    joints,
    normalized("agent_pos", joints.shape),
  );
  const features = numbersOf(concat([points, state], 1));
  expect(relativeError(features, tensors.features.data as Float32Array)).toBeLessThan(1e-6);
});
