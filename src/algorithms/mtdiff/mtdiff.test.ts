/** @file MTDiff against recorded numbers of its own code. */
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { backends, relativeError } from "../../../test/both-backends.ts";
import { disagreements, RecordedWeights, torchLinear } from "../../../test/recorded-weights.ts";
import { Random, vectorSpaces } from "../../base/index.ts";
import { EpisodeList, samplerOf } from "../../data/index.ts";
import { addNoise, sampleFromNoise, stepMean } from "../../diffusion/index.ts";
import { readTensors } from "../../platform/index.ts";
import { normalize } from "../../policies/index.ts";
import {
  constant,
  float32,
  grad,
  huber,
  int32,
  layoutOf,
  slice,
  unpack,
  type Value,
} from "../../tensor/index.ts";
import { guidedDenoise, mtdiffDiffusion, mtdiffLoss, mtdiffSteps } from "./losses.ts";
import { seenOf } from "./model.ts";
import { initMtdiff, type MtdiffNetwork, mtdiffNoise } from "./network.ts";
import { drawPrompts, mtdiffReadings, valuesOf } from "./windows.ts";

const recordingOf = async (name: string) =>
  (await readTensors(join(import.meta.dirname, `fixtures/${name}.safetensors`))).tensors;
const recorded = { prompts: await recordingOf("mtdiff-p"), oneHot: await recordingOf("mtdiff-onehot") };

const [rows, horizon, tasks, promptSteps] = [6, 6, 3, 20];
const shape = { heads: 2, width: 16, numTrainTimesteps: 200 };
const sizes = { ...shape, observationSize: 39, actionSize: 4, horizon, tasks, layers: 4, innerSize: 1024 };

/** The recorded tensor of a parameter of ours. */
function nameOf(path: string, isOneHot: boolean) {
  const [part, ...rest] = path.split(".");
  const affine = (name: string) => ({ name: `${name}.${path.endsWith("scale") ? "weight" : "bias"}` });
  const layer = Number(rest.at(-2));
  switch (part) {
    case "time":
      return torchLinear(`time_mlp.${2 * layer + 1}`, path);
    case "return":
      return torchLinear(`return_mlp.${2 * layer}`, path);
    case "prompt":
      return rest[0] === "norm"
        ? affine("prompt_embed.0")
        : torchLinear(`prompt_embed.${2 * layer + (isOneHot ? 0 : 1)}`, path);
    case "observation":
      return rest[0] === "norm" ? affine("embed_obs.0") : torchLinear(`embed_obs.${2 * layer + 1}`, path);
    case "action":
      return torchLinear("embed_act", path);
    case "position":
      return { name: "position_emb" };
    case "norm":
      return affine("embed_ln");
    case "out":
      return torchLinear("predict_act", path);
  }
  if (rest[0] === "norm") return affine("transformer.ln_f");
  const [, block, half, own, kind] = rest;
  const places: Readonly<Record<string, string>> = {
    "attention.norm": "ln_1",
    "attention.input": "attn.c_attn",
    "attention.out": "attn.c_proj",
    "feedForward.norm": "ln_2",
    "feedForward.first": "mlp.c_fc",
    "feedForward.second": "mlp.c_proj",
  };
  const name = `transformer.h.${block}.${places[`${half}.${own}`]}`;
  return own === "norm" ? affine(name) : { name: `${name}.${kind}` };
}

const inputs = {
  observation: float32(rows, 2, 39),
  action: float32(rows, horizon, 4),
  value: float32(rows, 1),
  valueMask: float32(rows, 1),
  noise: float32(rows, horizon, 4),
  timestep: int32(rows),
};
const numbersOf = (tensors: typeof recorded.prompts, name: string) => tensors[name].data as Float32Array;
const common = (name: string) => numbersOf(recorded.prompts, `inputs/${name}`);
const ids = recorded.prompts["inputs/task"].data as Int32Array;

const { run } = backends["on the processor, in float32"];

describe.each(["prompts", "oneHot"] as const)("as MTDiff, told the task by %s", (kind) => {
  const tensors = recorded[kind];
  const first = initMtdiff({ ...sizes, promptSteps: kind === "prompts" ? promptSteps : null }, new Random(0));
  const layout = layoutOf(first);
  const weights = new RecordedWeights(layout, tensors, (path) => nameOf(path, kind === "oneHot"));
  const theta = weights.vector("weights");
  const networkOf = (vector: Value) => unpack(layout, vector) as unknown as MtdiffNetwork<Value>;
  const promptSpec = kind === "prompts" ? float32(rows, promptSteps, 43) : float32(rows, 1, tasks);
  const prompt =
    kind === "prompts"
      ? common("prompt")
      : Float32Array.from({ length: rows * tasks }, (_, i) =>
          Number(ids[Math.floor(i / tasks)] === i % tasks),
        );
  const own = (name: string) => numbersOf(tensors, name);
  const numbers = {
    theta,
    prompt,
    observation: common("observations"),
    action: common("actions"),
    value: common("value"),
    valueMask: own("inputs/return_mask"),
    noise: own("inputs/noise"),
    timestep: tensors["inputs/timestep"].data as Int32Array,
  };
  const specs = { ...inputs, theta: float32(layout.size), prompt: promptSpec };

  test("loss and every gradient", async () => {
    const results = await run(
      specs,
      ({ theta, action, noise, timestep, ...condition }) => {
        const example = { clean: action, noise, timestep };
        const loss = mtdiffLoss(networkOf(theta), shape, condition, example, 10);
        return { loss, gradient: grad(loss, [theta])[0] };
      },
      numbers,
    );
    expect(relativeError(results.loss, own("outputs/loss"))).toBeLessThan(1e-5);
    expect(relativeError(results.gradient, weights.vector("grads"))).toBeLessThan(1e-5);
    // The keys' biases have no gradient but rounding: each shifts all scores of a query alike.
    const wrong = disagreements(results.gradient, weights.vector("grads"), layout, 2e-5);
    expect(wrong).toEqual([]);
  });

  test("the noise with and without a return, of all actions and of the first alone", async () => {
    const results = await run(
      specs,
      ({ theta, timestep, action, noise: drawn, prompt, observation, value }) => {
        const sample = addNoise(mtdiffDiffusion(200).schedule, action, drawn, timestep);
        const noise = (valueMask: number, of: Value) => {
          const mask = constant(new Float32Array(rows).fill(valueMask), [rows, 1]);
          const condition = { prompt, observation, value, valueMask: mask };
          return mtdiffNoise(networkOf(theta), shape, condition, of, timestep);
        };
        return { asked: noise(1, sample), free: noise(0, sample), alone: noise(1, slice(sample, 1, 0, 1)) };
      },
      numbers,
    );
    expect(relativeError(results.asked, own("outputs/eps_with_return"))).toBeLessThan(1e-5);
    expect(relativeError(results.free, own("outputs/eps_without_return"))).toBeLessThan(1e-5);
    // Attention is causal: later actions do not change the first.
    expect(
      relativeError(
        results.alone,
        results.asked.filter((_, i) => i % 24 < 4),
      ),
    ).toBeLessThan(1e-5);
  });

  if (kind === "prompts") {
    const condition = { prompt: promptSpec, observation: inputs.observation, value: inputs.value };
    const { observation, value } = numbers;

    test.each([199, 100, 1, 0])("the denoising step from timestep %i", async (timestep) => {
      const steps = mtdiffSteps(200, 0.5);
      const results = await run(
        { ...condition, theta: float32(layout.size), sample: float32(rows, horizon, 4) },
        ({ theta, sample, ...given }) => {
          const denoise = guidedDenoise(networkOf(theta), shape, given, 1.2);
          const step = constant(Int32Array.of(199 - timestep), []);
          return { mean: stepMean(steps, denoise, sample, step, { vector: given.value }) };
        },
        { theta, prompt, observation, value, sample: common("sample_x") },
      );
      const at = (name: string) => own(`outputs/sample/${timestep}/${name}`);
      // Their schedule is computed in float32, in which 1 / abar - 1 loses digits where abar is nearly 1.
      const tolerance = timestep < 2 ? 1e-4 : 1e-5;
      expect(relativeError(results.mean, at("mean"))).toBeLessThan(tolerance);
      const z = common(`sample/${timestep}/z`);
      const next = results.mean.map((each, i) => each + steps.std[199 - timestep] * z[i]);
      expect(relativeError(next, at("next"))).toBeLessThan(tolerance);
    });

    test.each([
      ["of all actions", 6, "chain"],
      ["of four actions", 4, "short_chain"],
      ["of the first alone", 1, "chain"],
    ] as const)("twenty denoising steps, %s", async (_, count, name) => {
      const steps = mtdiffSteps(20, 0.5);
      const whole = name === "chain" ? horizon : 4;
      const cut = (draws: Float32Array) => draws.filter((_, i) => Math.floor(i / 4) % whole < count);
      const results = await run(
        {
          ...condition,
          theta: float32(layout.size),
          start: float32(rows, count, 4),
          noise: float32(20, rows, count, 4),
        },
        ({ theta, start, noise, ...given }) => {
          const denoise = guidedDenoise(networkOf(theta), { ...shape, numTrainTimesteps: 20 }, given, 1.2);
          return {
            actions: sampleFromNoise(steps, denoise, { condition: { vector: given.value }, start, noise }),
          };
        },
        {
          theta,
          prompt,
          observation,
          value: new Float32Array(rows).fill(9),
          start: cut(common(`${name}_start`)),
          noise: cut(common(`${name}_noise`)),
        },
      );
      expect(relativeError(results.actions, cut(own(`outputs/${name}_actions`)))).toBeLessThan(1e-4);
    });
  }
});

test("the schedule and the loss of MTDiff", async () => {
  const { schedule } = mtdiffDiffusion(200);
  const own = (name: string) => numbersOf(recorded.prompts, name);
  expect(relativeError(schedule.beta, own("outputs/schedule/betas"))).toBeLessThan(1e-6);
  expect(relativeError(schedule.alphaBar, own("outputs/schedule/alphas_cumprod"))).toBeLessThan(1e-6);
  const { losses } = await run({ error: float32(25) }, ({ error }) => ({ losses: huber(error) }), {
    error: common("huber_error"),
  });
  expect(relativeError(losses, own("outputs/huber"))).toBeLessThan(1e-6);
});

test("windows and values are those of MTDiff's data set", async () => {
  const data = await recordingOf("mtdiff-data");
  const of = (name: string) => numbersOf(data, name);
  const episodes = [0, 1, 2, 3, 4, 5].map((i) => ({
    task: `task ${Math.floor(i / 2)}`,
    seed: i,
    observations: of(`inputs/episode${i}/observations`),
    finalObservation: new Float32Array(5),
    actions: of(`inputs/episode${i}/actions`),
    rewards: of(`inputs/episode${i}/rewards`),
    successes: new Uint8Array(10),
    terminated: false,
  }));
  const list = new EpisodeList(vectorSpaces(5, 2), { episodes });
  const { windows } = mtdiffReadings({ horizon: 4, discount: 0.99, promptSteps: 1 });
  const sampler = samplerOf(list, windows.columns, windows);
  const range = (column: string, reading = "") => ({
    low: [...of(`outputs/${reading}${column}_low`)],
    high: [...of(`outputs/${reading}${column}_high`)],
  });
  const starts = sampler.count / episodes.length;
  for (const item of [0, 1, 5, 35]) {
    const [episode, start] = Array.from(
      { length: 2 },
      (_, i) => (data["outputs/indices"].data as Int32Array)[3 * item + i],
    );
    const batch = sampler.emptyBatch(3);
    // Theirs: of every task the episode of the same rank, from the same step.
    const presents = [0, 1, 2].map((task) => ((episode + 2 * task) % 6) * starts + start);
    await sampler.sample({ integer: () => presents.shift() } as never, batch);
    expect([...batch.task]).toEqual([...(data[`outputs/item${item}/task`].data as Int32Array)]);
    expect(relativeError(valuesOf(batch, 10), of(`outputs/item${item}/value`))).toBeLessThan(1e-6);
    const config = { observationNormalizer: range("observation", "code/") } as never;
    const { seen, actions } = await run(
      { observation: float32(3, 2, 5), mask: float32(3, 1), action: float32(3, 4, 2) },
      ({ observation, mask, action }) => ({
        seen: seenOf(config, observation, mask),
        actions: normalize(range("action"), action),
      }),
      { observation: batch.observation, mask: batch.mask, action: batch.action },
    );
    expect(relativeError(seen, of(`outputs/item${item}/observations`))).toBeLessThan(1e-5);
    expect(relativeError(actions, of(`outputs/item${item}/actions`))).toBeLessThan(1e-5);
  }
  // Ours is their reading without what a constant dimension does to all others.
  expect(list.range("observation")).toEqual(range("observation", "true/"));
});

test("prompts are steps in a row of a task's ten best episodes", () => {
  const episodes = Array.from({ length: 24 }, (_, i) => ({
    task: i < 12 ? "a" : "b",
    seed: i,
    observations: Float32Array.from({ length: 6 }, (_, step) => 100 * i + step),
    finalObservation: new Float32Array(1),
    actions: Float32Array.from({ length: 6 }, (_, step) => step / 10),
    rewards: new Float32Array(6).fill(i % 12),
    successes: new Uint8Array(6),
    terminated: false,
  }));
  const list = new EpisodeList(vectorSpaces(1, 1), { episodes });
  const { prompts } = mtdiffReadings({ horizon: 1, discount: 1, promptSteps: 3 });
  const { shape, data } = drawPrompts(samplerOf(list, prompts.columns, prompts), 200, new Random(1));
  expect(shape).toEqual([2, 200, 3, 2]);
  const first = Array.from({ length: 400 }, (_, i) => data[6 * i]);
  expect(new Set(first.slice(0, 200).map((x) => Math.floor(x / 100)))).toEqual(
    new Set([2, 3, 4, 5, 6, 7, 8, 9, 10, 11]),
  );
  expect(new Set(first.slice(200).map((x) => Math.floor(x / 100) - 12))).toEqual(
    new Set([2, 3, 4, 5, 6, 7, 8, 9, 10, 11]),
  );
  expect(new Set(first.map((x) => x % 100))).toEqual(new Set([0, 1, 2, 3]));
  const [observed, acted, next] = data;
  expect(next).toBe(observed + 1);
  expect(acted).toBeCloseTo((observed % 100) / 10);
});
