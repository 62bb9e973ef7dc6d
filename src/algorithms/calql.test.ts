/** @file Cal-QL against CORL's: calibrated, without (CQL), and with the best of several next actions; what its updates promise. */
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { backends, relativeError } from "../../test/both-backends.ts";
import {
  adamStep,
  disagreements,
  firstState,
  RecordedWeights,
  torchLinear,
} from "../../test/recorded-weights.ts";
import { Random } from "../base/index.ts";
import { cpu } from "../devices/index.ts";
import { readTensors } from "../platform/index.ts";
import { add, float32, grad, layoutOf, type Spec, unpack } from "../tensor/index.ts";
import {
  CalqlConfig,
  calqlActorLosses,
  calqlCriticLoss,
  compileCalql,
  initCalql,
  updateCalql,
} from "./calql.ts";
import type { TransitionBatch } from "./online/transitions.ts";

const [rows, observationSize, actionSize, width] = [6, 11, 4, 32];
const hidden = (layers: number) => new Array<number>(layers).fill(width);
const config = CalqlConfig.parse({
  batchSize: rows,
  hiddenSizes: hidden(2),
  actorHiddenSizes: hidden(3),
  sampledActions: 4,
  maxTargetBackup: false,
  learningRate: 3e-5,
  offlineSteps: 2,
});
const first = initCalql(config, observationSize, actionSize, 1, new Random(0));
const layouts = { actor: layoutOf(first.actor), critics: layoutOf(first.critics) };

const read = async (name: string) =>
  (await readTensors(join(import.meta.dirname, `fixtures/${name}.safetensors`))).tensors;
const main = await read("calql");
const constants: Readonly<Record<string, string>> = {
  "deviation.scale": "actor/log_std_multiplier.constant",
  "deviation.shift": "actor/log_std_offset.constant",
};
const actorOf = (tensors: typeof main, group: string) =>
  new RecordedWeights(layouts.actor, tensors, (path) => {
    if (path === "logTemperature") return { name: group === "grads" ? "log_alpha/constant" : "log_alpha" };
    if (path in constants) return { name: constants[path] };
    const [, layer, kind] = path.split(".");
    return torchLinear(`actor/base_network.${2 * Number(layer)}`, kind);
  }).vector(group);
const criticsOf = (tensors: typeof main, group: string, suffix = "") =>
  new RecordedWeights(layouts.critics, tensors, (path) => {
    const [critic, layer, kind] = path.split(".");
    return torchLinear(`q${Number(critic) + 1}${suffix}/network.${2 * Number(layer)}`, kind);
  }).vector(group);

const floatsOf = (tensors: typeof main, name: string) =>
  Float32Array.from(tensors[name].data as Float32Array);
/** A batch as recorded; the same observations in all three. */
const numbersOf = (tensors: typeof main) => {
  const floats = (name: string) => floatsOf(tensors, `inputs/${name}`);
  return {
    observations: floatsOf(main, "inputs/observations"),
    actions: floats("actions"),
    rewards: floats("rewards"),
    nextObservations: floats("next_observations"),
    continues: floats("terminals").map((ends) => 1 - ends),
    returns: floats("mc_returns"),
    randomActions: floats("random_actions"),
    noiseNow: floats("eps_cql_current"),
    noiseNext: floats("eps_cql_next"),
    noiseTarget: floats("eps_next_target"),
    noise: floats("eps_policy"),
  };
};
const weights = {
  actor: actorOf(main, "weights"),
  critics: criticsOf(main, "weights"),
  targets: criticsOf(main, "weights", "_target"),
};
const several = ["randomActions", "noiseNow", "noiseNext", "noiseTarget"];
const specOf = (name: string, { length }: ArrayLike<number>): Spec => {
  if (name in weights || length === rows) return float32(length);
  const count = length / rows / actionSize;
  return several.includes(name) ? float32(rows, count, actionSize) : float32(rows, length / rows);
};

describe.each([
  ["calql", true],
  ["cql", false],
  ["calql-max-backup", true],
])("as CORL's %s", async (name, isBounded) => {
  const tensors = await read(name);
  const logged = (loss: string) => floatsOf(tensors, `outputs/${loss}`)[0];
  const given = numbersOf(tensors);
  const returns = isBounded ? given.returns : new Float32Array(rows).fill(-3e38);
  const numbers = { ...given, returns, ...weights };
  const specs = Object.fromEntries(Object.entries(numbers).map(([key, each]) => [key, specOf(key, each)]));

  test.each(Object.entries(backends))("losses and every gradient, %s", async (_, { run }) => {
    const options = { ...config, observationSize };
    const results = await run(
      specs,
      (values) => {
        const [actor, critics, targets] = [
          unpack(layouts.actor, values.actor),
          unpack(layouts.critics, values.critics),
          unpack(layouts.critics, values.targets),
        ] as never[];
        const criticLoss = calqlCriticLoss(critics, actor, targets, values as never, options);
        const losses = calqlActorLosses(actor, critics, values as never, options);
        return {
          criticLoss,
          actorLoss: losses.actor,
          temperatureLoss: losses.temperature,
          criticGradient: grad(criticLoss, [values.critics])[0],
          actorGradient: grad(add(losses.actor, losses.temperature), [values.actor])[0],
        };
      },
      numbers,
    );
    const conservative = logged("cql_min_qf1_loss") + logged("cql_min_qf2_loss");
    const critic = logged("qf1_loss") + logged("qf2_loss") + conservative;
    expect(relativeError(results.criticLoss, [critic])).toBeLessThan(1e-5);
    expect(relativeError(results.actorLoss, [logged("policy_loss")])).toBeLessThan(1e-5);
    expect(relativeError(results.temperatureLoss, [logged("alpha_loss")])).toBeLessThan(1e-5);
    const gradients = { critics: criticsOf(tensors, "grads"), actor: actorOf(tensors, "grads") };
    expect(disagreements(results.criticGradient, gradients.critics, layouts.critics)).toEqual([]);
    expect(disagreements(results.actorGradient, gradients.actor, layouts.actor)).toEqual([]);
  });
});

/** In place of a stream of random numbers: recorded ones, in the order they are asked for. */
function recordedDraws(...draws: readonly Float32Array[]): Random {
  let asked = 0;
  const fill = (out: Float32Array) => {
    out.set(draws[asked++ % draws.length]);
    return out;
  };
  return { fillNormal: fill, fillUniform: fill } as never;
}

test("an update steps actor and critics along the recorded gradients, each by the others as they were; bounds end as configured", async () => {
  const sizes = { observationSize, actionSize, width: observationSize };
  const offline: CalqlConfig = { ...config, calibration: "offline", offlineSteps: 1 };
  await using networks = await compileCalql(offline, first, sizes, cpu({ threads: 1 }));
  const restart = (steps: number) =>
    networks.restore(
      { ...firstState("actor", weights.actor), ...firstState("critics", weights.critics, weights.targets) },
      steps,
    );
  const { returns, noise, randomActions, noiseNow, noiseNext, noiseTarget, ...transitions } = numbersOf(main);
  const uniform = randomActions.map((x) => (x + 1) / 2);
  const random = () => recordedDraws(noise, uniform, noiseNow, noiseNext, noiseTarget);
  const update = updateCalql(networks, offline, actionSize);
  const draw = async () => ({ transitions, returns }) as TransitionBatch;
  await restart(0);
  await update(draw, random());
  const actor = adamStep(weights.actor, actorOf(main, "grads"), config.learningRate);
  expect(disagreements(networks.theta, actor, layouts.actor)).toEqual([]);
  const critics = adamStep(weights.critics, criticsOf(main, "grads"), config.criticLearningRate);
  expect(relativeError(networks.critics, critics)).toBeLessThan(1e-5);
  expect(relativeError(weights.critics, critics)).toBeGreaterThan(1e-4);
  // Past the data alone, this configuration has no bounds: its gradients are those of CQL.
  await restart(1);
  const { "train/critic_loss": loss } = await update(draw, random());
  const cql = await read("cql");
  const expected = ["qf1_loss", "qf2_loss", "cql_min_qf1_loss", "cql_min_qf2_loss"].map(
    (name) => floatsOf(cql, `outputs/${name}`)[0],
  );
  expect(relativeError([loss], [expected.reduce((a, b) => a + b)])).toBeLessThan(1e-5);
});
