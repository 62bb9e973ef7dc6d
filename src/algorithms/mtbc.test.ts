import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { backends, relativeError } from "../../test/both-backends.ts";
import { Random, vectorSpace } from "../base/index.ts";
import type { Batch } from "../data/index.ts";
import { cpu } from "../devices/index.ts";
import { readTensors } from "../platform/index.ts";
import { float32, grad, int32, layoutOf, unpack } from "../tensor/index.ts";
import { MtbcConfig, mtbc, mtbcLoss } from "./mtbc.ts";
import { initTaskPolicy, taskActions } from "./task-policy.ts";

const device = cpu({ threads: 1 });

/** Recorded: CORL's actor, 11 numbers to 4 by two layers of 32. It has no task ids: their weights are zero here. */
const { tensors } = await readTensors(join(import.meta.dirname, "fixtures/bc.safetensors"));
const stored = (name: string) => tensors[name].data as Float32Array;
const [rows, observationSize, actionSize, width] = [6, 11, 4, 32];
const tasks = ["metaworld/reach", "metaworld/push"];
const ids = Int32Array.of(0, 1, 1, 0, 1, 0);
const config = {
  spaces: { observation: vectorSpace("state", observationSize), action: vectorSpace("action", actionSize) },
  tasks,
  hiddenSizes: [width, width],
  normalizer: { low: new Array(observationSize).fill(-1), high: new Array(observationSize).fill(1) }, // changes nothing
};
const { network } = initTaskPolicy(config, new Random(0));
const layout = layoutOf(network);

/** The stored tensors under a prefix as a vector of parameters; `beyond` stands for the rows of the task ids. */
function parameters(prefix: string, beyond: (task: number, unit: number) => number = () => 0): Float32Array {
  const vector = new Float32Array(layout.size);
  for (const { path, shape, offset } of layout.entries) {
    const [layer, kind] = path.split(".");
    const values = stored(`${prefix}/net.${2 * Number(layer)}.${kind === "bias" ? "bias" : "weight"}`);
    if (kind === "bias") {
      vector.set(values, offset);
      continue;
    }
    const [inputs, outputs] = shape;
    const known = values.length / outputs; // PyTorch's are (outputs, inputs)
    for (let i = 0; i < inputs; i++)
      for (let o = 0; o < outputs; o++)
        vector[offset + i * outputs + o] = i < known ? values[o * known + i] : beyond(i - known, o);
  }
  return vector;
}

/** `vector` without the rows of the task ids, and these. */
function apart(vector: ArrayLike<number>): { known: number[]; ofTasks: number[][] } {
  const first = layout.entries.find(({ path }) => path.startsWith("0.") && !path.endsWith("bias"));
  const begin = (first?.offset ?? Number.NaN) + observationSize * width;
  const all = Array.from(vector);
  return {
    known: [...all.slice(0, begin), ...all.slice(begin + tasks.length * width)],
    ofTasks: tasks.map((_, task) => all.slice(begin + task * width, begin + (task + 1) * width)),
  };
}

describe("as CORL's behavior cloning", () => {
  const specs = {
    theta: float32(layout.size),
    observation: float32(rows, 1, observationSize),
    action: float32(rows, 1, actionSize),
    task: int32(rows, 1),
  };
  const numbers = {
    theta: parameters("weights"),
    observation: stored("inputs/observations"),
    action: stored("inputs/actions"),
    task: ids,
  };

  test.each(Object.entries(backends))("network, loss and every gradient, %s", async (_, { run }) => {
    const results = await run(
      { ...specs, flat: float32(rows, observationSize), ids: int32(rows) },
      ({ theta, flat, ids: own, ...batch }) => {
        const layers = unpack(layout, theta) as never;
        const loss = mtbcLoss(config, layers, batch);
        return { actions: taskActions(config, layers, flat, own), loss, gradient: grad(loss, [theta])[0] };
      },
      { ...numbers, flat: numbers.observation, ids },
    );
    expect(relativeError(results.actions, stored("outputs/actions"))).toBeLessThan(1e-5);
    expect(relativeError(results.loss, stored("outputs/loss"))).toBeLessThan(1e-5);
    const { known, ofTasks } = apart(results.gradient);
    expect(relativeError(known, apart(parameters("grads")).known)).toBeLessThan(1e-5);
    // Every row has one task: the gradients of the ids add up to the bias's.
    const both = ofTasks[0].map((each, unit) => each + ofTasks[1][unit]);
    expect(relativeError(both, stored("grads/net.0.bias"))).toBeLessThan(1e-5);
    expect(ofTasks[0]).not.toEqual(ofTasks[1]);
  });

  test("one step of Adam", async () => {
    const sampler = {
      spaces: config.spaces,
      tasks,
      observationRange: config.normalizer,
      emptyBatch: () => ({
        observation: new Float32Array(rows * observationSize),
        action: new Float32Array(rows * actionSize),
        task: new Int32Array(rows),
      }),
      sample(_: Random, batch: Batch<{ observation: []; action: []; task: [] }>) {
        batch.observation.set(numbers.observation);
        batch.action.set(numbers.action);
        batch.task.set(ids);
      },
    };
    const settings = MtbcConfig.parse({ batchSize: rows, hiddenSizes: config.hiddenSizes });
    const data = { transitions: { train: sampler, heldOut: heldOut(sampler) } } as never;
    await using learner = await mtbc.start(settings, data, { random: new Random(0), device, folder: "" });
    const zeros = new Float32Array(layout.size);
    const vector = (data: Float32Array) => ({ dtype: "F32", shape: [data.length], data }) as const;
    const [theta, moment] = [vector(numbers.theta), vector(zeros)];
    await learner.restore({
      tensors: { "mtbc.theta": theta, "mtbc.firstMoment": moment, "mtbc.secondMoment": moment },
      json: { steps: 0 },
    });
    const metrics = await learner.step(new Random(1));
    expect(relativeError([metrics["train/loss"]], stored("outputs/loss"))).toBeLessThan(1e-5);
    const after = apart((await learner.state()).tensors["mtbc.theta"].data as Float32Array);
    const expected = apart(parameters("weights1"));
    expect(relativeError(after.known, expected.known)).toBeLessThan(1e-5);
    // The step itself is no rounding: without it the weights are that far off.
    expect(relativeError(apart(numbers.theta).known, expected.known)).toBeGreaterThan(1e-4);
  });
});

/** A sampler that leaves the held-out rows zero. */
function heldOut<S extends object>(sampler: S): S {
  return { ...sampler, sample() {} };
}
