/** @file RLPD against the authors' JAX code, and against DPPO's version of it; what its updates promise. */
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { backends, relativeError } from "../../test/both-backends.ts";
import { beside, disagreements, recordedTensors, transposed, vectorOf } from "../../test/recorded-weights.ts";
import { Random, type StoredTensors } from "../base/index.ts";
import { cpu } from "../devices/index.ts";
import { add, float32, grad, layoutOf, type Spec, unpack } from "../tensor/index.ts";
import { squeezedGaussian } from "./online/tanh-gaussian.ts";
import {
  compileRlpd,
  initRlpd,
  RlpdConfig,
  type RlpdLossOptions,
  rlpdActorLosses,
  rlpdCriticLoss,
} from "./rlpd.ts";
import { vector as tensor } from "./training-state.ts";

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

/** Numbers of a parameter of the actor and of critic `index`, by the group that they were recorded in. */
interface Names {
  actor(group: string, path: string): Float32Array;
  critic(group: string, index: number, path: string): Float32Array;
}
const actorVector = (names: Names, group: string) =>
  vectorOf(layouts.actor, (path) => names.actor(group, path));
const criticVector = (names: Names, group: string, chosen: ArrayLike<number> = [0, 1, 2, 3]) =>
  vectorOf(chosen.length === 2 ? layouts.targets : layouts.critics, (path) => {
    const [index, ...rest] = path.split(".");
    return names.critic(group, chosen[Number(index)], rest.join("."));
  });

const authors = await recordedTensors(join(import.meta.dirname, "fixtures/rlpd-jax.safetensors"));
const jax: Names = {
  actor(group, path) {
    if (path === "logTemperature") return authors.floats(`${group}/temperature/log_temp`);
    const [, layer, kind] = path.split(".");
    const name = kind === "bias" ? "bias" : "kernel";
    if (layer !== "2") return authors.floats(`${group}/actor/MLP_0/Dense_${layer}/${name}`);
    const [mean, deviation] = ["Mean", "LogStd"].map((each) =>
      authors.floats(`${group}/actor/OutputDense${each}/${name}`),
    );
    return beside(mean, deviation, kind === "bias" ? 1 : width);
  },
  critic(group, index, path) {
    const [part, layer, kind] = path.split(".");
    const top = `${group}/VmapStateActionValue_0`;
    if (part === "norms")
      return authors.one(`${top}/MLP_0/LayerNorm_${layer}/${kind === "shift" ? "bias" : "scale"}`, index);
    const where = layer === "2" ? "Dense_0" : `MLP_0/Dense_${layer}`;
    return authors.one(`${top}/${where}/${kind === "bias" ? "bias" : "kernel"}`, index);
  },
};
const torch = await recordedTensors(join(import.meta.dirname, "fixtures/rlpd.safetensors"));
const dppo: Names = {
  actor(group, path) {
    if (path === "logTemperature") return new Float32Array(1).fill(Math.log(0.2));
    const [, layer, kind] = path.split(".");
    const numbers = (name: string, outputs: number) => {
      const found = torch.floats(`${group}/actor/${name}.linear_1.${kind}`);
      return kind === "bias" ? found : transposed(found, outputs);
    };
    if (layer !== "2") return numbers(`mlp_base.moduleList.${layer}`, width);
    const [mean, deviation] = ["mean", "logvar"].map((each) =>
      numbers(`mlp_${each}.moduleList.0`, actionSize),
    );
    return beside(mean, deviation, kind === "bias" ? 1 : width);
  },
  critic(group, index, path) {
    const [part, layer, kind] = path.split(".");
    const name = `${group}/Q1.moduleList.${layer}`;
    if (part === "norms") return torch.one(`${name}.norm_1.${kind === "shift" ? "bias" : "weight"}`, index);
    const found = torch.one(`${name}.linear_1.${kind}`, index);
    return kind === "bias" ? found : transposed(found, layer === "2" ? 1 : width);
  },
};

/** The recordings: what the actor's loss was computed with, and in what the codes differ. */
const recordings = {
  "the authors": {
    names: jax,
    file: authors,
    continues: authors.floats("inputs/masks"),
    actorCritics: "weights1/critics",
    options: {},
    temperatureNoise: "inputs/eps_actor",
  },
  DPPO: {
    names: dppo,
    file: torch,
    continues: torch.floats("inputs/terminals").map((ends) => 1 - ends),
    actorCritics: "weights/critics",
    options: {
      epsilon: 1e-5,
      targetEntropy: -actionSize,
      gaussian: squeezedGaussian([Math.log(0.0067), Math.log(7.3891)]),
    },
    temperatureNoise: "inputs/eps_temperature",
  },
} as const;

const inputsOf = ({
  file,
  continues,
}: Pick<(typeof recordings)[keyof typeof recordings], "file" | "continues">) => ({
  observations: file.floats("inputs/observations"),
  actions: file.floats("inputs/actions"),
  rewards: file.floats("inputs/rewards"),
  nextObservations: file.floats("inputs/next_observations"),
  continues,
});

describe.each(Object.entries(recordings))("as %s", (who, recording) => {
  const { names, file, actorCritics, temperatureNoise } = recording;
  const options: RlpdLossOptions = { ...config, observationSize, actionSize, ...recording.options };
  const chosen = file.floats("inputs/target_indices");
  const numbers = {
    ...inputsOf(recording),
    noise: file.floats("inputs/eps_next"),
    noiseNow: file.floats("inputs/eps_actor"),
    noiseTemperature: file.floats(temperatureNoise),
    actor: actorVector(names, "weights"),
    critics: criticVector(names, "weights/critics"),
    learned: criticVector(names, actorCritics),
    targets: criticVector(names, "weights/target_critics", chosen),
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
      expect(relativeError(results[`${loss}Loss`], file.floats(`outputs/${loss}_loss`))).toBeLessThan(1e-5);
    const recorded = criticVector(names, "grads/critics");
    expect(disagreements(results.criticGradient, recorded, layouts.critics)).toEqual([]);
    const actor = actorVector(names, "grads");
    // DPPO's is that of the temperature, ours of its logarithm.
    if (who === "DPPO") actor[actor.length - 1] = 0.2 * file.floats("grads/alpha")[0];
    expect(disagreements(results.actorGradient, actor, layouts.actor)).toEqual([]);
  });
});

test("one step of the critics, and of their average, as the authors'", async () => {
  const { names, file } = recordings["the authors"];
  const sizes = { observationSize, actionSize, width: observationSize };
  await using networks = await compileRlpd(config, first, sizes, cpu({ threads: 1 }));
  const state = (theta: Float32Array, rest = {}): StoredTensors => ({
    theta: tensor(theta),
    firstMoment: tensor(theta.map(() => 0)),
    secondMoment: tensor(theta.map(() => 0)),
    ...rest,
  });
  const critics = state(criticVector(names, "weights/critics"), {
    ema: tensor(criticVector(names, "weights/target_critics")),
  });
  const named = (prefix: string, tensors: StoredTensors) =>
    Object.fromEntries(Object.entries(tensors).map(([name, each]) => [`${prefix}.${name}`, each]));
  await networks.restore(
    { ...named("actor", state(actorVector(names, "weights"))), ...named("critics", critics) },
    0,
  );
  const targets = criticVector(names, "weights/target_critics", file.floats("inputs/target_indices"));
  const batch = { ...inputsOf(recordings["the authors"]), noise: file.floats("inputs/eps_next") };
  const loss = await networks.stepCritics(batch, config.learningRate, { targets });
  expect(relativeError([loss], file.floats("outputs/critic_loss"))).toBeLessThan(1e-5);
  const after = criticVector(names, "weights1/critics");
  expect(disagreements(networks.critics, after, layouts.critics)).toEqual([]);
  expect(
    disagreements(networks.criticsAverage, criticVector(names, "weights1/target_critics"), layouts.critics),
  ).toEqual([]);
  // The step itself is no rounding: without it the weights are that far off.
  expect(relativeError(criticVector(names, "weights/critics"), after)).toBeGreaterThan(1e-4);
});

test("critics start apart: each has first weights of its own", () => {
  const [one, other] = [0, 1].map((i) => first.critics[i].layers[0].weight.data);
  expect(one).not.toEqual(other);
});
