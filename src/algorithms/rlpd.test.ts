/** @file RLPD against the authors' JAX code, and against DPPO's version of it; what its updates promise. */
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { backends, relativeError } from "../../test/both-backends.ts";
import {
  adamStep,
  disagreements,
  firstState,
  type Recorded,
  RecordedWeights,
  torchLinear,
} from "../../test/recorded-weights.ts";
import { Random, type StoredTensors } from "../base/index.ts";
import { cpu } from "../devices/index.ts";
import { readTensors } from "../platform/index.ts";
import { add, float32, grad, layoutOf, type Spec, unpack } from "../tensor/index.ts";
import { squeezedGaussian } from "./online/tanh-gaussian.ts";
import {
  compileRlpd,
  initRlpd,
  RlpdConfig,
  type RlpdLossOptions,
  rlpdActorLosses,
  rlpdCriticLoss,
  updateRlpd,
} from "./rlpd.ts";

const [rows, observationSize, actionSize, width] = [6, 11, 4, 32];
const config = RlpdConfig.parse({
  batchSize: rows,
  hiddenSizes: [width, width],
  critics: 4,
  learningRate: 3e-4,
});
const first = initRlpd(config, observationSize, actionSize, 1, new Random(0));
const layouts = {
  actor: layoutOf(first.actor),
  critics: layoutOf(first.critics),
  targets: layoutOf(first.critics.slice(0, 2)),
};

/** Names of what was recorded for our parameters, of the actor and of one critic. */
interface Names {
  actor(path: string): Recorded | undefined;
  critic(index: number, path: string): Recorded;
}
const jax: Names = {
  actor(path) {
    if (path === "logTemperature") return { name: "temperature/log_temp" };
    const [, layer, kind] = path.split(".");
    const part = kind === "bias" ? "bias" : "kernel";
    if (layer !== "2") return { name: `actor/MLP_0/Dense_${layer}/${part}` };
    const output = (name: string) => `actor/OutputDense${name}/${part}`;
    return { name: output("Mean"), beside: { name: output("LogStd") } };
  },
  critic(index, path) {
    const [part, layer, kind] = path.split(".");
    const name = (rest: string) => ({ name: `VmapStateActionValue_0/${rest}`, index });
    if (part === "norms") return name(`MLP_0/LayerNorm_${layer}/${kind === "shift" ? "bias" : "scale"}`);
    const where = layer === "2" ? "Dense_0" : `MLP_0/Dense_${layer}`;
    return name(`${where}/${kind === "bias" ? "bias" : "kernel"}`);
  },
};
const dppo: Names = {
  actor(path) {
    if (path === "logTemperature") return undefined;
    const [, layer, kind] = path.split(".");
    const named = (name: string) => torchLinear(`actor/mlp_${name}.linear_1`, kind);
    if (layer !== "2") return named(`base.moduleList.${layer}`);
    return { ...named("mean.moduleList.0"), beside: named("logvar.moduleList.0") };
  },
  critic(index, path) {
    const [part, layer, kind] = path.split(".");
    const name = `Q1.moduleList.${layer}`;
    if (part === "norms") return { name: `${name}.norm_1.${kind === "shift" ? "bias" : "weight"}`, index };
    return { ...torchLinear(`${name}.linear_1`, kind), index };
  },
};

const read = async (name: string) =>
  (await readTensors(join(import.meta.dirname, `fixtures/${name}.safetensors`))).tensors;
const files = { jax: await read("rlpd-jax"), dppo: await read("rlpd") };
type Recording = Pick<(typeof recordings)[keyof typeof recordings], "names" | "tensors" | "continues">;
const floatsOf = (tensors: StoredTensors, name: string) =>
  Float32Array.from(tensors[name].data as Float32Array);
const actorVector = ({ names, tensors }: Recording, group: string) =>
  new RecordedWeights(layouts.actor, tensors, names.actor).vector(group);
const criticVector = (
  { names, tensors }: Recording,
  group: string,
  chosen: ArrayLike<number> = [0, 1, 2, 3],
) =>
  new RecordedWeights(chosen.length === 2 ? layouts.targets : layouts.critics, tensors, (path) => {
    const [index, ...rest] = path.split(".");
    return names.critic(chosen[Number(index)], rest.join("."));
  }).vector(group);

/** The recordings: what the actor's loss was computed with, and in what the codes differ. */
const recordings = {
  "the authors": {
    names: jax,
    tensors: files.jax,
    continues: floatsOf(files.jax, "inputs/masks"),
    actorCritics: "weights1/critics",
    options: {},
    temperatureNoise: "inputs/eps_actor",
  },
  DPPO: {
    names: dppo,
    tensors: files.dppo,
    continues: floatsOf(files.dppo, "inputs/terminals").map((ends) => 1 - ends),
    actorCritics: "weights/critics",
    options: {
      epsilon: 1e-5,
      targetEntropy: -actionSize,
      gaussian: squeezedGaussian([Math.log(0.0067), Math.log(7.3891)]),
    },
    temperatureNoise: "inputs/eps_temperature",
  },
} as const;

const inputsOf = ({ tensors, continues }: Recording) => ({
  observations: floatsOf(tensors, "inputs/observations"),
  actions: floatsOf(tensors, "inputs/actions"),
  rewards: floatsOf(tensors, "inputs/rewards"),
  nextObservations: floatsOf(tensors, "inputs/next_observations"),
  continues,
});

describe.each(Object.entries(recordings))("as %s", (who, recording) => {
  const { actorCritics, temperatureNoise } = recording;
  const floats = (name: string) => floatsOf(recording.tensors, name);
  const options: RlpdLossOptions = { ...config, observationSize, actionSize, ...recording.options };
  const chosen = floats("inputs/target_indices");
  const numbers = {
    ...inputsOf(recording),
    noise: floats("inputs/eps_next"),
    noiseNow: floats("inputs/eps_actor"),
    noiseTemperature: floats(temperatureNoise),
    actor: actorVector(recording, "weights").map((x, i, { length }) =>
      who === "DPPO" && i === length - 1 ? Math.log(0.2) : x,
    ),
    critics: criticVector(recording, "weights/critics"),
    learned: criticVector(recording, actorCritics),
    targets: criticVector(recording, "weights/target_critics", chosen),
  };
  const specs = Object.fromEntries(
    Object.entries(numbers).map(([name, { length }]): [string, Spec] => {
      const isVector = length === rows || length > rows * observationSize;
      return [name, isVector ? float32(length) : float32(rows, length / rows)];
    }),
  );

  test.each(Object.entries(backends))("losses and every gradient, %s", async (_, { run }) => {
    const results = await run(
      specs,
      (values) => {
        const [actor, critics, learned, targets] = [
          unpack(layouts.actor, values.actor),
          unpack(layouts.critics, values.critics),
          unpack(layouts.critics, values.learned),
          unpack(layouts.targets, values.targets),
        ] as never[];
        const critic = rlpdCriticLoss(critics, actor, targets, values as never, options);
        const losses = (noise: string) =>
          rlpdActorLosses(
            actor,
            learned,
            { observations: values.observations, noise: values[noise] },
            options,
          );
        const [now, later] = [losses("noiseNow"), losses("noiseTemperature")];
        return {
          criticLoss: critic,
          actorLoss: now.actor,
          temperatureLoss: later.temperature,
          criticGradient: grad(critic, [values.critics])[0],
          actorGradient: grad(add(now.actor, later.temperature), [values.actor])[0],
        };
      },
      numbers,
    );
    for (const loss of ["critic", "actor", "temperature"] as const)
      expect(relativeError(results[`${loss}Loss`], floats(`outputs/${loss}_loss`))).toBeLessThan(1e-5);
    const recorded = criticVector(recording, "grads/critics");
    expect(disagreements(results.criticGradient, recorded, layouts.critics)).toEqual([]);
    const actor = actorVector(recording, "grads");
    // DPPO's is that of the temperature, ours of its logarithm.
    if (who === "DPPO") actor[actor.length - 1] = 0.2 * floats("grads/alpha")[0];
    expect(disagreements(results.actorGradient, actor, layouts.actor)).toEqual([]);
  });
});

test("an update's steps of the critics, their average and the actor are the authors'", async () => {
  const recording = recordings["the authors"];
  const floats = (name: string) => floatsOf(recording.tensors, name);
  const sizes = { observationSize, actionSize, width: observationSize };
  const once = { ...config, criticSteps: 1 };
  await using networks = await compileRlpd(once, first, sizes, cpu({ threads: 1 }));
  const actor = actorVector(recording, "weights");
  const [theta, average] = ["weights/critics", "weights/target_critics"].map((group) =>
    criticVector(recording, group),
  );
  await networks.restore({ ...firstState("actor", actor), ...firstState("critics", theta, average) }, 0);
  const stream = (noise: Float32Array) => ({
    permutation: () => Int32Array.from(floats("inputs/target_indices")),
    fillNormal(out: Float32Array) {
      out.set(noise);
      return out;
    },
  });
  const random = {
    split: (name: string) => stream(floats(name === "actor" ? "inputs/eps_actor" : "inputs/eps_next")),
  };
  const update = updateRlpd(networks, once, actionSize);
  const losses = await update(async () => ({ transitions: inputsOf(recording) }) as never, random as never);
  const recorded = ["critic", "actor"].map((loss) => floats(`outputs/${loss}_loss`)[0]);
  expect(relativeError([losses["train/critic_loss"], losses["train/actor_loss"]], recorded)).toBeLessThan(
    1e-5,
  );
  const after = criticVector(recording, "weights1/critics");
  expect(disagreements(networks.critics, after, layouts.critics)).toEqual([]);
  const moved = criticVector(recording, "weights1/target_critics");
  expect(disagreements(networks.criticsAverage, moved, layouts.critics)).toEqual([]);
  // The step itself is no rounding: without it the weights are that far off.
  expect(relativeError(theta, after)).toBeGreaterThan(1e-4);
  const stepped = adamStep(actor, actorVector(recording, "grads"), config.learningRate);
  expect(disagreements(networks.theta, stepped, layouts.actor)).toEqual([]);
});

test("critics start apart: each has first weights of its own", () => {
  const [one, other] = [0, 1].map((i) => first.critics[i].layers[0].weight.data);
  expect(one).not.toEqual(other);
});
