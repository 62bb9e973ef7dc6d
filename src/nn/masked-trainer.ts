/**
 * @file Training of parameters that tasks share, of which each task uses and moves its own: the optimizer works on one vector
 * in place, whatever the number of tasks. Symbols: P parameters.
 */
import { UserError } from "../base/index.ts";
import {
  compile,
  flatten,
  float32,
  type Layout,
  layoutOf,
  type Mapped,
  type Numbers,
  type Parameter,
  pack,
  unflatten,
  unpack,
  type Value,
  valueAndGrad,
} from "../tensor/index.ts";
import { clipFactor, FlatOptimizer, type OptimizerState } from "./optimizer.ts";
import type { TrainerOptions } from "./trainer.ts";

/** Masks: a byte for 4 parameters, of which bits 0 to 3 say which are used and bits 4 to 7 which are moved, (P / 4,). */
export interface MaskedTrainer<Network, Inputs extends string> extends AsyncDisposable {
  readonly layout: Layout<Network>;
  /** Updates made so far. */
  readonly steps: number;
  /** The parameters, (P,). */
  readonly theta: Float32Array;
  /** One step of gradient descent in one task. Throws UserError, as a trainer does, if the loss is not finite. */
  step(
    batch: Readonly<Record<Inputs, Numbers>>,
    learningRate: number,
    mask: Uint8Array,
  ): Promise<{ readonly loss: number; readonly gradientNorm: number }>;
  /** The gradient of a batch as a step would use it, clipped, but of parameters that the task does not use as well. (P,) */
  gradient(batch: Readonly<Record<Inputs, Numbers>>, mask: Uint8Array): Promise<Float32Array>;
  network(): Mapped<Network, Parameter>;
  state(): OptimizerState;
  restore(state: OptimizerState): void;
}

/** Compiles the loss with its gradient. Throws UserError for a device with a memory of its own. */
export async function createMaskedTrainer<Network, Inputs extends string>(
  options: TrainerOptions<Network, Inputs>,
): Promise<MaskedTrainer<Network, Inputs>> {
  const { network, device } = options;
  if (device.upload !== undefined)
    throw new UserError(`Parameters with masks are trained on the processor, not on ${device.kind}.`);
  const layout = layoutOf(network);
  const optimizer = new FlatOptimizer(layout.size, options.optimizer, { masked: true });
  const { tasks } = optimizer as { tasks: NonNullable<FlatOptimizer["tasks"]> };
  const first = new Float32Array(layout.size);
  flatten(network, first);
  optimizer.start(first);
  const program = await compile(
    { ...options.inputs, theta: float32(layout.size) } as never,
    ({ theta, ...inputs }: Readonly<Record<string, Value>>) => {
      const [loss, gradient] = valueAndGrad(options.loss)(unpack(layout, theta), inputs as never);
      return { loss, gradient: pack(gradient) };
    },
    { device },
  );
  const differentiate = async (batch: object, mask: Uint8Array): Promise<number> => {
    tasks.mask.set(mask);
    optimizer.applyMask();
    const { loss } = await program.run({ ...batch, theta: tasks.theta } as never, {
      gradient: optimizer.gradient,
    });
    if (!Number.isFinite(loss[0]))
      throw new UserError(
        `Step ${optimizer.steps + 1}: the loss is ${loss[0]}, and nothing was updated. Lower the learning rate or check the data.`,
      );
    return loss[0];
  };
  return {
    layout,
    get steps() {
      return optimizer.steps;
    },
    theta: optimizer.theta,
    async step(batch, learningRate, mask) {
      const loss = await differentiate(batch, mask);
      return { loss, ...optimizer.step(learningRate) };
    },
    async gradient(batch, mask) {
      await differentiate(batch, mask);
      const norm = Math.sqrt(optimizer.gradient.reduce((sum, x) => sum + x * x, 0));
      const factor = clipFactor(norm, optimizer.config.maxGradientNorm);
      return optimizer.gradient.map((x) => x * factor);
    },
    network: () => unflatten(layout, optimizer.theta),
    state: () => optimizer.state(),
    restore: (state) => optimizer.restore(state),
    [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
  };
}
