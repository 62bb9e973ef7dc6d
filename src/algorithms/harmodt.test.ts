/** @file HarmoDT against recordings: statistics, windows and prompts of three tasks, three masked steps of AdamW, inference. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { backends, relativeError } from "../../test/both-backends.ts";
import { torchParameters, withoutKeyBiases } from "../../test/torch-decision-transformer.ts";
import { Random, vectorSpaces } from "../base/index.ts";
import { EpisodeList, samplerOf } from "../data/index.ts";
import { cpu } from "../devices/index.ts";
import { readTensors } from "../platform/index.ts";
import { float32, grad, int32, layoutOf, type Spec, unflatten, unpack } from "../tensor/index.ts";
import type { Data } from "./algorithm.ts";
import { lossInputs, promptedBatches, promptedModel, sequenceLoss } from "./decision-transformer/batch.ts";
import { maskedTheta, trainingMask } from "./decision-transformer/masks.ts";
import { initSequenceModel, sequenceActions } from "./decision-transformer/model.ts";
import { masksTensor, presentActions } from "./decision-transformer/policy.ts";
import {
  fillPrompt,
  type PromptReadings,
  rankedEpisodes,
  type WindowBatch,
} from "./decision-transformer/windows.ts";
import { HarmodtConfig, harmodt } from "./harmodt.ts";

const fixture = (name: string) => join(import.meta.dirname, "fixtures", name);
const { tensors: data } = await readTensors(fixture("harmodt-batch.safetensors"));
const { tensors: training } = await readTensors(fixture("harmodt-train.safetensors"));
const { tensors: acting } = await readTensors(
  join(import.meta.dirname, "../nn/fixtures/prompt-dt-network.safetensors"),
);
const { draws } = JSON.parse(readFileSync(fixture("harmodt-batch.json"), "utf8")) as {
  readonly draws: Readonly<Record<string, { readonly start: number[]; readonly trajectory: number[] }>>;
};
const numbers = (name: string) => data[name].data as Float32Array;
const tasks = ["task-a", "task-b", "task-c"];
const [K, S, O, A, rows] = [5, 3, 39, 4, 4];
const device = cpu({ threads: 1 });

const episodes = tasks.flatMap((task) =>
  [0, 1, 2, 3].map((i) => {
    const of = (column: string) => numbers(`inputs/${task}/${i}/${column}`);
    return {
      task,
      seed: i,
      observations: of("observations"),
      finalObservation: new Float32Array(O),
      actions: of("actions"),
      rewards: of("rewards"),
      successes: new Uint8Array(of("rewards").length),
      terminated: false,
    };
  }),
);
const settings = HarmodtConfig.parse({
  ...{ contextSteps: K, promptSteps: S, width: 32, layers: 2, heads: 2, maxSteps: 64 },
  ...{ returnScale: 10, dropout: 0, batchSize: rows, learningRate: 0.01, warmupSteps: 4 },
});

/**
 * The source's batch row 0 has the prompt of the worst episode, ours of the best: with its rows in this order each has the
 * prompt that it has there.
 */
const order = [1, 2, 3, 0];
const list = new EpisodeList(vectorSpaces(O, A), { episodes });
/** Samplers of the recorded episodes, whose batches of a task are the recorded ones. */
const recorded = (() => {
  const readings = harmodt.reads(settings);
  const [histories, prompts] = ["histories", "prompts"].map((name) => {
    const { columns, ...options } = readings[name];
    return samplerOf(list, columns, options);
  });
  const sample = (_: Random, batch: never, task: number) => {
    const { start, trajectory } = draws[tasks[task]];
    for (const [at, row] of order.entries())
      histories.byTask.fill(batch, at, histories.byTask.episodes(task)[trajectory[row]], start[row]);
  };
  const byTask = { ...histories.byTask, sample };
  return {
    histories: { train: { ...histories, tasks: histories.tasks, byTask } },
    prompts: { train: prompts },
  };
})() as never as Data<PromptReadings>;

const model = initSequenceModel(promptedModel(settings, recorded), new Random(0));
const { config } = model;
const layout = layoutOf(model.network);
const batches = promptedBatches(recorded, config);
const drawn = async (task: number) => {
  const batch = batches.empty(rows);
  await batches.drawTask(new Random(0), batch, task);
  return batch as Readonly<Record<string, Float32Array>>;
};

/** Rows of a recorded batch in our order, padding at their ends. */
function ofRecord(task: string, kind: string, column: string, steps: number, size: number): number[] {
  const mask = numbers(`outputs/${task}/${kind}/mask`);
  const whole = data[`outputs/${task}/${kind}/${column}`];
  const stride = whole.data.length / rows;
  return order.flatMap((row) => {
    const real = Array.from({ length: steps }, (_, step) => step).filter(
      (step) => mask[row * steps + step] === 1,
    );
    return real.flatMap((step) =>
      Array.from({ length: size }, (_, i) => Number(whole.data[row * stride + step * size + i])),
    );
  });
}
const real = (values: ArrayLike<number>, mask: ArrayLike<number>, size: number) =>
  Array.from(values).filter((_, i) => mask[Math.floor(i / size)] === 1);

describe.each([...tasks.entries()])("data of task %i, %s", (id, task) => {
  const { mean, std } = config.standardization[id];
  const standard = (x: number, i: number) => (x - mean[i % O]) / std[i % O];

  test("statistics", () => {
    expect(relativeError(mean, numbers(`outputs/${task}/state_mean`))).toBeLessThan(1e-6);
    expect(relativeError(std, numbers(`outputs/${task}/state_std`))).toBeLessThan(1e-6);
  });

  test.each([
    ["batch", "", K],
    ["prompt", "prompt.", S],
  ] as const)("%s", async (kind, prefix, steps) => {
    const batch = await drawn(id);
    const mask = batch[`${prefix}mask`];
    const own = (column: string, size: number) => real(batch[`${prefix}${column}`], mask, size);
    const names = {
      observation: "states",
      action: "actions",
      returnToGo: "returns_to_go",
      step: "timesteps",
    };
    const theirs = (column: keyof typeof names, size: number) =>
      ofRecord(task, kind, names[column], steps, size);
    const seen = own("observation", O).map(standard);
    expect(relativeError(seen, theirs("observation", O))).toBeLessThan(1e-5);
    expect(own("action", A)).toEqual(theirs("action", A));
    const scaled = own("returnToGo", 1).map((x) => x / 10);
    expect(relativeError(scaled, theirs("returnToGo", 1))).toBeLessThan(1e-6);
    expect(own("step", 1)).toEqual(theirs("step", 1));
  });

  test("the prompt that it acts with", () => {
    const { train } = recorded.prompts;
    const batch = train.emptyBatch(1) as WindowBatch;
    fillPrompt(train, batch, 0, rankedEpisodes(train, id)[0]);
    const of = (column: string) => numbers(`outputs/${task}/eval_prompt/${column}`);
    expect(relativeError([...batch.observation].map(standard), of("states"))).toBeLessThan(1e-5);
    expect(batch.action).toEqual(of("actions"));
    expect(config.prompts[id].action).toEqual([...of("actions")]);
  });
});

/** Recorded masks, a bit for each of our parameters. */
const masks = tasks.map((task) => {
  const flags = torchParameters(layout, training, `masks/${task}`);
  const bytes = new Uint8Array(Math.ceil(layout.size / 8));
  for (const [i, flag] of flags.entries()) bytes[i >> 3] |= flag << (i & 7);
  return bytes;
});
const weights = (step: number) => torchParameters(layout, training, `weights${step}`);
const vector = (values: Float32Array) => ({ dtype: "F32", shape: [values.length], data: values }) as const;

test("three masked steps of AdamW, a task each", async () => {
  await using learner = await harmodt.start(settings, recorded, {
    random: new Random(0),
    device,
    folder: "",
  });
  const zeros = vector(new Float32Array(layout.size));
  await learner.restore({
    tensors: {
      ...{ "harmodt.theta": vector(weights(0)), "harmodt.firstMoment": zeros, "harmodt.secondMoment": zeros },
      "harmodt.masks": masksTensor(masks),
    },
    json: { steps: 0, swaps: 0 },
  });
  const losses = [0.6148598194122314, 0.5371479988098145, 0.6465119123458862];
  const norms = [1.4763740301132202, 2.574842929840088, 2.103630542755127];
  for (const [step, loss] of losses.entries()) {
    const metrics = await learner.step(new Random(step));
    expect(relativeError([metrics["train/loss"]], [loss])).toBeLessThan(1e-5);
    expect(relativeError([metrics["train/gradient_norm"]], [norms[step]])).toBeLessThan(1e-5);
    const found = (await learner.state()).tensors["harmodt.theta"].data as Float32Array;
    const compared = (values: ArrayLike<number>) => withoutKeyBiases(layout, values);
    const expected = compared(weights(step + 1));
    expect(relativeError(compared(found), expected)).toBeLessThan(1e-5);
    expect(relativeError(compared(weights(step)), expected)).toBeGreaterThan(1e-3);
  }
});

const after = unflatten(layout, weights(3)) as typeof model.network;
const backend = Object.values(backends)[0];
const specs = lossInputs(config, rows) as Readonly<Record<string, Spec>>;

test.each([...tasks.entries()])("inference and the masks' gradient in task %i, %s", async (id, task) => {
  const theta = maskedTheta({ config, network: after, masks }, id);
  const batch = await drawn(id);
  const found = await backend.run(
    { ...specs, theta: float32(layout.size) } as Readonly<Record<string, Spec>>,
    ({ theta: values, ...inputs }) => {
      const layers = unpack(layout, values) as never;
      const of = (name: string) => inputs[`prompt.${name}`];
      const names = ["observation", "action", "returnToGo", "step", "mask"];
      const prompt = Object.fromEntries(names.map((name) => [name, of(name)])) as never;
      const gradient = grad(sequenceLoss(config, layers, inputs), [values])[0];
      return {
        actions: sequenceActions(config, layers, { history: inputs as never, prompt, ids: inputs.task }),
        gradient,
      };
    },
    { ...batch, theta } as never,
  );
  const recordedMask = numbers(`outputs/${task}/batch/mask`);
  const theirs = training[`outputs/masked_action_preds/${task}`].data as Float32Array;
  const inOrder = order.flatMap((row) =>
    Array.from({ length: K }, (_, step) => step)
      .filter((step) => recordedMask[row * K + step] === 1)
      .flatMap((step) => [...theirs.subarray((row * K + step) * A, (row * K + step + 1) * A)]),
  );
  expect(relativeError(real(found.actions, batch.mask, A), inOrder)).toBeLessThan(1e-5);

  const length = Math.hypot(...found.gradient);
  const used = trainingMask(layout, masks[id]);
  const clipped = Array.from(found.gradient, (x, i) =>
    (used[i >> 2] >> (i & 3)) & 1 ? (x * 0.25) / length : 0,
  );
  const flat = training[`outputs/mask_gradient/${task}`].data as Float32Array;
  const sorted = (values: ArrayLike<number>) =>
    Float64Array.from(values)
      .filter((x) => Math.abs(x) > 1e-9)
      .sort();
  // Sorted: their parameters are in another order, and some of them, whose gradient is 0, we do not have.
  const [a, b] = [sorted(clipped), sorted(flat)];
  expect(relativeError(a, b)).toBeLessThan(1e-4);
});

test.each([1, 3, 8])("Prompt-DT acts after a history of %i steps", async (length) => {
  const stored = (name: string) => acting[name].data as Float32Array;
  const { mean, std } = config.standardization[0];
  const from = Math.max(0, length - K);
  const known = length - from;
  const present = (name: string, size: number) => {
    const values = stored(name).slice(from * size, length * size);
    const padded = new Float32Array(K * size);
    padded.set(values, padded.length - values.length);
    return padded;
  };
  const { actions } = await backend.run(
    { ...specsOfOne, theta: float32(layout.size) },
    ({ theta: values, task, ...history }) => ({
      actions: presentActions(config, unpack(layout, values) as never, history as never, task),
    }),
    {
      theta: torchParameters(layout, acting, "weights"),
      // Recorded standardized.
      observation: present("inputs/act_states", O).map((x, i) => x * std[i % O] + mean[i % O]),
      action: present("inputs/act_actions", A).fill(0, (K - 1) * A),
      returnToGo: present("inputs/act_returns_to_go", 1).map((x) => x * 10),
      step: Array.from({ length: K }, (_, i) => Math.max(0, from + i - (K - known))),
      mask: Array.from({ length: K }, (_, i) => Number(i >= K - known)),
      task: [0],
    },
  );
  expect(relativeError(actions, stored(`outputs/act_history_${length}`))).toBeLessThan(1e-5);
});
const specsOfOne = {
  observation: float32(1, K, O),
  action: float32(1, K, A),
  returnToGo: float32(1, K),
  step: int32(1, K),
  mask: float32(1, K),
  task: int32(1),
};
