/** @file One update of soft actor-critic: of the critics, then of actor and temperature. Symbols: B batch, A action size. */
import type { Random, StoredTensors } from "../../base/index.ts";
import type { CpuDevice } from "../../devices/index.ts";
import { float32, type Layout, type Mapped, type Parameter, type Value } from "../../tensor/index.ts";
import { ActorCritic } from "../online/actor-critic.ts";
import { actorAndTemperature } from "../online/losses.ts";
import { encodedSize } from "../online/observation-encoder.ts";
import { type Transitions, transitionSpecs } from "../online/transitions.ts";
import type { SacConfig } from "./config.ts";
import {
  type ActorNetwork,
  actorLosses,
  type Critics,
  criticLoss,
  type SacNetworks,
  type SacSizes,
} from "./losses.ts";

/** Report of one update. */
export interface SacReport {
  readonly criticLoss: number;
  readonly actorLoss: number;
}

type Networks = ActorCritic<
  SacNetworks["actor"],
  SacNetworks["critics"],
  "observations" | "noise",
  keyof Transitions | "noise"
>;

/** The networks of an agent under training. Holds device memory until disposed. */
export class SacUpdate implements AsyncDisposable {
  readonly #config: SacConfig;
  readonly #networks: Networks;
  /** Standard normal draws, (B, A) each: for the action of the next observations, and of the present ones. */
  readonly #noise: { readonly next: Float32Array; readonly now: Float32Array };

  /** first: the first weights */
  static async compile(
    config: SacConfig,
    sizes: SacSizes,
    first: SacNetworks,
    device: CpuDevice,
  ): Promise<SacUpdate> {
    const { batchSize, tau } = config;
    const width = encodedSize(sizes.observationSize, sizes.tasks);
    const noise = float32(batchSize, sizes.actionSize);
    const networks: Networks = await ActorCritic.compile({
      first,
      actorInputs: { observations: float32(batchSize, width), noise },
      criticInputs: { ...transitionSpecs(batchSize, width, sizes.actionSize), noise },
      criticLoss: (critics, actor, targets, batch) =>
        criticLoss(traced(critics), policy(actor), traced(targets), batch, config, sizes),
      actorLoss: (actor, critics, batch) =>
        actorAndTemperature(actorLosses(policy(actor), traced(critics), batch, config, sizes)),
      tau,
      device,
    });
    return new SacUpdate(config, sizes, networks);
  }

  private constructor(config: SacConfig, sizes: SacSizes, networks: Networks) {
    const numbers = config.batchSize * sizes.actionSize;
    this.#config = config;
    this.#networks = networks;
    this.#noise = { next: new Float32Array(numbers), now: new Float32Array(numbers) };
  }

  get layout(): Layout<ActorNetwork<Parameter>> {
    return this.#networks.layout;
  }

  /** Actor and logarithms of the temperatures: they change in place. */
  get theta(): Float32Array {
    return this.#networks.theta;
  }

  /** Updates so far. */
  get steps(): number {
    return this.#networks.steps;
  }

  /** One update of the critics, then one of actor and temperature. random: of this update alone */
  async step(batch: Transitions, random: Pick<Random, "fillNormal">): Promise<SacReport> {
    const { next, now } = this.#noise;
    random.fillNormal(next);
    random.fillNormal(now);
    const { criticLearningRate, learningRate } = this.#config;
    const criticLoss = await this.#networks.stepCritics({ ...batch, noise: next }, criticLearningRate);
    const { observations } = batch;
    const actorLoss = await this.#networks.stepActor({ observations, noise: now }, learningRate);
    return { criticLoss, actorLoss };
  }

  async network(): Promise<ActorNetwork<Parameter>> {
    return (await this.#networks.network()) as unknown as ActorNetwork<Parameter>;
  }

  tensors(): Promise<StoredTensors> {
    return this.#networks.tensors();
  }

  restore(tensors: StoredTensors, steps: number): Promise<void> {
    return this.#networks.restore(tensors, steps);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#networks[Symbol.asyncDispose]();
  }
}

const policy = (actor: Mapped<ActorNetwork<Parameter>, Value>) => actor as unknown as ActorNetwork<Value>;
const traced = (critics: Mapped<Critics<Parameter>, Value>) => critics as unknown as Critics<Value>;
