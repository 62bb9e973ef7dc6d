/**
 * @file Our soft actor-critic of the bench, and its weights and batches as files. Weights are named by their path in what
 * `initSac` returns, which torch_agent.py knows.
 */
import { SacConfig } from "../../src/algorithms/sac/config.ts";
import { initSac } from "../../src/algorithms/sac/losses.ts";
import { SacUpdate } from "../../src/algorithms/sac/update.ts";
import { Random, type StoredTensors } from "../../src/base/index.ts";
import type { CpuDevice } from "../../src/devices/index.ts";
import { leavesOf, mapTree, type Parameter } from "../../src/tensor/index.ts";
import { type Case, sizes as planner } from "./cases.ts";

type Agent = ReturnType<typeof initSac>;

/** One task, with the observations and actions of the planners. */
const sizes = { observationSize: planner.observationSize, actionSize: planner.actionSize, tasks: ["task"] };
const configOf = ({ width, batch }: Pick<Case, "width" | "batch">) =>
  SacConfig.parse({ hiddenSizes: [width, width], batchSize: batch });

/** First weights, as a file's content. */
export function firstWeights(chosen: Pick<Case, "width" | "batch">): StoredTensors {
  const first = initSac(configOf(chosen), sizes, new Random(0));
  const tensors = leavesOf<Parameter>(first).map(({ path, leaf: { shape, data } }) => [
    path,
    { dtype: "F32", shape, data },
  ]);
  return Object.fromEntries(tensors);
}

/** `form` with the weights of a file's content. */
export function agentOf(form: Agent, weights: StoredTensors): Agent {
  return mapTree(form, ({ shape }, path) => ({ shape, data: weights[path].data as Float32Array })) as Agent;
}

/** In place of a stream of random numbers: these, one after another. */
export function storedNoise(noise: Float32Array): Pick<Random, "fillNormal"> {
  let at = 0;
  return {
    fillNormal(out) {
      out.set(noise.subarray(at, at + out.length));
      at += out.length;
      return out;
    },
  };
}

/** A batch in a file's content. */
export function transitionsOf(batch: StoredTensors) {
  const floats = (name: string) => batch[name].data as Float32Array;
  return {
    observations: floats("observations"),
    actions: floats("actions"),
    rewards: floats("rewards"),
    nextObservations: floats("nextObservations"),
    continues: floats("continues"),
  };
}

/**
 * Compiles updates on `batch`, both of them a file's content. The function makes one, the first ones with the batch's
 * noise, and returns its losses: of critics and actor and, while noise is given, of the temperature.
 */
export async function loadAgent(
  width: number,
  weights: StoredTensors,
  batch: StoredTensors,
  device: CpuDevice,
): Promise<() => Promise<readonly number[]>> {
  const config = configOf({ width, batch: batch.rewards.shape[0] });
  const first = agentOf(initSac(config, sizes, new Random(0)), weights);
  const learner = await SacUpdate.compile(config, sizes, first, device);
  const transitions = transitionsOf(batch);
  const noise = storedNoise(batch.noise.data as Float32Array);
  const random = new Random(3);
  /** Adam's mean derivative in the last of the actor's parameters, the logarithm of the temperature. */
  const moment = async () =>
    ((await learner.tensors())["actor.firstMoment"].data as Float32Array).at(-1) as number;
  return async () => {
    const given = learner.steps < batch.noise.shape[0];
    const before = given ? await moment() : 0;
    const draws = given ? noise : random.split(`update ${learner.steps}`);
    const { criticLoss, actorLoss } = await learner.step(transitions, draws);
    // The temperature's loss, -alpha times a constant, is its own derivative in log alpha.
    return [criticLoss, actorLoss, ...(given ? [((await moment()) - 0.9 * before) / 0.1] : [])];
  };
}
