/**
 * @file One improvement of a planner from what it has just done: passes over all denoising steps of all chunks.
 * Symbols: N chunks, S denoising steps of a chain, M denoising steps in a minibatch, P parameters.
 */
import { type Random, type StoredTensors, UserError } from "../../base/index.ts";
import { denoisingSteps } from "../../diffusion/index.ts";
import {
  diffusionOf,
  drawBatch,
  emptyBatch,
  type ImitationSampler,
  type Planner,
} from "../../policies/index.ts";
import type { Device, Numbers } from "../../tensor/index.ts";
import { optimizerState, optimizerTensors, vector } from "../training-state.ts";
import { clipRanges, denoisingDiscounts, type RatioStatistics, ratioStatistics } from "./ppo.ts";
import { type ChainAdvantage, emptySteps, fillSteps, type ScoreBatch, type StepBatch } from "./step-batch.ts";
import {
  compileUpdate,
  stepBatchSizes,
  type UpdateInputs,
  type UpdateLoss,
  type UpdatePrograms,
  type UpdateTraining,
} from "./update-programs.ts";

/** Options of an update. */
export interface UpdateOptions extends UpdateLoss, UpdateTraining {
  /** Clip range of the ratio at the noisiest and at the last of the tuned denoising steps. */
  readonly clip: readonly [number, number];
  /** Of the advantage, per denoising step before the last. */
  readonly denoisingDiscount: number;
  /** Last denoising steps that are tuned; null: all. */
  readonly ftDenoisingSteps: number | null;
  /** Passes over the denoising steps. */
  readonly epochs: number;
  /** Adam step size. */
  readonly learningRate: number;
  /** Nats from the planner that acted: beyond, the update stops. */
  readonly targetKl: number;
}

export interface UpdateReport extends RatioStatistics {
  readonly loss: number;
  readonly gradientNorm: number;
  /** Divergence from the pre-trained planner, per denoising step, nats (reduced as the log-probabilities are). */
  readonly klToPretrained: number;
  /** Passes that were made; fewer than asked for if the planner ran away. */
  readonly epochs: number;
  /** Of the first minibatch; absent where the loss has but one term. */
  readonly gradients?: Gradients;
}

/** Lengths of the two gradients, the regularizer's with its weight, and the cosine of the angle between them. */
interface Gradients {
  readonly policy: number;
  readonly regularizer: number;
  readonly cosine: number;
}

/** Holds device memory until disposed. */
export class PolicyUpdate implements AsyncDisposable {
  readonly #options: UpdateOptions;
  readonly #planner: Planner;
  /** Parameters of the pre-trained planner. (P,) */
  readonly #pretrained: Float32Array;
  readonly #programs: UpdatePrograms;
  /** The denoising steps that are tuned, and the clip range of each. */
  readonly #steps: readonly number[];
  readonly #clipRanges: Float32Array;
  readonly #discounts: Float32Array;

  /**
   * planner: what is improved   pretrained: the parameters it is compared with, (P,)
   * Throws UserError where the denoising options and the planner do not agree.
   */
  static async compile(
    options: UpdateOptions,
    planner: Planner,
    pretrained: Float32Array,
    device: Device,
  ): Promise<PolicyUpdate> {
    const count = denoisingSteps(diffusionOf(planner.config), options.denoising).timesteps.length;
    const tuned = options.ftDenoisingSteps ?? count;
    if (tuned > count)
      throw new UserError(
        `The chain has ${count} denoising steps; ftDenoisingSteps asked to tune the last ${tuned}. Use at most ${count}.`,
      );
    const steps = Array.from({ length: tuned }, (_, i) => count - tuned + i);
    const programs = await compileUpdate(planner, options, options, device);
    return new PolicyUpdate(options, planner, pretrained, programs, steps);
  }

  private constructor(
    options: UpdateOptions,
    planner: Planner,
    pretrained: Float32Array,
    programs: UpdatePrograms,
    steps: readonly number[],
  ) {
    this.#options = options;
    this.#planner = planner;
    this.#pretrained = pretrained;
    this.#programs = programs;
    this.#steps = steps;
    this.#clipRanges = clipRanges(steps.length, ...options.clip);
    this.#discounts = denoisingDiscounts(steps.length, options.denoisingDiscount);
  }

  /** Updates made so far. */
  get steps(): number {
    return this.#programs.trainer.steps;
  }

  /** The parameters, (P,): they change in place. */
  get theta(): Float32Array {
    return this.#programs.trainer.theta as Float32Array;
  }

  /** Their exponential moving average, (P,): it changes in place. */
  get average(): Float32Array {
    return this.#programs.trainer.average as Float32Array;
  }

  /**
   * One or more passes over every tuned denoising step of the chains, in minibatches of random order, each beside a
   * batch of what the planner is kept close to, if it is. Stops when the planner runs away from what it was.
   */
  async update(
    chains: readonly ChainAdvantage[],
    sampler: ImitationSampler | undefined,
    random: Random,
  ): Promise<UpdateReport> {
    const { epochs, minibatchSize, chunks, learningRate, targetKl, regularizer } = this.#options;
    const { config } = this.#planner;
    const { trainer } = this.#programs;
    const rows = chains.length * this.#steps.length;
    if (rows === 0) throw new UserError("An update takes at least one chunk.");
    if (chains.length > chunks)
      throw new UserError(`This update takes at most ${chunks} chunks, got ${chains.length}.`);
    const tuned = {
      chains,
      steps: this.#steps,
      clipRanges: this.#clipRanges,
      discounts: this.#discounts,
    };
    const oldLogProb = await this.#logProbs(chains);
    const batch = emptySteps(config, stepBatchSizes(this.#options));
    const imitation = emptyBatch(config, regularizer.batchSize);
    const balance = Float32Array.of(1);
    const own = { pretrained: this.#pretrained, balance };
    const perEpoch = Math.ceil(rows / minibatchSize);
    let gradients: Gradients | undefined;
    for (let epoch = 1; ; epoch++) {
      const order = random.permutation(rows);
      let [loss, gradientNorm] = [0, 0];
      for (let minibatch = 0; minibatch < perEpoch; minibatch++) {
        // The last minibatch is filled up from the front.
        fillSteps(batch, { ...tuned, oldLogProb }, (row) => order[(minibatch * minibatchSize + row) % rows]);
        if (sampler !== undefined) await drawBatch(config, sampler, random, imitation);
        const inputs = { ...batch, ...imitation, ...own };
        if (epoch === 1 && minibatch === 0) {
          gradients = await this.#gradients(inputs);
          if (gradients && regularizer.balanced && gradients.policy * gradients.regularizer > 0)
            balance[0] = gradients.policy / gradients.regularizer;
        }
        const step = await trainer.step(inputs, learningRate);
        loss += step.loss / perEpoch;
        gradientNorm += step.gradientNorm / perEpoch;
      }
      const report = {
        loss,
        gradientNorm,
        epochs: epoch,
        ...(await this.#compare(batch)),
        ...(gradients && { gradients }),
      };
      if (epoch === epochs || !(report.approximateKl <= targetKl)) return report;
    }
  }

  async tensors(): Promise<StoredTensors> {
    return {
      ...optimizerTensors("planner", await this.#programs.trainer.state()),
      pretrained: vector(this.#pretrained),
    };
  }

  async restore(tensors: StoredTensors, steps: number): Promise<void> {
    await this.#programs.trainer.restore(optimizerState("planner", tensors, steps));
  }

  /** Starts anew with other parameters: the optimizer forgets what it has seen. */
  async restart(theta: Float32Array): Promise<void> {
    const zeros = new Float32Array(theta.length);
    await this.#programs.trainer.restore({
      steps: 0, // with more, Adam would take its empty moments for settled ones, and six-fold steps
      theta,
      firstMoment: zeros,
      secondMoment: zeros,
      ema: theta,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const program of Object.values(this.#programs)) await program?.[Symbol.asyncDispose]();
  }

  /** Log-probability of every tuned denoising step of all chains, under the present parameters. */
  async #logProbs(chains: readonly ChainAdvantage[]): Promise<Float32Array> {
    const rows = this.#options.minibatchSize;
    const all = new Float32Array(chains.length * this.#steps.length);
    const tuned = {
      chains,
      steps: this.#steps,
      clipRanges: this.#clipRanges,
      discounts: this.#discounts,
      oldLogProb: all,
    };
    const batch = emptySteps(this.#planner.config, stepBatchSizes(this.#options));
    for (let first = 0; first < all.length; first += rows) {
      fillSteps(batch, tuned, (row) => (first + row) % all.length);
      const { logProb } = await this.#programs.score.run({ ...batch, theta: this.theta });
      all.set(logProb.subarray(0, all.length - first), first);
    }
    return all;
  }

  async #gradients(inputs: Readonly<Record<keyof UpdateInputs, Numbers>>): Promise<Gradients | undefined> {
    const products = await this.#programs.products?.run({ ...inputs, theta: this.theta });
    if (products === undefined) return undefined;
    const [policy, regularizer] = [Math.sqrt(products.policy[0]), Math.sqrt(products.regularizer[0])];
    const longest = policy * regularizer;
    return { policy, regularizer, cosine: longest === 0 ? 0 : products.both[0] / longest };
  }

  /** Distance of the planner from what it was when it acted, and from the pre-trained one, on one minibatch. */
  async #compare(batch: StepBatch & ScoreBatch): Promise<RatioStatistics & { klToPretrained: number }> {
    const { logProb } = await this.#programs.score.run({ ...batch, theta: this.theta });
    const { kl } = await this.#programs.drift.run({
      ...batch,
      theta: this.theta,
      pretrained: this.#pretrained,
    });
    return { ...ratioStatistics(logProb, batch.oldLogProb, batch.clipRange), klToPretrained: kl[0] };
  }
}
