/** @file Policy updates with less to write: options, chains, windows. */

import { PolicyUpdate, type UpdateOptions } from "../src/algorithms/sodp/policy-update.ts";
import { ppoLoss } from "../src/algorithms/sodp/ppo.ts";
import type { ChainAdvantage } from "../src/algorithms/sodp/step-batch.ts";
import type { RegularizerTerms } from "../src/algorithms/sodp/update-programs.ts";
import { Random } from "../src/base/index.ts";
import { cpu } from "../src/devices/index.ts";
import { type ImitationSampler, type Planner, thetaOf } from "../src/policies/index.ts";

const regularizers: Readonly<Record<string, UpdateOptions["regularizer"]["loss"]>> = {
  bc: ({ imitation }: RegularizerTerms) => imitation(),
  kl: ({ kl }: RegularizerTerms) => kl(),
  none: undefined,
};
export interface Settings extends Partial<Omit<UpdateOptions, "regularizer" | "policyGradient">> {
  readonly policyGradient?: boolean;
  readonly regularizer?: "bc" | "kl" | "none";
  readonly regularizerWeight?: number;
  readonly regularizerBatchSize?: number;
  readonly balanced?: boolean;
}
/** One pass, nothing but the policy gradient, ranges that nothing leaves. */
const optionsOf = ({
  policyGradient = true,
  regularizer = "none",
  regularizerWeight: weight = 1,
  regularizerBatchSize: batchSize = 256,
  balanced = false,
  ...settings
}: Settings): UpdateOptions => ({
  denoising: { minSamplingStd: 0.1 },
  logProb: "mean",
  ftDenoisingSteps: null,
  epochs: 1,
  clip: [10, 10],
  denoisingDiscount: 1,
  minibatchSize: 2048,
  chunks: 256,
  learningRate: 1e-3,
  emaDecay: 0,
  maxGradientNorm: 1,
  targetKl: 1,
  ...settings,
  policyGradient: policyGradient ? ppoLoss : null,
  regularizer: { weight, batchSize, balanced, loss: regularizers[regularizer] },
});
/** A policy update of a planner.   pretrained: the planner it is kept close to */
export const compileUpdate = (settings: Settings, planner: Planner, pretrained = planner) =>
  PolicyUpdate.compile(optionsOf(settings), planner, thetaOf(pretrained), cpu({ threads: 1 }));

/** Chains of any numbers: of steps from anywhere to anywhere. */
export function chainsOf(count: number, steps: number, size: number, advantage?: (i: number) => number) {
  const random = new Random(count + steps);
  return Array.from({ length: count }, (_, i): ChainAdvantage => {
    const samples = random.fillNormal(new Float32Array((steps + 1) * size)).map((x) => 0.5 * x);
    const observations = Float32Array.of(random.normal());
    return { chain: { samples, observations }, advantage: advantage?.(i) ?? random.normal() + 0.3 };
  });
}

/** Windows that all hold these actions, (H, A). */
export const samplerOf = (actions: readonly number[]): ImitationSampler => ({
  sample(_, { action }) {
    for (let at = 0; at < action.length; at += actions.length) action.set(actions, at);
  },
});
