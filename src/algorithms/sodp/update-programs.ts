/**
 * @file Programs of an update: the loss of Eq. 15 with its gradient, log-probabilities, and the distance to the
 * pre-trained planner. Observations enter raw, so that every term reaches the encoders; a chunk's are encoded once for all
 * of its denoising steps in a minibatch.
 * Symbols: M denoising steps in a minibatch, C chunks they are of at most, B windows of the regularizer, P parameters.
 */
import {
  type DenoisingOptions,
  denoisingSteps,
  type LogProbOptions,
  stepKl,
  stepLogProb,
} from "../../diffusion/index.ts";
import { createTrainer, type Trainer } from "../../nn/index.ts";
import {
  conditionOf,
  denoiserOf,
  diffusionOf,
  executedActions,
  type ImitationInputs,
  imitationLoss,
  imitationSpecs,
  type Planner,
  type PlannerNetwork,
  splitObservations,
  type TracedNetwork,
} from "../../policies/index.ts";
import {
  add,
  compile,
  type Device,
  float32,
  gather,
  grad,
  layoutOf,
  mean,
  mul,
  type Program,
  sum,
  unpack,
  type Value,
} from "../../tensor/index.ts";
import type { ScoredSteps } from "./ppo.ts";
import { type ScoreBatch, type StepBatch, type StepBatchSizes, scoreSpecs, stepSpecs } from "./step-batch.ts";

/** The loss that an update descends, and the denoising it is about. */
export interface UpdateLoss {
  readonly denoising: DenoisingOptions;
  /** Over the executed numbers of a sample: the ratio compares their mean (DDPO, DPPO) or the true density. */
  readonly logProb: "mean" | "sum";
  /** L_Imp, of denoising steps with their log-probabilities; null: rewards are not followed. */
  readonly policyGradient: ((steps: ScoredSteps) => Value) | null;
  readonly regularizer: Regularizer;
}

/** Term that keeps the planner where it is good: L_BC and its relatives. */
export interface Regularizer {
  /** Lambda of Eq. 15. */
  readonly weight: number;
  /** Windows per gradient step, B. */
  readonly batchSize: number;
  /** True: its gradient counts as if it were as long as the policy gradient; `balance` is an input of the loss. */
  readonly balanced?: boolean;
  /** The term made of these; absent: none. */
  readonly loss?: ((terms: RegularizerTerms) => Value) | undefined;
}

/** Terms that a regularizer may be made of: () each. */
export interface RegularizerTerms {
  /** The denoising loss on windows: Eq. 14 on the target buffer's, Eq. 7 on those of the pre-training data. */
  imitation(): Value;
  /** Divergence from the pre-trained planner, per denoising step, nats (reduced as the log-probabilities are). */
  kl(): Value;
}

/** Values of a training step beside the parameters. */
export type UpdateInputs = Readonly<
  Record<keyof StepBatch | keyof ScoreBatch | keyof ImitationInputs | "pretrained" | "balance", Value>
>;
type StepValues = Readonly<Record<keyof StepBatch, Value>>;
type SeenValues = Pick<StepValues, "observations" | "chunk">;

/** The terms of an update as functions of traced parameters. */
export function updateTerms(planner: Planner, { denoising, logProb, ...loss }: UpdateLoss) {
  const { config } = planner;
  const steps = denoisingSteps(diffusionOf(config), denoising);
  const layout = layoutOf(planner.network);
  const reduction: LogProbOptions = { reduce: logProb, actions: executedActions(config) };
  const chainOf = (network: TracedNetwork, { observations, chunk }: SeenValues) => {
    const parts = splitObservations(config.spaces.observation, observations);
    const { vector, tokens } = conditionOf(planner, network, parts); // of chunks
    const ofSteps = (rows: Value) => gather(rows, chunk);
    return {
      steps,
      denoise: denoiserOf(config, network),
      condition: { vector: ofSteps(vector), ...(tokens && { tokens: ofSteps(tokens) }) },
    };
  };
  const logProbOf = (network: TracedNetwork, values: StepValues) => {
    const { denoise, condition } = chainOf(network, values);
    return stepLogProb(steps, denoise, { ...values, condition }, reduction);
  };
  const klOf = (network: TracedNetwork, pretrained: Value, values: StepValues) => {
    const [own, other] = [network, unpack(layout, pretrained) as TracedNetwork].map((each) =>
      chainOf(each, values),
    );
    return mean(stepKl(own, other, { sample: values.from, step: values.step }, reduction));
  };
  const policyOf = (network: TracedNetwork, inputs: UpdateInputs): Value | undefined =>
    loss.policyGradient?.({ ...inputs, logProb: logProbOf(network, inputs) });
  /** With its weight, but for the balance. */
  const regularizerOf = (network: TracedNetwork, inputs: UpdateInputs): Value | undefined => {
    const term = loss.regularizer.loss?.({
      imitation: () => imitationLoss(planner, network, inputs),
      kl: () => klOf(network, inputs.pretrained, inputs),
    });
    return term && mul(loss.regularizer.weight, term);
  };
  /** Eq. 15 */
  const lossOf = (network: TracedNetwork, inputs: UpdateInputs): Value => {
    const regularizer = regularizerOf(network, inputs);
    const balanced =
      regularizer && loss.regularizer.balanced ? mul(inputs.balance, regularizer) : regularizer;
    const terms = [policyOf(network, inputs), balanced].filter((term) => term !== undefined);
    return terms.reduce((sum, term) => add(sum, term));
  };
  return { logProbOf, klOf, policyOf, regularizerOf, lossOf };
}

/** Shapes of a training step's inputs. */
export function updateSpecs(planner: Planner, { regularizer }: UpdateLoss, sizes: StepBatchSizes) {
  return {
    ...stepSpecs(planner.config, sizes),
    ...scoreSpecs(sizes.rows),
    pretrained: float32(layoutOf(planner.network).size),
    ...imitationSpecs(planner.config, regularizer.batchSize),
    balance: float32(),
  };
}

/** Compiled programs of an update. */
export interface UpdatePrograms {
  readonly trainer: Trainer<PlannerNetwork, string>;
  /** Log-probabilities of a minibatch, in the shapes of the training step: an unchanged planner's ratio is exactly 1. */
  readonly score: Program<"theta" | keyof StepBatch, "logProb">;
  /** Divergence from the pre-trained planner. */
  readonly drift: Program<"theta" | "pretrained" | keyof StepBatch, "kl">;
  /** Products of the two gradients, of a training step's inputs; null where one of the terms is missing. */
  readonly products: Program<"theta" | keyof UpdateInputs, "policy" | "regularizer" | "both"> | null;
}

export interface UpdateTraining {
  /** Denoising steps per gradient step, M. */
  readonly minibatchSize: number;
  /** The most chunks that an update is given. */
  readonly chunks: number;
  readonly emaDecay: number;
  readonly maxGradientNorm: number;
}

/** Sizes of its minibatches: M denoising steps are of at most M chunks. */
export const stepBatchSizes = ({
  minibatchSize,
  chunks,
}: Pick<UpdateTraining, "minibatchSize" | "chunks">): StepBatchSizes => ({
  rows: minibatchSize,
  chunks: Math.min(minibatchSize, chunks),
});

/** Throws UserError where the denoising options and the planner do not agree. */
export async function compileUpdate(
  planner: Planner,
  loss: UpdateLoss,
  { emaDecay, maxGradientNorm, ...training }: UpdateTraining,
  device: Device,
): Promise<UpdatePrograms> {
  const { logProbOf, klOf, policyOf, regularizerOf, lossOf } = updateTerms(planner, loss);
  const layout = layoutOf(planner.network);
  const theta = float32(layout.size);
  const sizes = stepBatchSizes(training);
  const steps = stepSpecs(planner.config, sizes);
  const inputs = updateSpecs(planner, loss, sizes);
  const traced = (vector: Value) => unpack(layout, vector) as TracedNetwork;
  const trainer = await createTrainer({
    network: planner.network,
    inputs,
    loss: (network, inputs) => lossOf(network as TracedNetwork, inputs),
    optimizer: { weightDecay: 0, maxGradientNorm, emaDecay },
    device,
  });
  const score = await compile(
    { ...steps, theta },
    ({ theta, ...values }) => ({ logProb: logProbOf(traced(theta), values) }),
    { device },
  );
  const drift = await compile(
    { ...steps, theta, pretrained: theta },
    ({ theta, pretrained, ...values }) => ({ kl: klOf(traced(theta), pretrained, values) }),
    { device },
  );
  const products =
    loss.policyGradient && loss.regularizer.loss
      ? await compile(
          { ...inputs, theta },
          ({ theta, ...values }) => {
            const network = traced(theta);
            const gradientOf = (term: typeof policyOf) =>
              grad(term(network, values as UpdateInputs) as Value, [theta])[0];
            const [policy, regularizer] = [gradientOf(policyOf), gradientOf(regularizerOf)];
            const product = (a: Value, b: Value) => sum(mul(a, b));
            return {
              policy: product(policy, policy),
              regularizer: product(regularizer, regularizer),
              both: product(policy, regularizer),
            };
          },
          { device },
        )
      : null;
  return { trainer: trainer as never, score, drift, products };
}
