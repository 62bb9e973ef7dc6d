/**
 * @file The value of a state, for generalised advantages: what the chunks from here on will earn, discounted. It sees the
 * state alone, not the timestep, as in DPPO.
 * Symbols: N states, B batch, T_o observations an action sequence depends on, O observation size.
 */
import type { Random, StoredTensors } from "../../base/index.ts";
import { createTrainer, initMlp, type Mlp, mlp, type Trainer } from "../../nn/index.ts";
import {
  type EncoderNetworks,
  encodeObservations,
  encoderOf,
  featureSize,
  initEncoders,
  type Planner,
  sizesOf,
  splitObservations,
} from "../../policies/index.ts";
import {
  compile,
  type Device,
  float32,
  layoutOf,
  type Mapped,
  mean,
  type Parameter,
  type Program,
  reshape,
  square,
  sub,
  unpack,
  type Value,
} from "../../tensor/index.ts";
import { optimizerState, optimizerTensors } from "../training-state.ts";

export interface CriticOptions {
  readonly learningRate: number;
  readonly random: Random;
  readonly device: Device;
}

const batchSize = 256;

interface CriticNetwork {
  /** The critic's own, of the planner's kinds. */
  readonly encoders: EncoderNetworks;
  readonly layers: Mlp<Parameter>;
}

/** A multi-layer perceptron of three hidden layers of 256. Differs from DPPO's: no residual connections. Holds device memory until disposed. */
export class Critic implements AsyncDisposable {
  readonly #learningRate: number;
  readonly #rowSize: number;
  readonly #trainer: Trainer<CriticNetwork, "observations" | "returns">;
  readonly #program: Program<"theta" | "observations", "values">;

  static async create(planner: Planner, { learningRate, random, device }: CriticOptions): Promise<Critic> {
    const { nObsSteps } = planner.config;
    const { observationSize, seenSize } = sizesOf(planner.config);
    const encoder = encoderOf(planner);
    const network: CriticNetwork = {
      encoders: initEncoders(encoder, random.split("encoders")),
      layers: initMlp([nObsSteps * featureSize(encoder), 256, 256, 256, 1], random),
    };
    const seen = float32(batchSize, nObsSteps, observationSize);
    const values = ({ encoders, layers }: Mapped<CriticNetwork, Value>, observations: Value) => {
      const features = encodeObservations(encoders, encoder, splitObservations(encoder.space, observations));
      return reshape(mlp(layers as Mlp<Value>, reshape(features, [batchSize, -1]), "mish"), [batchSize]);
    };
    const trainer = await createTrainer({
      network,
      inputs: { observations: seen, returns: float32(batchSize) },
      loss: (network: Mapped<CriticNetwork, Value>, { observations, returns }) =>
        mean(square(sub(values(network, observations), returns))),
      optimizer: { weightDecay: 0, maxGradientNorm: 1 },
      device,
    });
    const layout = layoutOf(network);
    const program = await compile(
      { observations: seen, theta: float32(layout.size) },
      ({ theta, observations }) => ({ values: values(unpack(layout, theta), observations) }),
      { device },
    );
    return new Critic(learningRate, seenSize, trainer as never, program);
  }

  private constructor(
    learningRate: number,
    rowSize: number,
    trainer: Trainer<CriticNetwork, "observations" | "returns">,
    program: Program<"theta" | "observations", "values">,
  ) {
    this.#learningRate = learningRate;
    this.#rowSize = rowSize;
    this.#trainer = trainer;
    this.#program = program;
  }

  /** observations: raw, (T_o, O) each   returns: (N,) */
  async values(observations: readonly Float32Array[]): Promise<Float32Array> {
    const all = new Float32Array(observations.length);
    const batch = new Float32Array(batchSize * this.#rowSize);
    for (let first = 0; first < observations.length; first += batchSize) {
      const rows = observations.slice(first, first + batchSize);
      rows.forEach((row, i) => {
        batch.set(row, i * this.#rowSize);
      });
      const { values } = await this.#program.run({ theta: this.#trainer.theta, observations: batch });
      all.set(values.subarray(0, rows.length), first);
    }
    return all;
  }

  /** Learns the returns, (N,), of states in `epochs` passes. Returns the mean loss. */
  async fit(
    observations: readonly Float32Array[],
    returns: Float32Array,
    epochs: number,
    random: Random,
  ): Promise<number> {
    const batch = {
      observations: new Float32Array(batchSize * this.#rowSize),
      returns: new Float32Array(batchSize),
    };
    const steps = Math.max(1, Math.floor((epochs * returns.length) / batchSize));
    let total = 0;
    for (let step = 0; step < steps; step++) {
      for (let row = 0; row < batchSize; row++) {
        const pick = random.integer(returns.length);
        batch.observations.set(observations[pick], row * this.#rowSize);
        batch.returns[row] = returns[pick];
      }
      total += (await this.#trainer.step(batch, this.#learningRate)).loss;
    }
    return total / steps;
  }

  get steps(): number {
    return this.#trainer.steps;
  }

  async tensors(): Promise<StoredTensors> {
    return optimizerTensors("critic", await this.#trainer.state());
  }

  async restore(tensors: StoredTensors, steps: number): Promise<void> {
    await this.#trainer.restore(optimizerState("critic", tensors, steps));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#trainer[Symbol.asyncDispose]();
    await this.#program[Symbol.asyncDispose]();
  }
}
