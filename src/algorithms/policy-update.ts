/**
 * @file One improvement of a planner from what it has just done: passes over all denoising steps of all decisions.
 * Symbols: N decisions, S denoising steps of a chain, round j in [0, S), M denoising steps in a minibatch, B windows of
 * the regularizer, H horizon, T_o observations a plan depends on, O observation size, A action size, C condition size
 * T_o O, P parameters.
 */
import { type Random, type StoredTensors, UserError } from "../base/index.ts";
import type { Windows } from "../data/index.ts";
import {
  type DenoisingSteps,
  denoisingSteps,
  type LogProbOptions,
  stepKl,
  stepLogProb,
} from "../diffusion/index.ts";
import { createTrainer, type Trainer } from "../nn/index.ts";
import {
  add,
  compile,
  type Device,
  float32,
  int32,
  layoutOf,
  mean,
  mul,
  type Program,
  unpack,
  type Value,
} from "../tensor/index.ts";
import type { FinetuneConfig } from "./finetune.ts";
import { drawBatch, emptyBatch } from "./imitation-batch.ts";
import {
  denoiserOf,
  diffusionOf,
  executedActions,
  imitationLoss,
  imitationSpecs,
  type Network,
  type Planner,
  type TracedNetwork,
} from "./planner.ts";
import type { DenoisingChain } from "./planner-policy.ts";
import { clipRanges, ppoLoss, type RatioStatistics, ratioStatistics } from "./ppo.ts";
import { optimizerState, optimizerTensors, vector } from "./training-state.ts";

/** A decision and what it is credited with. */
export interface CreditedChain {
  readonly chain: DenoisingChain;
  readonly advantage: number;
}

export interface UpdateReport extends RatioStatistics {
  readonly loss: number;
  readonly gradientNorm: number;
  /** To the pre-trained planner, per denoising step, nats (reduced as the log-probabilities are). */
  readonly klToPretrained: number;
  /** Passes that were made; fewer than asked for if the planner ran away. */
  readonly epochs: number;
}

/** A minibatch of denoising steps: what each made of what. */
interface StepBatch {
  /** Normalised. (M, H, A) */
  readonly from: Float32Array;
  readonly to: Float32Array;
  /** (M,) */
  readonly round: Int32Array;
  /** (M, C) */
  readonly condition: Float32Array;
}
/** What the policy gradient knows of them. (M,) each. */
interface ScoreBatch {
  readonly oldLogProb: Float32Array;
  readonly advantage: Float32Array;
  readonly clipRange: Float32Array;
}

/** What is compiled. */
interface Programs {
  readonly trainer: Trainer<Network, string>;
  /** Log-probabilities of a minibatch, in the shapes of the training step: an unchanged planner's ratio is exactly 1. */
  readonly score: Program<"theta" | keyof StepBatch, "logProb">;
  readonly drift: Program<"theta" | "pretrained" | keyof StepBatch, "kl">;
}

/** Holds device memory until disposed. */
export class PolicyUpdate implements AsyncDisposable {
  readonly #config: FinetuneConfig;
  readonly #planner: Planner;
  /** Of the pre-trained planner. (P,) */
  readonly #pretrained: Float32Array;
  readonly #programs: Programs;
  /** The rounds that are tuned, and the clip range of each. */
  readonly #rounds: readonly number[];
  readonly #clipRanges: Float32Array;

  /**
   * planner: what is improved   pretrained: the parameters it is compared with, (P,)
   * Throws UserError where the denoising options and the planner do not agree.
   */
  static async compile(
    config: FinetuneConfig,
    planner: Planner,
    pretrained: Float32Array,
    device: Device,
  ): Promise<PolicyUpdate> {
    const steps = denoisingSteps(diffusionOf(planner.config), config.denoising);
    const count = steps.levels.length;
    const tuned = config.ftDenoisingSteps ?? count;
    if (tuned > count)
      throw new UserError(
        `The chain has ${count} denoising steps; ftDenoisingSteps asked to tune the last ${tuned}. Use at most ${count}.`,
      );
    const rounds = Array.from({ length: tuned }, (_, i) => count - tuned + i);
    const programs = await compilePrograms(config, planner, steps, device);
    return new PolicyUpdate(config, planner, pretrained, programs, rounds);
  }

  private constructor(
    config: FinetuneConfig,
    planner: Planner,
    pretrained: Float32Array,
    programs: Programs,
    rounds: readonly number[],
  ) {
    this.#config = config;
    this.#planner = planner;
    this.#pretrained = pretrained;
    this.#programs = programs;
    this.#rounds = rounds;
    this.#clipRanges = clipRanges(rounds.length, ...config.clip);
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
   * One or more passes over every tuned denoising step of `credited`, in minibatches of random order, each beside a
   * batch of `windows`, which the planner is kept close to. Stops when the planner runs away from what it was.
   */
  async update(
    credited: readonly CreditedChain[],
    windows: Windows | undefined,
    random: Random,
  ): Promise<UpdateReport> {
    const { epochs, minibatchSize, learningRate, targetKl } = this.#config;
    const { trainer } = this.#programs;
    const rows = credited.length * this.#rounds.length;
    if (rows === 0) throw new UserError("An update takes at least one decision.");
    const oldLogProb = await this.#logProbs(credited);
    const batch = this.#emptyBatch();
    const imitation = emptyBatch(this.#planner.config, this.#config.regularizerBatchSize);
    const perEpoch = Math.ceil(rows / minibatchSize);
    for (let epoch = 1; ; epoch++) {
      const order = random.permutation(rows);
      let [loss, gradientNorm] = [0, 0];
      for (let minibatch = 0; minibatch < perEpoch; minibatch++) {
        // The last minibatch is filled up from the front.
        for (let row = 0; row < minibatchSize; row++)
          this.#fillRow(batch, row, credited, order[(minibatch * minibatchSize + row) % rows], oldLogProb);
        if (windows !== undefined) await drawBatch(this.#planner.config, windows, random, imitation);
        const step = await trainer.step(
          { ...batch, ...imitation, pretrained: this.#pretrained },
          learningRate,
        );
        loss += step.loss / perEpoch;
        gradientNorm += step.gradientNorm / perEpoch;
      }
      const report = { loss, gradientNorm, epochs: epoch, ...(await this.#compare(batch)) };
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
    for (const program of Object.values(this.#programs)) await program[Symbol.asyncDispose]();
  }

  #emptyBatch(): StepBatch & ScoreBatch {
    const { horizon, actionSize, nObsSteps, observationSize } = this.#planner.config;
    const rows = this.#config.minibatchSize;
    return {
      from: new Float32Array(rows * horizon * actionSize),
      to: new Float32Array(rows * horizon * actionSize),
      round: new Int32Array(rows),
      condition: new Float32Array(rows * nObsSteps * observationSize),
      oldLogProb: new Float32Array(rows),
      advantage: new Float32Array(rows),
      clipRange: new Float32Array(rows),
    };
  }

  /** Denoising step `index` of all: of decision index / tuned rounds, its round index % tuned rounds. */
  #fillRow(
    batch: StepBatch & ScoreBatch,
    row: number,
    credited: readonly CreditedChain[],
    index: number,
    oldLogProb: Float32Array,
  ): void {
    const { chain, advantage } = credited[Math.floor(index / this.#rounds.length)];
    const which = index % this.#rounds.length;
    const round = this.#rounds[which];
    const size = batch.from.length / batch.round.length;
    batch.from.set(chain.plans.subarray(round * size, (round + 1) * size), row * size);
    batch.to.set(chain.plans.subarray((round + 1) * size, (round + 2) * size), row * size);
    batch.condition.set(chain.condition, row * chain.condition.length);
    batch.round[row] = round;
    batch.advantage[row] = advantage;
    batch.clipRange[row] = this.#clipRanges[which];
    batch.oldLogProb[row] = oldLogProb[index];
  }

  /** Of every denoising step of all, under the present parameters. */
  async #logProbs(credited: readonly CreditedChain[]): Promise<Float32Array> {
    const all = new Float32Array(credited.length * this.#rounds.length);
    const batch = this.#emptyBatch();
    const rows = batch.round.length;
    for (let first = 0; first < all.length; first += rows) {
      for (let row = 0; row < rows; row++)
        this.#fillRow(batch, row, credited, (first + row) % all.length, all);
      const { logProb } = await this.#programs.score.run({ ...batch, theta: this.theta });
      all.set(logProb.subarray(0, all.length - first), first);
    }
    return all;
  }

  /** How far the planner has come from what it was when it acted, and from the pre-trained one, on one minibatch. */
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

async function compilePrograms(
  config: FinetuneConfig,
  planner: Planner,
  steps: DenoisingSteps,
  device: Device,
): Promise<Programs> {
  const { config: sizes } = planner;
  const rows = config.minibatchSize;
  const layout = layoutOf(planner.network);
  const theta = float32(layout.size);
  const reduction: LogProbOptions = { reduce: config.logProb, actions: executedActions(sizes) };
  const stepSpecs = {
    from: float32(rows, sizes.horizon, sizes.actionSize),
    to: float32(rows, sizes.horizon, sizes.actionSize),
    round: int32(rows),
    condition: float32(rows, sizes.nObsSteps * sizes.observationSize),
  };
  const scoreSpecs = { oldLogProb: float32(rows), advantage: float32(rows), clipRange: float32(rows) };
  type StepValues = Readonly<Record<keyof StepBatch, Value>>;
  const logProbOf = (network: TracedNetwork, values: StepValues) =>
    stepLogProb(steps, denoiserOf(sizes, network), values, reduction);
  const klOf = (network: TracedNetwork, other: Value, { from, round, condition }: StepValues) => {
    const chain = (of: TracedNetwork) => ({ steps, denoise: denoiserOf(sizes, of) });
    const inputs = { plans: from, round, condition };
    return mean(stepKl(chain(network), chain(unpack(layout, other)), inputs, reduction));
  };
  const { policyGradient, regularizer, regularizerWeight } = config;
  const trainer = await createTrainer({
    network: planner.network,
    inputs: {
      ...stepSpecs,
      ...scoreSpecs,
      pretrained: theta,
      ...imitationSpecs(sizes, config.regularizerBatchSize),
    },
    loss: (network: TracedNetwork, inputs) => {
      const terms: Value[] = [];
      // Eq. 12
      if (policyGradient) terms.push(ppoLoss({ ...inputs, logProb: logProbOf(network, inputs) }));
      // Eq. 14 on windows of the target buffer (bc), Eq. 7 on windows of the pre-training data (pl): the same loss
      if (regularizer === "bc" || regularizer === "pl")
        terms.push(mul(regularizerWeight, imitationLoss(planner, network, inputs)));
      if (regularizer === "kl") terms.push(mul(regularizerWeight, klOf(network, inputs.pretrained, inputs)));
      return terms.reduce((sum, term) => add(sum, term)); // Eq. 15
    },
    optimizer: { weightDecay: 0, maxGradientNorm: config.maxGradientNorm, emaDecay: config.emaDecay },
    device,
  });
  const score = await compile(
    { ...stepSpecs, theta },
    ({ theta, ...values }) => ({ logProb: logProbOf(unpack(layout, theta), values) }),
    { device },
  );
  const drift = await compile(
    { ...stepSpecs, theta, pretrained: theta },
    ({ theta, pretrained, ...values }) => ({ kl: klOf(unpack(layout, theta), pretrained, values) }),
    { device },
  );
  return { trainer: trainer as never, score, drift };
}
