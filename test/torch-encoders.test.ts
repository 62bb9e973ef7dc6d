/** @file The encoders against PyTorch: features, and the gradient of every parameter. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Part, Random } from "../src/base/index.ts";
import { type EncoderConfig, encoderKind, encoders } from "../src/nn/index.ts";
import { readTensors } from "../src/platform/index.ts";
import {
  float32,
  grad,
  leavesOf,
  mapTree,
  mul,
  type Parameter,
  showShape,
  sum,
  type Value,
} from "../src/tensor/index.ts";
import { backends, relativeError } from "./both-backends.ts";

const folder = join(import.meta.dirname, "fixtures/torch");
interface Recorded {
  readonly config: EncoderConfig;
  readonly part: Part;
}
const recorded: Readonly<Record<string, Recorded>> = JSON.parse(
  readFileSync(join(folder, "encoders.json"), "utf8"),
);
const { tensors } = await readTensors(join(folder, "encoders.safetensors"));

test("every encoder that has parameters is recorded", () =>
  expect(["identity", ...Object.keys(recorded)].sort()).toEqual(Object.keys(encoders).sort()));

describe.each(Object.entries(recorded))("%s", (kind, { config, part }) => {
  const { init, apply, size } = encoderKind(config);
  const form = init(config, part, new Random(0));
  const stored = (name: string) => tensors[`${kind}/${name}`];

  test("has PyTorch's parameters", () => {
    const prefix = `${kind}/weights/`;
    const theirs = Object.entries(tensors)
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, { shape }]) => `${name.slice(prefix.length)} ${showShape(shape)}`);
    const ours = leavesOf<Parameter>(form).map(({ path, leaf }) => `${path} ${showShape(leaf.shape)}`);
    expect(ours.sort()).toEqual(theirs.sort());
  });

  test.each(Object.entries(backends))("agrees with PyTorch %s", async (_, { run, tolerance }) => {
    const paths = leavesOf(form).map(({ path }) => path);
    const input = (path: string) => `w_${path.replaceAll(".", "_")}`;
    const specs = {
      x: float32(...stored("x").shape),
      dy: float32(...stored("dy").shape),
      ...Object.fromEntries(paths.map((path) => [input(path), float32(...stored(`weights/${path}`).shape)])),
    };
    const numbers = {
      x: stored("x").data as Float32Array,
      dy: stored("dy").data as Float32Array,
      ...Object.fromEntries(
        paths.map((path) => [input(path), stored(`weights/${path}`).data as Float32Array]),
      ),
    };
    const found = await run(
      specs,
      (values: Readonly<Record<string, Value>>): Record<string, Value> => {
        const network = mapTree(form, (_, path) => values[input(path)]) as never;
        const y = apply(network, config, part, values.x);
        const slopes = grad(
          sum(mul(y, values.dy)),
          paths.map((path) => values[input(path)]),
        );
        return { y, ...Object.fromEntries(paths.map((path, i) => [`d_${input(path)}`, slopes[i]])) };
      },
      numbers,
    );
    expect(stored("y").shape[1]).toBe(size(config, part));
    expect.soft(relativeError(found.y, stored("y").data as Float64Array), "features").toBeLessThan(tolerance);
    for (const path of paths) {
      const truth = stored(`gradients/${path}`).data as Float64Array;
      expect.soft(relativeError(found[`d_${input(path)}`], truth), path).toBeLessThan(tolerance);
    }
  });
});
