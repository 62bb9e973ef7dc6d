/**
 * @file One training step as one program: loss and gradient from the compiled graph, the update from the optimiser.
 * Symbols: P parameters.
 */
import type { z } from "zod";
import { UserError } from "../base/index.ts";
import {
  compile,
  type Device,
  flatten,
  float32,
  type Layout,
  layoutOf,
  type Mapped,
  type Numbers,
  type Parameter,
  type Program,
  pack,
  type Spec,
  unflatten,
  unpack,
  type Value,
  valueAndGrad,
} from "../tensor/index.ts";
import { type AdamWConfig, FlatOptimiser, type OptimiserState } from "./optimiser.ts";

export interface TrainerOptions<Network, Inputs extends string> {
  /** First values, a tree of Parameter. */
  readonly network: Network;
  /** What each step is given beside the parameters. */
  readonly inputs: Readonly<Record<Inputs, Spec>>;
  /** The scalar to minimise. */
  readonly loss: (network: Mapped<Network, Value>, inputs: Readonly<Record<Inputs, Value>>) => Value;
  readonly optimiser?: z.input<typeof AdamWConfig>;
  readonly device?: Device;
}

/** Compiles the loss with its gradient and allocates the optimiser. Dispose it to free the device's memory. */
export async function createTrainer<Network, Inputs extends string>(
  options: TrainerOptions<Network, Inputs>,
): Promise<Trainer<Network, Inputs>> {
  const layout = layoutOf(options.network);
  const optimiser = new FlatOptimiser(layout.size, options.optimiser);
  const theta = new Float32Array(layout.size);
  flatten(options.network, theta);
  optimiser.start(theta);
  const specs = { ...options.inputs, theta: float32(layout.size) };
  const program = await compile(
    specs,
    ({ theta, ...inputs }) => {
      const [loss, gradient] = valueAndGrad(options.loss)(unpack(layout, theta), inputs as never);
      return { loss, gradient: pack(gradient) };
    },
    options.device === undefined ? {} : { device: options.device },
  );
  return new Trainer(layout, optimiser, program as never);
}

/** A network under training. One step at a time. */
export class Trainer<Network, Inputs extends string> {
  readonly layout: Layout<Network>;
  readonly #optimiser: FlatOptimiser;
  readonly #program: Program<Inputs | "theta", "loss" | "gradient">;

  constructor(
    layout: Layout<Network>,
    optimiser: FlatOptimiser,
    program: Program<Inputs | "theta", "loss" | "gradient">,
  ) {
    this.layout = layout;
    this.#optimiser = optimiser;
    this.#program = program;
  }

  /** Updates made so far. */
  get steps(): number {
    return this.#optimiser.steps;
  }

  /** The parameters now, (P,): a view to hand to other programs, valid until the next step. */
  get theta(): Float32Array {
    return this.#optimiser.theta;
  }

  /** Their exponential moving average, (P,); theta itself where none is kept. */
  get average(): Float32Array {
    return this.#optimiser.ema ?? this.#optimiser.theta;
  }

  /**
   * One step of gradient descent on one batch. Throws UserError, leaving the parameters as they were, if loss or gradient
   * is not finite.
   */
  async step(
    batch: Readonly<Record<Inputs, Numbers>>,
    learningRate: number,
  ): Promise<{ readonly loss: number; readonly gradientNorm: number }> {
    const { theta, gradient } = this.#optimiser;
    const { loss } = await this.#program.run({ ...batch, theta } as never, { gradient } as never);
    if (!Number.isFinite(loss[0]))
      throw new UserError(
        `Step ${this.steps + 1}: the loss is ${loss[0]}, and nothing was updated. Lower the learning rate or check the data.`,
      );
    return { loss: loss[0], ...this.#optimiser.step(learningRate) };
  }

  /** A copy of the parameters as a tree. */
  network(which: "theta" | "average" = "theta"): Mapped<Network, Parameter> {
    return unflatten(this.layout, which === "theta" ? this.theta : this.average);
  }

  /** A copy of all that a continued run needs. */
  state(): OptimiserState {
    return this.#optimiser.state();
  }

  /** Continues from `state`, bit for bit. Throws UserError, changing nothing, if it is of another size. */
  restore(state: OptimiserState): void {
    this.#optimiser.restore(state);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program[Symbol.asyncDispose]();
  }
}
