/** @file MTDT against recordings of the published Decision Transformer, whose last five inputs are the task. */
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { backends, relativeError } from "../../test/both-backends.ts";
import { torchParameters, withoutKeyBiases } from "../../test/torch-decision-transformer.ts";
import { Random, vectorSpace } from "../base/index.ts";
import { cpu } from "../devices/index.ts";
import { readTensors } from "../platform/index.ts";
import { float32, grad, int32, layoutOf, type Spec, unpack } from "../tensor/index.ts";
import { lossInputs, sequenceLoss } from "./decision-transformer/batch.ts";
import { initSequenceModel, sequenceActions } from "./decision-transformer/model.ts";
import { presentActions } from "./decision-transformer/policy.ts";
import { MtdtConfig, mtdt } from "./mtdt.ts";

const { tensors } = await readTensors(join(import.meta.dirname, "fixtures/mtdt.safetensors"));
const stored = (name: string) => tensors[name].data as Float32Array;
const [rows, steps, actionSize, observationSize] = [4, 5, 4, 39];
const tasks = ["a", "b", "c", "d", "e"];
const spaces = {
  observation: vectorSpace("state", observationSize),
  action: vectorSpace("action", actionSize),
};
const same = { mean: new Array(observationSize).fill(0), std: new Array(observationSize).fill(1) };
const sizes = { contextSteps: steps, width: 32, layers: 2, heads: 2, maxSteps: 64, returnScale: 1 };
const { config, network } = initSequenceModel(
  { ...sizes, spaces, tasks, isTold: true, targetReturns: [], standardization: [same], prompts: [] },
  new Random(0),
);
const layout = layoutOf(network);
const theta = torchParameters(layout, tensors, "weights");

/** States without the one-hot at their end. */
const withoutTask = (states: Float32Array) =>
  states.filter((_, i) => i % (observationSize + tasks.length) < observationSize);
const mask = stored("inputs/mask");
const batch = {
  observation: withoutTask(stored("inputs/states")),
  action: stored("inputs/actions"),
  returnToGo: stored("inputs/returns_to_go"),
  step: tensors["inputs/timesteps"].data as Int32Array,
  mask,
  task: tensors["inputs/task"].data as Int32Array,
};
const specsOf = (count: number) => lossInputs(config, count) as Readonly<Record<keyof typeof batch, Spec>>;
/** Of steps that are no padding: others mean nothing. */
const ofReal = (actions: ArrayLike<number>) =>
  Array.from(actions).filter((_, i) => mask[Math.floor(i / actionSize)] === 1);

describe("as the published Decision Transformer", () => {
  test.each(Object.entries(backends))("network, loss and every gradient, %s", async (_, { run }) => {
    const found = await run(
      { theta: float32(layout.size), ...specsOf(rows) },
      ({ theta: vector, ...inputs }) => {
        const layers = unpack(layout, vector) as never;
        const loss = sequenceLoss(config, layers, inputs);
        const actions = sequenceActions(config, layers, { history: inputs as never, ids: inputs.task });
        return { actions, loss, gradient: grad(loss, [vector])[0] };
      },
      { theta, ...batch },
    );
    expect(mask).toContain(0);
    expect(relativeError(ofReal(found.actions), ofReal(stored("outputs/action_preds")))).toBeLessThan(1e-5);
    expect(relativeError(found.loss, stored("outputs/loss"))).toBeLessThan(1e-5);
    const expected = torchParameters(layout, tensors, "grads");
    for (const { path, offset, shape } of layout.entries) {
      const end = offset + shape.reduce((size, axis) => size * axis, 1);
      const error = relativeError(found.gradient.slice(offset, end), expected.slice(offset, end));
      // A third of this bias's gradient is rounding.
      expect(error, path).toBeLessThan(path.endsWith("attention.input.bias") ? 1e-4 : 1e-5);
    }
  });

  test("one step of AdamW", async () => {
    const settings = MtdtConfig.parse({
      ...sizes,
      batchSize: rows,
      dropout: 0,
      learningRate: 0.01,
      warmupSteps: 0,
      targetReturn: 0,
    });
    await using learner = await mtdt.start(settings, recorded(), {
      random: new Random(0),
      device: cpu({ threads: 1 }),
      folder: "",
    });
    const vector = (data: Float32Array) => ({ dtype: "F32", shape: [data.length], data }) as const;
    const moment = vector(new Float32Array(layout.size));
    await learner.restore({
      tensors: { "mtdt.theta": vector(theta), "mtdt.firstMoment": moment, "mtdt.secondMoment": moment },
      json: { steps: 0 },
    });
    const metrics = await learner.step(new Random(1));
    expect(relativeError([metrics["train/loss"]], stored("outputs/loss"))).toBeLessThan(1e-5);
    expect(metrics["train/gradient_norm"]).toBeCloseTo(1.8934321403503418, 5);
    const after = (await learner.state()).tensors["mtdt.theta"].data as Float32Array;
    const compared = (numbers: ArrayLike<number>) => withoutKeyBiases(layout, numbers);
    const expected = compared(torchParameters(layout, tensors, "weights1"));
    expect(relativeError(compared(after), expected)).toBeLessThan(1e-5);
    expect(relativeError(compared(theta), expected)).toBeGreaterThan(1e-3);
  });

  test.each([1, 3, 8])("acts after a history of %i steps", async (length) => {
    const from = Math.max(0, length - steps);
    const present = (name: string, size: number) => {
      const numbers = stored(name).slice(from * size, length * size);
      const padded = new Float32Array(steps * size);
      padded.set(numbers, padded.length - numbers.length);
      return padded;
    };
    const known = length - from;
    const action = present("inputs/act_actions", actionSize).fill(0, (steps - 1) * actionSize);
    const { actions } = await backends["on the processor, in float32"].run(
      { theta: float32(layout.size), ...specsOf(1), ids: int32(1) },
      ({ theta: vector, ids, ...history }) => ({
        actions: presentActions(config, unpack(layout, vector) as never, history as never, ids),
      }),
      {
        theta,
        observation: withoutTask(present("inputs/act_states", observationSize + tasks.length)),
        action,
        returnToGo: present("inputs/act_returns_to_go", 1),
        step: Array.from({ length: steps }, (_, i) => Math.max(0, from + i - (steps - known))),
        mask: Array.from({ length: steps }, (_, i) => Number(i >= steps - known)),
        task: [3],
        ids: [3],
      },
    );
    expect(relativeError(actions, stored(`outputs/act_history_${length}`))).toBeLessThan(1e-5);
  });
});

/** Samplers that always give the recorded rows, of data whose mean is 0 and deviation 1. */
function recorded() {
  const episode = { index: 0, number: 0, task: "a", steps: 2, terminated: false, return: 0, solved: false };
  const train = {
    spaces,
    tasks,
    spec: { step: [0, 1, 2, 3, 4] },
    emptyBatch: (count: number) =>
      Object.fromEntries(
        Object.entries(batch).map(([name, data]) => [name, data.slice(0, (count * data.length) / rows)]),
      ),
    sample(_: Random, out: Record<string, Float32Array>) {
      for (const [name, data] of Object.entries(batch)) out[name].set(data);
    },
    byTask: {
      episodes: (task: number) => (task === 0 ? [episode] : []),
      fill: ({ observation }: { observation: Float32Array }) =>
        observation.fill(-1, 0, observationSize).fill(1, observationSize, 2 * observationSize),
    },
  };
  return { histories: { train } } as never;
}
