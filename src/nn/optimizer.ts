/**
 * @file AdamW, clipping by the global gradient norm and the exponential moving average (EMA) of the weights, over one
 * flat vector of parameters: the compiled training step reads `theta` and writes `gradient`, the rest happens here.
 * Symbols: P parameters.
 */

import { z } from "zod";
import { UserError } from "../base/index.ts";
import {
  type Coefficients,
  createKernels,
  largestMemory,
  type OptimizerKernels,
} from "./optimizer-kernels.ts";

/** Names and defaults are those of torch.optim.AdamW. The learning rate belongs to the step, see learning-rate.ts. */
export const AdamWConfig = z.strictObject({
  betas: z
    .tuple([z.number().min(0).lt(1), z.number().min(0).lt(1)])
    .default([0.9, 0.999])
    .describe("decay of the first and second moment per step"),
  epsilon: z.number().positive().default(1e-8).describe("added to the root of the second moment"),
  weightDecay: z.number().nonnegative().default(0.01).describe("decoupled: times the learning rate"),
  maxGradientNorm: z.number().positive().optional().describe("longer gradients are scaled down to it"),
  emaDecay: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .describe("decay of the averaged weights; absent: none are kept"),
});
export type AdamWConfig = z.infer<typeof AdamWConfig>;

/** All that a continued run needs to go on with the same bits. Arrays: (P,) float32. */
export interface OptimizerState {
  /** Updates made so far. */
  readonly steps: number;
  readonly theta: Float32Array;
  readonly firstMoment: Float32Array;
  readonly secondMoment: Float32Array;
  /** Present exactly if the configuration has `emaDecay`. */
  readonly ema?: Float32Array;
}

/** Arrays by which a task uses some of the parameters, and moves some. */
export interface MaskedArrays {
  /**
   * Mask of the present task, to be filled before each step: a byte for 4 parameters. Bits 0 to 3: the task uses the parameter;
   * bits 4 to 7: it moves it. (P / 4,), rounded up
   */
  readonly mask: Uint8Array;
  /** The parameters as the task sees them, 0 where it does not use them, written by `applyMask`. (P,) */
  readonly theta: Float32Array;
}

/** The lanes that each of 16 numbers means: all ones where its bit is set. */
const lanes = Int32Array.from({ length: 64 }, (_, i) => ((i >> 2) & (1 << (i & 3)) ? -1 : 0));

/** A longer gradient may overflow the float32 second moment (3.4e38), and its parameter would never move again. */
const longestGradient = 1e19;

/**
 * The parameters of one model with their gradient and optimizer state, side by side in one WebAssembly memory. The
 * arrays are views that stay valid for the object's life: hand them to the engine, read and write them freely. Post
 * a `slice()` of one to another thread: the view itself would take the whole memory along.
 */
export class FlatOptimizer {
  readonly size: number;
  readonly config: AdamWConfig;
  /** The parameters. (P,) */
  readonly theta: Float32Array;
  /** Gradient of the loss in theta, written by the caller before each step. (P,) */
  readonly gradient: Float32Array;
  readonly firstMoment: Float32Array;
  readonly secondMoment: Float32Array;
  /** Exponential moving average of theta, if the configuration has `emaDecay`. (P,) */
  readonly ema: Float32Array | undefined;
  /** Of an optimizer for tasks that share parameters: see `MaskedArrays`. */
  readonly tasks: MaskedArrays | undefined;

  #steps = 0;
  readonly #kernels: OptimizerKernels;
  readonly #bytesPerArray: number;

  /**
   * size: P. All arrays start as zeros: give the first weights with `start`, or `restore` a state.
   * masked: tasks share the parameters; then no average is kept
   */
  constructor(
    size: number,
    config: z.input<typeof AdamWConfig> = {},
    { masked = false }: { readonly masked?: boolean } = {},
  ) {
    const checked = AdamWConfig.safeParse(config);
    if (!checked.success) throw new UserError(`AdamW: ${z.prettifyError(checked.error)}`);
    this.size = size;
    this.config = checked.data;

    if (masked && this.config.emaDecay !== undefined)
      throw new UserError("AdamW: of parameters that tasks share no average is kept; leave emaDecay out.");
    const averages = this.config.emaDecay !== undefined;
    const arrays = masked || averages ? 5 : 4;
    const most = Math.floor(largestMemory / arrays / 64) * 16;
    if (!Number.isSafeInteger(size) || size < 1 || size > most) {
      throw new UserError(
        `An optimizer holds 1 to ${most} parameters (${arrays} float32 arrays in the 4 GiB of a WebAssembly memory), got ${size}.`,
      );
    }
    // Whole cache lines: every array starts on one, and its zero padding spares the kernels a tail.
    this.#bytesPerArray = Math.ceil(size / 16) * 64;
    const maskBytes = masked ? this.#bytesPerArray / 16 + lanes.byteLength : 0;
    const { kernels, buffer } = createKernels(arrays * this.#bytesPerArray + maskBytes);
    const view = (index: number) => new Float32Array(buffer, index * this.#bytesPerArray, size);
    this.#kernels = kernels;
    this.theta = view(0);
    this.gradient = view(1);
    this.firstMoment = view(2);
    this.secondMoment = view(3);
    this.ema = averages ? view(4) : undefined;
    if (!masked) return;
    new Int32Array(buffer, 5 * this.#bytesPerArray, lanes.length).set(lanes);
    const mask = new Uint8Array(buffer, this.#maskAt, Math.ceil(size / 4));
    this.tasks = { mask: mask.fill(255), theta: view(4) };
  }

  /** Address of the mask: behind the lanes, which lie behind the arrays. */
  get #maskAt(): number {
    return 5 * this.#bytesPerArray + lanes.byteLength;
  }

  /** Writes `tasks.theta`. */
  applyMask(): void {
    const stride = this.#bytesPerArray;
    this.#kernels.applyMask(0, 4 * stride, this.#maskAt, 5 * stride, stride / 16);
  }

  /** Updates made so far. */
  get steps(): number {
    return this.#steps;
  }

  /** Begins a run at `theta`: the average equals it, the moments and the step counter are zero. theta: (P,) */
  start(theta: Float32Array): void {
    this.#expectLength("theta", theta);
    this.theta.set(theta);
    this.ema?.set(theta);
    this.firstMoment.fill(0);
    this.secondMoment.fill(0);
    this.#steps = 0;
  }

  /**
   * Updates theta, the moments and the average from `gradient`, and returns the gradient's norm before clipping.
   * emaDecay: for this step only, 0 (theta is copied into the average) to 1 (the average stays as it is).
   * Throws UserError, with everything left untouched, if the gradient is not finite: a NaN is never learned from.
   * Source: torch.optim.AdamW and torch.nn.utils.clip_grad_norm_ (PyTorch 2.13). Differs: the norm is summed in float64.
   */
  step(learningRate: number, emaDecay = this.config.emaDecay ?? 0): { gradientNorm: number } {
    if (!Number.isFinite(learningRate) || learningRate < 0) {
      throw new UserError(`A learning rate is a finite number of at least 0, got ${learningRate}.`);
    }
    if (!(emaDecay >= 0 && emaDecay <= 1)) throw new UserError(`An emaDecay is in [0, 1], got ${emaDecay}.`);
    const stride = this.#bytesPerArray;
    const vectors = stride / 16;
    const gradientNorm = Math.sqrt(this.#kernels.sumOfSquares(stride, vectors));
    const gradientScale = clipFactor(gradientNorm, this.config.maxGradientNorm);
    // Written so that NaN is caught as well.
    if (!(gradientNorm * gradientScale <= longestGradient)) throw this.#unusable(gradientNorm);

    this.#steps += 1;
    const scalars = coefficients(this.config, this.#steps, learningRate, gradientScale, emaDecay);
    const arrays = [0, stride, 2 * stride, 3 * stride] as const;
    if (this.tasks) this.#kernels.updateMaskedAdamW(...arrays, this.#maskAt, 5 * stride, vectors, ...scalars);
    else this.#kernels.updateAdamW(...arrays, this.ema ? 4 * stride : 0, vectors, ...scalars);
    return { gradientNorm };
  }

  /** A copy of what `restore` takes. */
  state(): OptimizerState {
    return {
      steps: this.#steps,
      theta: this.theta.slice(),
      firstMoment: this.firstMoment.slice(),
      secondMoment: this.secondMoment.slice(),
      ...(this.ema && { ema: this.ema.slice() }),
    };
  }

  /** Continues from `state`, bit for bit. Throws UserError, changing nothing, if it is of another size or kind. */
  restore(state: OptimizerState): void {
    if (!Number.isSafeInteger(state.steps) || state.steps < 0) {
      throw new UserError(`Optimizer state: steps is a whole number of at least 0, got ${state.steps}.`);
    }
    this.#expectLength("theta", state.theta);
    this.#expectLength("firstMoment", state.firstMoment);
    this.#expectLength("secondMoment", state.secondMoment);
    if (this.ema && state.ema) this.#expectLength("ema", state.ema);
    else if (this.ema) throw new UserError("Optimizer state: it has no ema, which emaDecay asks for.");
    else if (state.ema) throw new UserError("Optimizer state: it has an ema, but no emaDecay is set.");

    this.theta.set(state.theta);
    this.firstMoment.set(state.firstMoment);
    this.secondMoment.set(state.secondMoment);
    if (state.ema) this.ema?.set(state.ema);
    this.#steps = state.steps;
  }

  #expectLength(name: string, array: Float32Array): void {
    if (array.length === this.size) return;
    throw new UserError(`Optimizer state: ${name} has ${array.length} numbers, the model has ${this.size}.`);
  }

  #unusable(gradientNorm: number): UserError {
    const step = `Step ${this.#steps + 1}`;
    const first = this.gradient.findIndex((value) => !Number.isFinite(value));
    if (first >= 0) {
      const found = `the gradient is ${this.gradient[first]} at parameter ${first} of ${this.size}`;
      return new UserError(
        `${step}: ${found}, and nothing was updated. Lower the learning rate or check the data.`,
      );
    }
    const found = `the gradient's norm is ${gradientNorm.toPrecision(3)}, beyond the ${longestGradient.toExponential()} that float32 can learn from`;
    return new UserError(`${step}: ${found}, and nothing was updated. Set maxGradientNorm.`);
  }
}

/** Factor that keeps a gradient of this norm within `maxNorm`. */
export function clipFactor(norm: number, maxNorm: number | undefined): number {
  return maxNorm === undefined ? 1 : Math.min(1, maxNorm / (norm + 1e-6));
}

/** The scalars of update number `step`, which is 1 for the first. gradientScale, emaDecay: 0 to 1. */
export function coefficients(
  config: AdamWConfig,
  step: number,
  learningRate: number,
  gradientScale: number,
  emaDecay: number,
): Coefficients {
  const [beta1, beta2] = config.betas;
  return [
    gradientScale,
    beta1,
    1 - beta1,
    beta2,
    1 - beta2,
    1 - learningRate * config.weightDecay,
    learningRate / (1 - integerPower(beta1, step)),
    1 / Math.sqrt(1 - integerPower(beta2, step)),
    config.epsilon,
    emaDecay,
    1 - emaDecay,
  ];
}

/** base^exponent by squaring: unlike Math.pow, the same bits on every engine. */
function integerPower(base: number, exponent: number): number {
  let power = 1;
  for (let square = base, rest = exponent; rest > 0; square *= square, rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) power *= square;
  }
  return power;
}
