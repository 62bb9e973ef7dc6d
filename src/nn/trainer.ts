/**
 * @file One training step as one program. Where programs read and write this process's memory the optimizer works in place
 * on it; on a device with a memory of its own, a graphics card, it is part of the program, and the parameters stay there.
 * Symbols: P parameters.
 */
import type { z } from "zod";
import { type AsyncClosable, UserError } from "../base/index.ts";
import {
  compile,
  type Device,
  type DeviceArray,
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
import { AdamWConfig, coefficients, FlatOptimizer, type OptimizerState } from "./optimizer.ts";
import { adamWStep, largestNorm, type OptimizerArrays } from "./optimizer-graph.ts";

export interface TrainerOptions<Network, Inputs extends string> {
  /** First values, a tree of Parameter. */
  readonly network: Network;
  /** Inputs of a step beside the parameters. */
  readonly inputs: Readonly<Record<Inputs, Spec>>;
  /** The scalar to minimise. */
  readonly loss: (network: Mapped<Network, Value>, inputs: Readonly<Record<Inputs, Value>>) => Value;
  readonly optimizer?: z.input<typeof AdamWConfig>;
  readonly device: Device;
}

/** A network under training. One step at a time. Dispose it to free the device's memory. */
export interface Trainer<Network, Inputs extends string> extends AsyncClosable {
  readonly layout: Layout<Network>;
  /** Updates made so far. */
  readonly steps: number;
  /** The parameters (P,), to be given to other programs of the device before the next step. */
  readonly theta: Float32Array | DeviceArray;
  /** Their exponential moving average (P,), or theta itself where none is kept. */
  readonly average: Float32Array | DeviceArray;
  /**
   * One step of gradient descent on one batch. Throws UserError, leaving the parameters as they were, if the loss or its
   * gradient is not finite.
   * emaDecay: of the average, for this step only: 0 (a copy) to 1 (it stays as it is). Default: the optimizer's
   */
  step(
    batch: Readonly<Record<Inputs, Numbers>>,
    learningRate: number,
    emaDecay?: number,
  ): Promise<{ readonly loss: number; readonly gradientNorm: number }>;
  /** A copy of the parameters, or of their average, as a tree. */
  network(which?: "theta" | "average"): Promise<Mapped<Network, Parameter>>;
  /** A copy of all that a continued run needs. */
  state(): Promise<OptimizerState>;
  /** Continues from `state`: bit for bit on the processor. Throws UserError, changing nothing, if it does not fit. */
  restore(state: OptimizerState): Promise<void>;
}

/** Compiles the loss with its gradient and allocates the optimizer. */
export async function createTrainer<Network, Inputs extends string>(
  options: TrainerOptions<Network, Inputs>,
): Promise<Trainer<Network, Inputs>> {
  const { upload } = options.device;
  return upload === undefined ? HostTrainer.create(options) : CardTrainer.create(options, upload);
}

/** Loss and flat gradient, traced. */
function lossAndGradient<Network, Inputs extends string>(
  { loss }: TrainerOptions<Network, Inputs>,
  layout: Layout<Network>,
  theta: Value,
  inputs: Readonly<Record<Inputs, Value>>,
): { loss: Value; gradient: Value } {
  const [value, gradient] = valueAndGrad(loss)(unpack(layout, theta), inputs);
  return { loss: value, gradient: pack(gradient) };
}

function notFinite(step: number, loss: number): UserError {
  return new UserError(
    `Step ${step}: the loss is ${loss}, and nothing was updated. Lower the learning rate or check the data.`,
  );
}

/** In this process's memory. */
class HostTrainer<Network, Inputs extends string> implements Trainer<Network, Inputs> {
  readonly layout: Layout<Network>;
  readonly #optimizer: FlatOptimizer;
  readonly #program: Program<Inputs | "theta", "loss" | "gradient">;

  static async create<Network, Inputs extends string>(options: TrainerOptions<Network, Inputs>) {
    const layout = layoutOf(options.network);
    const optimizer = new FlatOptimizer(layout.size, options.optimizer);
    flatten(options.network, optimizer.theta);
    optimizer.start(optimizer.theta);
    const program = await compile<Inputs | "theta", "loss" | "gradient">(
      { ...options.inputs, theta: float32(layout.size) } as never,
      (values) => lossAndGradient(options, layout, values.theta, values),
      { device: options.device },
    );
    return new HostTrainer<Network, Inputs>(layout, optimizer, program);
  }

  private constructor(
    layout: Layout<Network>,
    optimizer: FlatOptimizer,
    program: Program<Inputs | "theta", "loss" | "gradient">,
  ) {
    this.layout = layout;
    this.#optimizer = optimizer;
    this.#program = program;
  }

  get steps(): number {
    return this.#optimizer.steps;
  }

  get theta(): Float32Array {
    return this.#optimizer.theta;
  }

  get average(): Float32Array {
    return this.#optimizer.ema ?? this.#optimizer.theta;
  }

  async step(batch: Readonly<Record<Inputs, Numbers>>, learningRate: number, emaDecay?: number) {
    const { theta, gradient } = this.#optimizer;
    const inputs = { ...batch, theta } as Record<Inputs | "theta", Numbers>;
    const { loss } = await this.#program.run(inputs, { gradient });
    if (!Number.isFinite(loss[0])) throw notFinite(this.steps + 1, loss[0]);
    return { loss: loss[0], ...this.#optimizer.step(learningRate, emaDecay) };
  }

  async network(which: "theta" | "average" = "theta") {
    return unflatten(this.layout, this[which]);
  }

  async state() {
    return this.#optimizer.state();
  }

  async restore(state: OptimizerState) {
    this.#optimizer.restore(state);
  }

  /** The same as its disposal, for who has no `await using`. */
  close(): Promise<void> {
    return this[Symbol.asyncDispose]();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#program[Symbol.asyncDispose]();
  }
}

type Upload = NonNullable<Device["upload"]>;
type ArrayName = keyof OptimizerArrays<unknown>;
/** The names under which a step returns the arrays. */
type NextName = `next_${ArrayName}`;

/** In a device's own memory. */
class CardTrainer<Network, Inputs extends string> implements Trainer<Network, Inputs> {
  readonly layout: Layout<Network>;
  readonly #config: AdamWConfig;
  readonly #program: Program<Inputs | ArrayName | "scalars", "loss" | "gradientNorm" | NextName, NextName>;
  readonly #upload: Upload;
  #arrays: OptimizerArrays<DeviceArray>;
  #steps = 0;

  static async create<Network, Inputs extends string>(
    options: TrainerOptions<Network, Inputs>,
    upload: Upload,
  ) {
    const layout = layoutOf(options.network);
    const config = AdamWConfig.parse(options.optimizer ?? {});
    const names = arrayNames(config);
    const vector = float32(layout.size);
    const program = await compile(
      {
        ...options.inputs,
        ...Object.fromEntries(names.map((name) => [name, vector])),
        scalars: float32(11),
      } as never,
      (values: Record<string, Value>) => {
        const now = Object.fromEntries(
          names.map((name) => [name, values[name]]),
        ) as never as OptimizerArrays<Value>;
        const { loss, gradient } = lossAndGradient(options, layout, now.theta, values as never);
        const { arrays, gradientNorm } = adamWStep(now, loss, gradient, values.scalars, config);
        const next = names.map((name) => [`next_${name}`, arrays[name]]);
        return { loss, gradientNorm, ...Object.fromEntries(next) };
      },
      { device: options.device, onDevice: names.map((name): NextName => `next_${name}`) },
    );
    const theta = new Float32Array(layout.size);
    flatten(options.network, theta);
    const zeros = new Float32Array(layout.size);
    const first = { theta, firstMoment: zeros, secondMoment: zeros, ema: theta };
    const arrays = await uploadArrays(upload, names, first);
    return new CardTrainer<Network, Inputs>(layout, config, program as never, upload, arrays);
  }

  private constructor(
    layout: Layout<Network>,
    config: AdamWConfig,
    program: Program<Inputs | ArrayName | "scalars", "loss" | "gradientNorm" | NextName, NextName>,
    upload: Upload,
    arrays: OptimizerArrays<DeviceArray>,
  ) {
    this.layout = layout;
    this.#config = config;
    this.#program = program;
    this.#upload = upload;
    this.#arrays = arrays;
  }

  get steps(): number {
    return this.#steps;
  }

  get theta(): DeviceArray {
    return this.#arrays.theta;
  }

  get average(): DeviceArray {
    return this.#arrays.ema ?? this.#arrays.theta;
  }

  async step(
    batch: Readonly<Record<Inputs, Numbers>>,
    learningRate: number,
    emaDecay = this.#config.emaDecay ?? 0,
  ) {
    const scalars = Float32Array.from(coefficients(this.#config, this.#steps + 1, learningRate, 1, emaDecay));
    const results = await this.#program.run({ ...batch, ...this.#arrays, scalars } as never);
    const next = arrayNames(this.#config).map((name) => [name, results[`next_${name}`]]);
    disposeArrays(this.#arrays);
    this.#arrays = Object.fromEntries(next) as never;
    const [loss, gradientNorm] = [results.loss[0], results.gradientNorm[0]];
    if (!Number.isFinite(loss) || !(gradientNorm < largestNorm)) throw notFinite(this.#steps + 1, loss);
    this.#steps += 1;
    return { loss, gradientNorm };
  }

  async network(which: "theta" | "average" = "theta") {
    return unflatten(this.layout, await this[which].download());
  }

  async state() {
    const { theta, firstMoment, secondMoment, ema } = this.#arrays;
    return {
      steps: this.#steps,
      theta: await theta.download(),
      firstMoment: await firstMoment.download(),
      secondMoment: await secondMoment.download(),
      ...(ema && { ema: await ema.download() }),
    };
  }

  async restore(state: OptimizerState) {
    // The processor's optimizer knows what fits; its check costs nothing beside the upload.
    new FlatOptimizer(this.layout.size, this.#config).restore(state);
    const arrays = await uploadArrays(this.#upload, arrayNames(this.#config), state);
    disposeArrays(this.#arrays);
    this.#arrays = arrays;
    this.#steps = state.steps;
  }

  /** The same as its disposal, for who has no `await using`. */
  close(): Promise<void> {
    return this[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    disposeArrays(this.#arrays);
    await this.#program[Symbol.asyncDispose]();
  }
}

function arrayNames({ emaDecay }: AdamWConfig): ArrayName[] {
  return ["theta", "firstMoment", "secondMoment", ...(emaDecay === undefined ? [] : ["ema" as const])];
}

async function uploadArrays(
  upload: Upload,
  names: readonly ArrayName[],
  arrays: OptimizerArrays<Float32Array>,
): Promise<OptimizerArrays<DeviceArray>> {
  const uploaded: [ArrayName, DeviceArray][] = [];
  for (const name of names) {
    const numbers = arrays[name] as Float32Array;
    uploaded.push([name, await upload(numbers, [numbers.length])]);
  }
  return Object.fromEntries(uploaded) as never;
}

function disposeArrays(arrays: OptimizerArrays<DeviceArray>): void {
  for (const array of Object.values(arrays)) array[Symbol.dispose]();
}
