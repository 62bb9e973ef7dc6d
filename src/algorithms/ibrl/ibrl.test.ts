/** @file IBRL against the authors' code, greedy and soft, and against DPPO's version; what its choice promises. */
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { backends, relativeError } from "../../../test/both-backends.ts";
import {
  disagreements,
  firstState,
  type Recorded,
  RecordedWeights,
  torchLinear,
} from "../../../test/recorded-weights.ts";
import { Random, vectorSpaces } from "../../base/index.ts";
import { cpu } from "../../devices/index.ts";
import { initMlp, initNormedMlp, type Mlp, type NormedMlp, normedMlp } from "../../nn/index.ts";
import { readTensors } from "../../platform/index.ts";
import {
  concat,
  float32,
  grad,
  int32,
  layoutOf,
  relu,
  reshape,
  type Spec,
  tanh,
  unpack,
  type Value,
} from "../../tensor/index.ts";
import { compileIbrl, IbrlConfig, updateIbrl } from "./ibrl.ts";
import { ibrlActorLoss, ibrlCriticLoss, noisyActions } from "./losses.ts";
import {
  actorMean,
  ChosenCritics,
  type IbrlCritics,
  initCritics,
  type Valuing,
  valuesBy,
} from "./networks.ts";
import { ibrlActions, initIbrl } from "./policy.ts";

const [rows, observationSize, actionSize, width, count] = [6, 11, 4, 32, 5];
const hiddenSizes = [width, width, width];
const read = async (name: string) =>
  (await readTensors(join(import.meta.dirname, `fixtures/${name}.safetensors`))).tensors;
const files = {
  ibrl: await read("ibrl"),
  "ibrl-soft": await read("ibrl-soft"),
  "ibrl-gaussian": await read("ibrl-gaussian"),
};
type File = (typeof files)["ibrl"];
const floatsOf = (tensors: File, name: string) => Float32Array.from(tensors[name].data as Float32Array);

const spaces = vectorSpaces(observationSize, actionSize);
const flat = (size: number) => ({ low: new Array(size).fill(-1), high: new Array(size).fill(1) });
/** Our policy in the recorded form: one task; observations are seen as they are. */
const model = {
  spaces,
  tasks: ["task"],
  hiddenSizes,
  critics: count,
  scaling: { center: new Array(observationSize).fill(0), scale: new Array(observationSize).fill(1) },
  imitation: { spaces, tasks: ["task"], hiddenSizes: [width], normalizer: flat(observationSize) },
};
const first = initIbrl(model, new Random(0));
const layouts = {
  actor: layoutOf(first.actor),
  critics: layoutOf(first.critics),
  /** Without the number that a policy of several tasks is told. */
  imitation: layoutOf(initMlp([observationSize, width, actionSize], new Random(0))),
};

const ofSequence =
  (name: string, apart: number) =>
  (path: string): Recorded => {
    const [layer, kind] = path.split(".");
    return torchLinear(`${name}/net.${apart * Number(layer)}`, kind);
  };
const ofCritics = (path: string): Recorded => {
  const [part, index, kind, rest] = path.split(".");
  if (part === "norms")
    return { name: `net.${3 * Number(index) + 1}.${kind === "scale" ? "weight" : "bias"}` };
  if (kind === "hidden") return { name: `net.${3 * Number(rest)}.weights`, index: Number(index) };
  return rest === "bias"
    ? { name: "net.9.biases/0", index: Number(index) }
    : { name: "net.9.weights", index: Number(index) };
};
/** The recording, whose biases have an axis too many. */
const named = (tensors: File): File => {
  const biases = Object.entries(tensors).filter(([name]) => name.endsWith("net.9.biases"));
  const cut = biases.map(([name, { data }]) => [`${name}/0`, { dtype: "F32", shape: [count, 1], data }]);
  return { ...tensors, ...Object.fromEntries(cut) };
};
const actorVector = (tensors: File, group: string, name: string) =>
  new RecordedWeights(layouts.actor, tensors, ofSequence(name, 3)).vector(group);
const criticVector = (tensors: File, group: string) =>
  new RecordedWeights(layouts.critics, named(tensors), ofCritics).vector(group);
const imitationVector = (tensors: File) =>
  new RecordedWeights(layouts.imitation, tensors, ofSequence("bc_policy", 2)).vector("weights");

/** The stand-in that was imitated. */
function imitate([one, other]: Mlp<Value>, observations: Value): Value {
  const map = ({ weight, bias }: Mlp<Value>[number], x: Value) =>
    normedMlp({ layers: [{ weight, bias }], norms: [] }, x, "relu");
  return tanh(map(other, relu(map(one, observations))));
}

const inputsOf = (tensors: File, continues: Float32Array) => ({
  observations: floatsOf(tensors, "inputs/observations"),
  actions: floatsOf(tensors, "inputs/actions"),
  rewards: floatsOf(tensors, "inputs/rewards"),
  nextObservations: floatsOf(tensors, "inputs/next_observations"),
  continues,
});
const options = { discount: 1, rewardScale: 1 }; // discounts were recorded of each row
const [deviation, limit] = [0.25, 0.3];

/** The critics that were drawn, of a recording. */
const drawn = (tensors: File, row: number) =>
  [...floatsOf(tensors, "inputs/critic_indices")].slice(2 * row, 2 * row + 2);
const some = ({ each, norms }: IbrlCritics<Value>, chosen: readonly number[]): Valuing =>
  valuesBy({ each: chosen.map((critic) => each[critic]), norms });

describe.each(["ibrl", "ibrl-soft"] as const)("as the authors' %s", (name) => {
  const tensors = files[name];
  const isSoft = name === "ibrl-soft";
  // The recording says which was taken, 0 the actor's: a number that makes the draw come out so.
  const uniform = isSoft ? floatsOf(tensors, "inputs/choice") : new Float32Array(rows);
  const numbers = {
    ...inputsOf(tensors, floatsOf(tensors, "inputs/discounts")),
    uniform,
    noise: floatsOf(tensors, "inputs/eps_next"),
    noiseNow: floatsOf(tensors, "inputs/eps_actor"),
    actor: actorVector(files.ibrl, "weights", "actor"),
    averageActor: actorVector(files.ibrl, "weights", "actor_target"),
    critics: criticVector(files.ibrl, "weights/critic"),
    averageCritics: criticVector(files.ibrl, "weights/critic_target"),
    learnedCritics: criticVector(tensors, "weights1/critic"),
    imitation: imitationVector(files.ibrl),
  };
  const weights = ["actor", "averageActor", "critics", "averageCritics", "learnedCritics", "imitation"];
  const specs = Object.fromEntries(
    Object.entries(numbers).map(([key, { length }]): [string, Spec] => [
      key,
      weights.includes(key) || length === rows ? float32(length) : float32(rows, length / rows),
    ]),
  );

  test.each(Object.entries(backends))("losses and every gradient, %s", async (_, { run }) => {
    const results = await run(
      specs,
      (values) => {
        const critics = (key: string) =>
          unpack(layouts.critics, values[key]) as unknown as IbrlCritics<Value>;
        const actor = (key: string) => unpack(layouts.actor, values[key]) as unknown as Mlp<Value>;
        const averages = critics("averageCritics");
        const targets = {
          choice: some(averages, drawn(tensors, 0)),
          value: some(averages, drawn(tensors, 1)),
        };
        const imitation = unpack(layouts.imitation, values.imitation) as unknown as Mlp<Value>;
        const proposals = {
          actor: noisyActions(
            actorMean(actor("averageActor"), values.nextObservations),
            values.noise,
            deviation,
            limit,
          ),
          imitation: imitate(imitation, values.nextObservations),
          uniform: values.uniform,
        };
        const softBeta = isSoft ? 1 : null;
        const criticLoss = ibrlCriticLoss(valuesBy(critics("critics")), targets, proposals, values as never, {
          ...options,
          softBeta,
        });
        const actions = noisyActions(
          actorMean(actor("actor"), values.observations),
          values.noiseNow,
          deviation,
          limit,
        );
        const actorLoss = ibrlActorLoss(valuesBy(critics("learnedCritics")), values.observations, actions);
        return {
          criticLoss,
          actorLoss,
          criticGradient: grad(criticLoss, [values.critics])[0],
          actorGradient: grad(actorLoss, [values.actor])[0],
        };
      },
      numbers,
    );
    for (const loss of ["critic", "actor"] as const)
      expect(relativeError(results[`${loss}Loss`], floatsOf(tensors, `outputs/${loss}_loss`))).toBeLessThan(
        1e-5,
      );
    const critics = criticVector(tensors, "grads/critic");
    expect(disagreements(results.criticGradient, critics, layouts.critics)).toEqual([]);
    const actor = actorVector(tensors, "grads", "actor");
    expect(disagreements(results.actorGradient, actor, layouts.actor)).toEqual([]);
  });
});

/** Weights of our imitation from those recorded: the number of its one task has none. */
function ourImitation(): Float32Array {
  const layout = layoutOf(first.imitation);
  const own = new Float32Array(layout.size);
  const recorded = imitationVector(files.ibrl);
  const split = observationSize * width;
  const at = layout.entries.find(({ path }) => path === "0.weight")?.offset ?? Number.NaN;
  expect(at).toBe(0);
  own.set(recorded.subarray(0, split));
  own.set(recorded.subarray(split), split + width);
  return own;
}

test("an update's steps of critics, actor and both averages are the authors', and so is the action taken then", async () => {
  const tensors = files.ibrl;
  const config = IbrlConfig.parse({
    batchSize: rows,
    hiddenSizes,
    criticSteps: 1,
    noise: deviation,
    dropout: 0,
    discount: 1,
  });
  await using networks = await compileIbrl(config, model, first, cpu({ threads: 1 }));
  const [actor, averageActor] = ["actor", "actor_target"].map((name) =>
    actorVector(tensors, "weights", name),
  );
  const [critics, averageCritics] = ["critic", "critic_target"].map((name) =>
    criticVector(tensors, `weights/${name}`),
  );
  await networks.restore(
    { ...firstState("actor", actor, averageActor), ...firstState("critics", critics, averageCritics) },
    0,
  );
  const given = inputsOf(tensors, floatsOf(tensors, "inputs/discounts"));
  const noises = ["inputs/eps_next", "inputs/eps_actor"].map((name) => floatsOf(tensors, name));
  const orders = [drawn(tensors, 0), drawn(tensors, 1)];
  let permutations = 0;
  const stream = (noise: Float32Array) => ({
    permutation: () => Int32Array.from(orders[permutations++]),
    fillUniform: (out: Float32Array) => out.fill(0.5),
    fillNormal(out: Float32Array) {
      out.set(noise);
      return out;
    },
  });
  const random = { split: (name: string) => stream(noises[name === "actor" ? 1 : 0]) };
  const update = updateIbrl(networks, config, model, first, ourImitation());
  const next = { observations: given.nextObservations, tasks: new Int32Array(rows) };
  const losses = await update(async () => ({ transitions: given, next }) as never, random as never);
  const recorded = ["critic", "actor"].map((loss) => floatsOf(tensors, `outputs/${loss}_loss`)[0]);
  expect(relativeError([losses["train/critic_loss"], losses["train/actor_loss"]], recorded)).toBeLessThan(
    1e-5,
  );
  const after = criticVector(tensors, "weights1/critic");
  expect(disagreements(networks.critics, after, layouts.critics)).toEqual([]);
  expect(relativeError(critics, after)).toBeGreaterThan(1e-4);
  const moved = averageCritics.map((x, i) => 0.99 * x + 0.01 * after[i]);
  expect(disagreements(networks.criticsAverage, moved, layouts.critics)).toEqual([]);
  expect(disagreements(networks.theta, actorVector(tensors, "weights1", "actor"), layouts.actor)).toEqual([]);

  const own = ourImitation();
  const chosen = new Float32Array(rows * count);
  for (const critic of floatsOf(tensors, "inputs/act_indices"))
    for (let row = 0; row < rows; row++) chosen[row * count + critic] = 1;
  const imitationLayout = layoutOf(first.imitation);
  const { action } = await Object.values(backends)[0].run(
    {
      actor: float32(actor.length),
      critics: float32(critics.length),
      imitation: float32(own.length),
      observations: float32(rows, observationSize),
      ids: int32(rows),
      noise: float32(rows, actionSize),
      chosen: float32(rows, count),
      uniform: float32(rows),
    },
    ({ observations, ids, noise, chosen: counted, uniform, ...vectors }) => {
      const parts = {
        actor: unpack(layouts.actor, vectors.actor),
        critics: unpack(layouts.critics, vectors.critics),
        imitation: unpack(imitationLayout, vectors.imitation),
      } as never;
      const draws = { noise, chosen: counted, uniform };
      return { action: ibrlActions(model, parts, observations, ids, draws, null).action };
    },
    {
      actor: networks.theta,
      critics: networks.criticsAverage,
      imitation: own,
      observations: given.observations,
      ids: new Int32Array(rows),
      noise: new Float32Array(rows * actionSize),
      chosen,
      uniform: new Float32Array(rows),
    },
  );
  expect(relativeError(action, floatsOf(tensors, "outputs/act_eval"))).toBeLessThan(1e-5);
});

describe("as DPPO's", () => {
  const tensors = files["ibrl-gaussian"];
  const critics = Array.from({ length: 4 }, () =>
    initNormedMlp([observationSize + actionSize, width, width, 1], new Random(0)),
  );
  const actors = layoutOf(initMlp([observationSize, width, width, actionSize], new Random(0)));
  const layout = layoutOf(critics);
  const criticsOf = (group: string) =>
    new RecordedWeights(layout, tensors, (path) => {
      const [index, part, layer, kind] = path.split(".");
      const name = `Q1.moduleList.${layer}`;
      return part === "norms"
        ? { name: `${name}.norm_1.${kind === "shift" ? "bias" : "weight"}`, index: Number(index) }
        : { ...torchLinear(`${name}.linear_1`, kind), index: Number(index) };
    }).vector(group);
  const actorOf = (group: string, name: string) =>
    new RecordedWeights(actors, tensors, (path) => {
      const [layer, kind] = path.split(".");
      return torchLinear(`${name}/mlp_mean.moduleList.${layer}.linear_1`, kind);
    }).vector(group);
  const floats = (name: string) => floatsOf(tensors, `inputs/${name}`);
  const numbers = {
    ...inputsOf(
      tensors,
      floats("terminals").map((ends) => 1 - ends),
    ),
    noise: floats("eps_next_rl"),
    noiseImitation: floats("eps_next_bc"),
    noiseNow: floats("eps_actor"),
    actor: actorOf("weights", "actor"),
    averageActor: actorOf("weights", "target_actor"),
    imitation: actorOf("weights", "bc_policy"),
    critics: criticsOf("weights/critics"),
    targets: criticsOf("weights/target_critics"),
  };
  const valuing =
    (networks: readonly NormedMlp<Value>[]): Valuing =>
    (observations, actions) =>
      networks.map((network) =>
        reshape(normedMlp(network, concat([observations, actions], 1), "relu"), [rows]),
      );

  test("losses and every gradient: the same two critics choose and value, and errors are averaged", async () => {
    const specs = Object.fromEntries(
      Object.entries(numbers).map(([key, { length }]): [string, Spec] => [
        key,
        length === rows || length > rows * observationSize ? float32(length) : float32(rows, length / rows),
      ]),
    );
    const results = await backends["by the reference kernels, in float64"].run(
      specs,
      (values) => {
        const parts = (key: string) => unpack(layout, values[key]) as unknown as readonly NormedMlp<Value>[];
        const act = (key: string, observations: Value, noise: Value, spread: number) =>
          noisyActions(
            actorMean(unpack(actors, values[key]) as unknown as Mlp<Value>, observations),
            noise,
            spread,
            3 * spread,
          );
        const chosen = valuing([...floats("target_indices")].map((critic) => parts("targets")[critic]));
        const proposals = {
          actor: act("averageActor", values.nextObservations, values.noise, 0.1),
          imitation: act("imitation", values.nextObservations, values.noiseImitation, 1e-4),
          uniform: values.rewards,
        };
        const learned = valuing(parts("critics"));
        const criticLoss = ibrlCriticLoss(
          learned,
          { choice: chosen, value: chosen },
          proposals,
          values as never,
          { discount: 0.99, rewardScale: 1, softBeta: null },
        );
        const actions = act("actor", values.observations, values.noiseNow, 0.1);
        const actorLoss = ibrlActorLoss(learned, values.observations, actions);
        return {
          criticLoss,
          actorLoss,
          criticGradient: grad(criticLoss, [values.critics])[0],
          actorGradient: grad(actorLoss, [values.actor])[0],
        };
      },
      numbers,
    );
    const mean = (sums: Float32Array | Float64Array) => sums.map((sum) => sum / critics.length);
    expect(relativeError(mean(results.criticLoss), floatsOf(tensors, "outputs/critic_loss"))).toBeLessThan(
      1e-5,
    );
    expect(relativeError(results.actorLoss, floatsOf(tensors, "outputs/actor_loss"))).toBeLessThan(1e-5);
    expect(disagreements(mean(results.criticGradient), criticsOf("grads/critics"), layout)).toEqual([]);
    expect(disagreements(results.actorGradient, actorOf("grads", "actor"), actors)).toEqual([]);
  });
});

test("chosen critics are those of the vector, in the order asked for, with the norms of all", () => {
  const critics = initCritics(3, 2, [4, 5], new Random(1));
  const layout = layoutOf(critics);
  const all = Float32Array.from({ length: layout.size }, (_, i) => i);
  const chosen = new ChosenCritics(critics, all, 2);
  const offsets = (prefix: string) =>
    layout.entries.filter(({ path }) => path.startsWith(prefix)).map(({ offset }) => offset);
  const found = chosen.weightsOf([2, 1]);
  const expected = [...offsets("each.2"), ...offsets("each.1"), ...offsets("norms")];
  expect(chosen.layout.entries.map(({ offset }) => found[offset])).toEqual(expected);
  expect(critics.each[0].hidden[0].data).not.toEqual(critics.each[1].hidden[0].data);
});
