/**
 * @file MTIQL: implicit Q-learning of all tasks from data. Critics of shared layers with an output for each task; a policy that is
 * told which task it is in imitates those actions of the data that are better than the state promised.
 * Symbols: B batch, N tasks.
 * No code of the multi-task row was published. Definition: the update of CORL iql.py (tinkoff-ai/CORL, 6afec90), the heads ours.
 * Differs: observations are scaled to [-1, 1] by their range in the data, rewards by their range in each task.
 */
import { z } from "zod";
import { sizeOfSpace } from "../../base/index.ts";
import { cosineLearningRate } from "../../nn/index.ts";
import { add, constant, gather, mul, type Value } from "../../tensor/index.ts";
import { actorCriticLearner } from "../actor-critic-learner.ts";
import { type Context, type Data, type Offline, type OfflineLearner, offlineSettings } from "../algorithm.ts";
import { rewardColumns, rewardScales } from "../reward-scale.ts";
import { hiddenSizes, type TaskPolicyModel, taskPolicy } from "../task-policy.ts";
import { type OneStepInputs, oneStepColumns, oneStepSpecs } from "../transition-columns.ts";
import { actorLoss, criticLosses, type IqlCritics, initIql } from "./losses.ts";

export const MtiqlConfig = z.strictObject({
  ...offlineSettings({ steps: 1_000_000, batchSize: 256 }),
  hiddenSizes: hiddenSizes().default([256, 256]).describe("widths of the hidden layers, of each network"),
  learningRate: z
    .number()
    .positive()
    .default(3e-4)
    .describe("Adam step size; the actor's falls to 0 in half a cosine"),
  expectile: z
    .number()
    .gt(0)
    .lt(1)
    .default(0.7)
    .describe("expectile of the values of the data's actions that a state's value is; 0.5: their mean"),
  beta: z
    .number()
    .nonnegative()
    .default(3)
    .describe("actions are weighted by exp(beta advantage), 100 at most; 0: all alike"),
  discount: z.number().min(0).max(1).default(0.99).describe("discount of a reward per step, gamma"),
  tau: z
    .number()
    .gt(0)
    .max(1)
    .default(0.005)
    .describe("share of the critics in their moving average, per step"),
});
export type MtiqlConfig = Readonly<z.infer<typeof MtiqlConfig>>;

/** Settings with which a laptop learns ten tasks in minutes. */
const mtiqlPresets = {
  laptop: { steps: 20_000, learningRate: 1e-3 },
} as const satisfies Record<string, z.input<typeof MtiqlConfig>>;

const readings = { transitions: { columns: oneStepColumns }, rewards: { columns: rewardColumns } };

export const mtiql: Offline<MtiqlConfig, TaskPolicyModel, typeof readings> = {
  kind: "offline",
  name: "mtiql",
  summary:
    "Implicit Q-learning of all tasks: one policy that is told which task it is in imitates the better of the data's actions.",
  config: MtiqlConfig,
  presets: mtiqlPresets,
  metrics: [
    "train/critic_loss",
    "train/actor_loss",
    "eval/value_loss",
    "eval/critic_loss",
    "eval/actor_loss",
  ],
  policy: taskPolicy({ format: "sodp mtiql", version: 1, noun: "policy" }),
  reads: () => readings,
  start: startMtiql,
};

async function startMtiql(
  config: MtiqlConfig,
  { transitions, rewards }: Data<typeof readings>,
  { random, device }: Context,
): Promise<OfflineLearner<TaskPolicyModel>> {
  const { spaces, tasks, observationRange: normalizer } = transitions.train;
  const policy = { spaces, tasks, hiddenSizes: config.hiddenSizes, normalizer };
  const sizes = { observation: sizeOfSpace(spaces.observation), action: sizeOfSpace(spaces.action) };
  const scales = await rewardScales(rewards.train, random.split("reward scales"));
  const { actor, critics } = initIql(policy, sizes, random.split("weights"));
  const scaled = (batch: OneStepInputs): OneStepInputs => ({
    ...batch,
    reward: mul(batch.reward, gather(constant(scales), batch.task)),
  });
  const lossesOf = (now: IqlCritics<Value>, average: IqlCritics<Value>, batch: OneStepInputs) =>
    criticLosses(policy, now, average, now.v, scaled(batch), config);
  const { tau, steps, learningRate, batchSize } = config;
  const schedule = cosineLearningRate({ totalSteps: steps });
  return actorCriticLearner({
    first: "actor", // of both, each is to see the other as it was
    actor: {
      network: actor,
      loss: ({ actor, critics, averageCritics }, batch: OneStepInputs) =>
        actorLoss(policy, actor, averageCritics, critics.v, batch, config),
      optimizer: { weightDecay: 0 },
      learningRate: (step) => learningRate * schedule(step),
    },
    critics: {
      network: critics,
      loss({ critics, averageCritics }, batch) {
        const { value, critic } = lossesOf(critics, averageCritics, batch);
        return add(value, critic);
      },
      optimizer: { weightDecay: 0, emaDecay: 1 - tau },
      learningRate: () => learningRate,
    },
    inputs: (rows) => oneStepSpecs(sizes, rows),
    evaluation({ actor, critics, averageCritics }, batch) {
      const { value, critic } = lossesOf(critics, averageCritics, batch);
      const imitated = actorLoss(policy, actor, averageCritics, critics.v, batch, config);
      return { value_loss: value, critic_loss: critic, actor_loss: imitated };
    },
    data: transitions,
    emptyBatch: (rows) => transitions.train.emptyBatch(rows),
    draw: (sampler, stream, batch) => sampler.sample(stream, batch),
    model: ({ actor }) => ({ config: policy, network: actor.mean }),
    batchSize,
    random: random.split("held out"),
    device,
  });
}
