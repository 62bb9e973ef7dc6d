/**
 * @file What fine-tuning is configured by. "Paper" names what the paper states; where it states nothing, the source of the
 * default follows.
 */
import { z } from "zod";
import { onlineSettings } from "../algorithm.ts";
import { advantages } from "./advantages.ts";
import { bufferDraws, bufferOrders } from "./buffer-rules.ts";
import { regularizers } from "./regularizers.ts";

const share = () => z.number().min(0).max(1);
const count = () => z.int().positive();
const weight = () => z.number().nonnegative();

const namesOf = <Name extends string>(table: Readonly<Record<Name, unknown>>) => Object.keys(table) as Name[];
const summariesOf = (table: Readonly<Record<string, { readonly summary: string }>>) =>
  Object.entries(table)
    .map(([name, { summary }]) => `${name}: ${summary}`)
    .join("; ");

export const FinetuneConfig = z.strictObject({
  ...onlineSettings({ envSteps: 1_000_000, evalEvery: 10_000, evalEpisodes: 32 }),
  episodes: count().default(32).describe("episodes per iteration (DPPO: 40 to 50 environments)"),
  initialEpisodes: z
    .int()
    .nonnegative()
    .default(32)
    .describe("episodes of the pre-trained planner, for the buffer: N_init"),
  stopAtSuccess: z
    .boolean()
    .default(true)
    .describe("whether a training episode ends when its task is solved"),
  start: z
    .enum(["pretrained", "scratch"])
    .default("pretrained")
    .describe("first weights (paper: pretrained)"),

  policyGradient: z
    .boolean()
    .default(true)
    .describe("whether the reward is followed, Eq. 12; false: imitation alone"),
  advantage: z
    .enum(namesOf(advantages))
    .default("none")
    .describe(`what a chunk's reward is compared with; ${summariesOf(advantages)}`),
  advantageClip: z
    .number()
    .positive()
    .nullable()
    .default(null)
    .describe("advantages beyond it, either way, are cut down to it; null: none"),
  policyGradientFrom: share()
    .default(0)
    .describe("share of an iteration's episodes that must be solved for the reward to be followed in it"),
  discount: share().default(0.99).describe("discount of rewards, per environment step"),
  gaeLambda: share().default(0.95).describe("lambda of generalised advantages (DPPO)"),
  criticLearningRate: z.number().positive().default(1e-3).describe("Adam step size of the critic (DPPO)"),
  clip: z
    .tuple([z.number().positive(), z.number().positive()])
    .default([0.01, 0.01])
    .describe("clip range of the ratio at the noisiest and at the last denoising step (DPPO, gym)"),
  logProb: z
    .enum(["mean", "sum"])
    .default("mean")
    .describe(
      "over the executed numbers of a prediction: the ratio compares their mean (DDPO, DPPO) or the true density",
    ),
  ftDenoisingSteps: count()
    .nullable()
    .default(null)
    .describe("last denoising steps that are tuned; null: all (paper)"),
  denoisingDiscount: share()
    .default(1)
    .describe("discount of the advantage, per denoising step before the last (DPPO: 0.99)"),
  denoising: z
    .strictObject({
      numInferenceSteps: count()
        .optional()
        .describe("denoising steps S; absent: as many as diffusion timesteps"),
      eta: share().default(1).describe("1: DDPM (paper), 0: DDIM"),
      minSamplingStd: weight()
        .default(0.1)
        .describe("least standard deviation of a step's noise in rollouts (DPPO)"),
    })
    .prefault({}),

  regularizer: z
    .enum(namesOf(regularizers))
    .default("bc")
    .describe(`what keeps the planner where it is good; ${summariesOf(regularizers)}`),
  regularizerWeight: weight().default(1).describe("lambda, the regularizer's weight in Eq. 15"),
  regularizerBalance: z
    .enum(["none", "norm"])
    .default("none")
    .describe(
      "norm: the regularizer's gradient counts as if it were as long as the policy gradient, of each iteration's first minibatch",
    ),
  regularizerBatchSize: count().default(256).describe("windows per gradient step"),
  bufferSize: count().default(50).describe("trajectories in B_target"),
  bufferOrder: z
    .enum(namesOf(bufferOrders))
    .default("best")
    .describe(`which of them stay; ${summariesOf(bufferOrders)}`),
  bufferDraw: z
    .enum(namesOf(bufferDraws))
    .default("windows")
    .describe(`how windows are drawn; ${summariesOf(bufferDraws)}`),

  epochs: count().default(5).describe("passes over an iteration's denoising steps (DPPO: 5 to 10)"),
  minibatchSize: count().default(2048).describe("denoising steps per gradient step, of any chunk and step"),
  learningRate: z.number().positive().default(1e-4).describe("Adam step size (DPPO, gym)"),
  emaDecay: share()
    .default(0.99)
    .describe("per gradient step, of the averaged weights, which are evaluated and kept"),
  maxGradientNorm: z.number().positive().default(1).describe("longer gradients are scaled down to it"),
  targetKl: z
    .number()
    .positive()
    .default(1)
    .describe("nats from the planner that acted: beyond, the update stops (DPPO)"),

  rollbackBelow: share()
    .default(0.5)
    .describe("share of the best success rate; below, the best weights come back"),
});
export type FinetuneConfig = Readonly<z.infer<typeof FinetuneConfig>>;

/**
 * Algorithm 1 as the paper states it: rewards as they are, nothing that ends an episode early, brings weights back or averages
 * them. Differs: lambda, of which the paper says nothing. Rewards of a chunk are about 20 and advantages elsewhere about 1, so that
 * with lambda 1 the policy gradient is two orders longer than the regularizer's, which then does nothing.
 */
const paper = {
  stopAtSuccess: false,
  rollbackBelow: 0,
  emaDecay: 0,
  regularizerWeight: 100,
} satisfies z.input<typeof FinetuneConfig>;

/** Sizes and rates with which a task is fine-tuned in minutes; docs/log.md has the trials. */
const laptop = {
  envSteps: 100_000,
  episodes: 16,
  clip: [0.02, 0.02],
  bufferSize: 100,
  epochs: 4,
  minibatchSize: 512,
  learningRate: 3e-4,
} satisfies z.input<typeof FinetuneConfig>;

/** Departures from the defaults. */
export const finetunePresets = {
  paper,
  "paper-laptop": { ...laptop, ...paper, regularizerBatchSize: 128 },
  laptop: { ...laptop, advantage: "finite-horizon" },
  /** Solves a task of the toy family in seconds. */
  toy: {
    envSteps: 20_000,
    evalEvery: 5000,
    episodes: 16,
    advantage: "finite-horizon",
    clip: [0.1, 0.1],
    denoising: { minSamplingStd: 0.3 },
    regularizerBatchSize: 64,
    bufferSize: 100,
    epochs: 4,
    minibatchSize: 512,
    learningRate: 1e-3,
  },
} as const satisfies Record<string, z.input<typeof FinetuneConfig>>;
