/** @file Soft actor-critic against PyTorch: losses, the gradient of every parameter, and three whole updates. */
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { agentOf, storedNoise, transitionsOf } from "../bench/learning/agent.ts";
import { SacConfig } from "../src/algorithms/sac/config.ts";
import { actorLosses, criticLoss, initSac } from "../src/algorithms/sac/losses.ts";
import { SacUpdate } from "../src/algorithms/sac/update.ts";
import { Random, type StoredTensors } from "../src/base/index.ts";
import { cpu } from "../src/devices/index.ts";
import { readTensors } from "../src/platform/index.ts";
import { add, float32, grad, type Layout, layoutOf, type Spec, sizeOf, unpack } from "../src/tensor/index.ts";
import { backends, relativeError } from "./both-backends.ts";

type Floats = Float32Array | Float64Array;

const { tensors, metadata } = await readTensors(join(import.meta.dirname, "fixtures/torch/sac.safetensors"));
const { observation_size: observationSize, action_size: actionSize, width } = JSON.parse(metadata.about);

/** One task, and several that a code behind the observation tells apart, each with a temperature of its own. */
const forms = { single: ["reach"], several: ["reach", "push", "door-open"] };

describe.each(Object.entries(forms))("%s", (form, tasks) => {
  const sizes = { observationSize, actionSize, tasks };
  /** The stored tensors under a prefix. */
  const group = (prefix: string): StoredTensors =>
    Object.fromEntries(
      Object.entries(tensors)
        .filter(([name]) => name.startsWith(`${form}/${prefix}/`))
        .map(([name, tensor]) => [name.slice(form.length + prefix.length + 2), tensor]),
    );
  const floats = (name: string) => tensors[`${form}/${name}`].data as Floats;
  /** The stored tensors of a layout as its vector. */
  const stored = (layout: Layout<unknown>, prefix: string) => {
    const vector = new Float64Array(layout.size);
    for (const { path, offset } of layout.entries) vector.set(floats(`${prefix}.${path}`), offset);
    return vector;
  };
  /** Names of the stored tensors that a vector differs from, with the relative errors; empty if all agree. */
  const disagreements = (vector: Floats, layout: Layout<unknown>, prefix: string, tolerance: number) =>
    layout.entries
      .map(({ path, shape, offset }): [string, number] => [
        path,
        relativeError(vector.subarray(offset, offset + sizeOf(shape)), floats(`${prefix}.${path}`)),
      ])
      .filter(([, error]) => !(error <= tolerance));

  const batch = transitionsOf(group("batch"));
  const batchSize = batch.rewards.length;
  const config = SacConfig.parse({ batchSize, hiddenSizes: [width, width] });
  const first = agentOf(initSac(config, sizes, new Random(0)), group("weights"));
  const layouts = { actor: layoutOf(first.actor), critics: layoutOf(first.critics) };

  test.each(Object.entries(backends))("agrees with PyTorch %s", async (name, { run }) => {
    const noise = floats("batch/noise");
    const numbers = {
      ...batch,
      noise: noise.subarray(0, batchSize * actionSize),
      noiseNow: noise.subarray(batchSize * actionSize, 2 * batchSize * actionSize),
      actor: stored(layouts.actor, "weights/actor"),
      critics: stored(layouts.critics, "weights/critics"),
      targets: stored(layouts.critics, "weights/targets"),
    };
    const rows = (values: ArrayLike<number>): Spec => float32(batchSize, values.length / batchSize);
    const results = await run(
      {
        observations: rows(batch.observations),
        actions: rows(batch.actions),
        rewards: float32(batchSize),
        nextObservations: rows(batch.nextObservations),
        continues: float32(batchSize),
        noise: rows(numbers.noise),
        noiseNow: rows(numbers.noiseNow),
        actor: float32(layouts.actor.size),
        critics: float32(layouts.critics.size),
        targets: float32(layouts.critics.size),
      },
      ({ actor, critics, targets, noiseNow, ...inputs }) => {
        const [policy, twins, averages] = [
          unpack(layouts.actor, actor),
          unpack(layouts.critics, critics),
          unpack(layouts.critics, targets),
        ] as never[];
        const critic = criticLoss(twins, policy, averages, inputs, config, sizes);
        const now = { observations: inputs.observations, noise: noiseNow };
        const losses = actorLosses(policy, twins, now, config, sizes);
        const [criticsGradient] = grad(critic, [critics]);
        const [actorGradient] = grad(add(losses.actor, losses.temperature), [actor]);
        return {
          criticsLoss: critic,
          actorLoss: losses.actor,
          temperatureLoss: losses.temperature,
          criticsGradient,
          actorGradient,
        };
      },
      numbers,
    );
    const tolerance = name.includes("float64") ? 1e-12 : 1e-5;
    for (const loss of ["critics", "actor", "temperature"] as const)
      expect(relativeError(results[`${loss}Loss`], floats(`losses/${loss}`))).toBeLessThan(tolerance);
    expect(disagreements(results.actorGradient, layouts.actor, "gradients/actor", tolerance)).toEqual([]);
    expect(disagreements(results.criticsGradient, layouts.critics, "gradients/critics", tolerance)).toEqual(
      [],
    );
  });

  test("learns as with PyTorch's Adam: all weights after three updates, and the losses before each", async () => {
    await using learner = await SacUpdate.compile(config, sizes, first, cpu({ threads: 1 }));
    const noise = storedNoise(floats("batch/noise") as Float32Array);
    const losses: number[] = [];
    for (let update = 0; update < 3; update++) {
      const { criticLoss, actorLoss } = await learner.step(batch, noise);
      losses.push(criticLoss, actorLoss);
    }
    const truth = floats("updates").filter((_, i) => i % 3 < 2); // the third is the temperature's
    expect(relativeError(losses, truth)).toBeLessThan(1e-5);
    const after = await learner.tensors();
    const vector = (name: string) => after[name].data as Float32Array;
    expect(disagreements(vector("actor.theta"), layouts.actor, "after/actor", 1e-5)).toEqual([]);
    expect(disagreements(vector("critics.theta"), layouts.critics, "after/critics", 1e-5)).toEqual([]);
    expect(disagreements(vector("critics.ema"), layouts.critics, "after/targets", 1e-5)).toEqual([]);
  });
});
