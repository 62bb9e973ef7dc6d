/**
 * @file One update of soft actor-critic as two programs: of the critics, then of actor and temperature.
 * Symbols: B batch, N tasks, O observation size, A action size.
 */
import type { Random, StoredTensors } from "../../base/index.ts";
import type { CpuDevice } from "../../devices/index.ts";
import { createTrainer } from "../../nn/index.ts";
import {
  add,
  float32,
  type Layout,
  layoutOf,
  type Parameter,
  stopGradient,
  sub,
  unpack,
  type Value,
} from "../../tensor/index.ts";
import { optimizerState, optimizerTensors } from "../training-state.ts";
import type { SacConfig } from "./config.ts";
import {
  type ActorNetwork,
  actorLosses,
  type Critics,
  criticLoss,
  type SacNetworks,
  type SacSizes,
} from "./losses.ts";
import { encodedSize } from "./observation-encoder.ts";
import type { Transitions } from "./transitions.ts";

/** Report of one update. */
export interface SacReport {
  readonly criticLoss: number;
  readonly actorLoss: number;
}

/** The networks of an agent under training. Holds device memory until disposed. */
export class SacUpdate implements AsyncDisposable {
  readonly #config: SacConfig;
  readonly #actor: ActorTrainer;
  readonly #critics: CriticTrainer;
  /** Standard normal draws, (B, A) each: for the action of the next observations, and of the present ones. */
  readonly #noise: { readonly next: Float32Array; readonly now: Float32Array };

  /** first: the first weights */
  static async compile(
    config: SacConfig,
    sizes: SacSizes,
    first: SacNetworks,
    device: CpuDevice,
  ): Promise<SacUpdate> {
    const layouts = { actor: layoutOf(first.actor), critics: layoutOf(first.critics) };
    const critics = await criticTrainer(config, sizes, first, layouts, device);
    const actor = await actorTrainer(config, sizes, first, layouts, device);
    return new SacUpdate(config, sizes, actor, critics);
  }

  private constructor(config: SacConfig, sizes: SacSizes, actor: ActorTrainer, critics: CriticTrainer) {
    const numbers = config.batchSize * sizes.actionSize;
    this.#config = config;
    this.#actor = actor;
    this.#critics = critics;
    this.#noise = { next: new Float32Array(numbers), now: new Float32Array(numbers) };
  }

  get layout(): Layout<ActorNetwork<Parameter>> {
    return this.#actor.layout;
  }

  /** Actor and logarithms of the temperatures: they change in place. */
  get theta(): Float32Array {
    return this.#actor.theta as Float32Array;
  }

  /** Of both critics, and their moving average: they change in place. */
  get #criticThetas() {
    const { theta, average } = this.#critics;
    return { theta: theta as Float32Array, average: average as Float32Array };
  }

  /** Updates so far. */
  get steps(): number {
    return this.#actor.steps;
  }

  /** One update of the critics, then one of actor and temperature. random: of this update alone */
  async step(batch: Transitions, random: Pick<Random, "fillNormal">): Promise<SacReport> {
    const { next, now } = this.#noise;
    random.fillNormal(next);
    random.fillNormal(now);
    const { criticLearningRate, learningRate } = this.#config;
    const { theta, average } = this.#criticThetas;
    const critics = await this.#critics.step(
      { ...batch, noise: next, actor: this.theta, targets: average },
      criticLearningRate,
    );
    const { observations } = batch;
    const actor = await this.#actor.step({ observations, noise: now, critics: theta }, learningRate);
    return { criticLoss: critics.loss, actorLoss: actor.loss };
  }

  async network(): Promise<ActorNetwork<Parameter>> {
    return (await this.#actor.network()) as unknown as ActorNetwork<Parameter>;
  }

  async tensors(): Promise<StoredTensors> {
    return {
      ...optimizerTensors("actor", await this.#actor.state()),
      ...optimizerTensors("critics", await this.#critics.state()),
    };
  }

  async restore(tensors: StoredTensors, steps: number): Promise<void> {
    await this.#actor.restore(optimizerState("actor", tensors, steps));
    await this.#critics.restore(optimizerState("critics", tensors, steps));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#actor[Symbol.asyncDispose]();
    await this.#critics[Symbol.asyncDispose]();
  }
}

type ActorTrainer = Awaited<ReturnType<typeof actorTrainer>>;
type CriticTrainer = Awaited<ReturnType<typeof criticTrainer>>;
interface Layouts {
  readonly actor: Layout<ActorNetwork<Parameter>>;
  readonly critics: Layout<Critics<Parameter>>;
}

function criticTrainer(
  config: SacConfig,
  sizes: SacSizes,
  first: SacNetworks,
  layouts: Layouts,
  device: CpuDevice,
) {
  const { batchSize, tau } = config;
  const seen = float32(batchSize, encodedSize(sizes.observationSize, sizes.tasks));
  const acts = float32(batchSize, sizes.actionSize);
  return createTrainer({
    network: first.critics,
    inputs: {
      observations: seen,
      actions: acts,
      rewards: float32(batchSize),
      nextObservations: seen,
      continues: float32(batchSize),
      noise: acts,
      actor: float32(layouts.actor.size),
      targets: float32(layouts.critics.size),
    },
    loss: (network, { actor, targets, ...batch }) => {
      const [now, next] = [network, unpack(layouts.critics, targets)] as unknown as Critics<Value>[];
      const policy = unpack(layouts.actor, actor) as unknown as ActorNetwork<Value>;
      return criticLoss(now, policy, next, batch, config, sizes);
    },
    optimizer: { weightDecay: 0, emaDecay: 1 - tau },
    device,
  });
}

function actorTrainer(
  config: SacConfig,
  sizes: SacSizes,
  first: SacNetworks,
  layouts: Layouts,
  device: CpuDevice,
) {
  const { batchSize } = config;
  return createTrainer({
    network: first.actor,
    inputs: {
      observations: float32(batchSize, encodedSize(sizes.observationSize, sizes.tasks)),
      noise: float32(batchSize, sizes.actionSize),
      critics: float32(layouts.critics.size),
    },
    loss: (network, { critics, ...batch }) => {
      const values = unpack(layouts.critics, critics) as unknown as Critics<Value>;
      const losses = actorLosses(network as unknown as ActorNetwork<Value>, values, batch, config, sizes);
      // Neither has a gradient in what the other is to learn; in value it is the actor's alone.
      return add(losses.actor, sub(losses.temperature, stopGradient(losses.temperature)));
    },
    optimizer: { weightDecay: 0 },
    device,
  });
}
