/**
 * @file Actor and critics under training: an optimizer each, and a program each that knows the other's weights.
 * Symbols: P parameters of the actor, Q of the critics.
 */
import type { StoredTensors } from "../../base/index.ts";
import type { CpuDevice } from "../../devices/index.ts";
import { createTrainer, type Trainer } from "../../nn/index.ts";
import {
  float32,
  type Layout,
  layoutOf,
  type Mapped,
  type Numbers,
  type Parameter,
  type Spec,
  unpack,
  type Value,
} from "../../tensor/index.ts";
import { optimizerState, optimizerTensors } from "../training-state.ts";

type Specs<Names extends string> = Readonly<Record<Names, Spec>>;
type Values<Names extends string> = Readonly<Record<Names, Value>>;
type Batch<Names extends string> = Readonly<Record<Names, Numbers>>;

export interface ActorCriticOptions<Actor, Critics, ActorInputs extends string, CriticInputs extends string> {
  /** First weights: trees of Parameter. */
  readonly first: { readonly actor: Actor; readonly critics: Critics };
  readonly actorInputs: Specs<ActorInputs>;
  readonly criticInputs: Specs<CriticInputs>;
  /** Form of the averaged critics that the critics' loss is given; default: all of them. */
  readonly targets?: Layout<unknown>;
  criticLoss(
    critics: Mapped<Critics, Value>,
    actor: Mapped<Actor, Value>,
    targets: Mapped<Critics, Value>,
    inputs: Values<CriticInputs>,
  ): Value;
  actorLoss(actor: Mapped<Actor, Value>, critics: Mapped<Critics, Value>, inputs: Values<ActorInputs>): Value;
  /** Share of the critics, and of the actor where it has an average, that goes into their average at each of their steps. */
  readonly tau: number;
  readonly averagesActor?: boolean;
  /** Steps of the critics for each of the actor. Default: 1. */
  readonly criticSteps?: number;
  readonly device: CpuDevice;
}

/** Holds device memory until disposed. */
export class ActorCritic<Actor, Critics, ActorInputs extends string, CriticInputs extends string>
  implements AsyncDisposable
{
  readonly #actor: Trainer<Actor, ActorInputs | "critics">;
  readonly #critics: Trainer<Critics, CriticInputs | "actor" | "targets">;
  readonly #criticSteps: number;

  static async compile<Actor, Critics, ActorInputs extends string, CriticInputs extends string>(
    options: ActorCriticOptions<Actor, Critics, ActorInputs, CriticInputs>,
  ): Promise<ActorCritic<Actor, Critics, ActorInputs, CriticInputs>> {
    const { first, tau, averagesActor, criticSteps = 1, device } = options;
    const layouts = { actor: layoutOf(first.actor), critics: layoutOf(first.critics) };
    const { targets: targetLayout = layouts.critics } = options;
    const critics = await createTrainer({
      network: first.critics,
      inputs: {
        ...options.criticInputs,
        actor: float32(layouts.actor.size),
        targets: float32(targetLayout.size),
      } as Specs<CriticInputs | "actor" | "targets">,
      loss: (network, inputs) => {
        const actor = unpack(layouts.actor, inputs.actor);
        const targets = unpack(targetLayout, inputs.targets) as Mapped<Critics, Value>;
        return options.criticLoss(network, actor, targets, inputs);
      },
      optimizer: { weightDecay: 0, emaDecay: 1 - tau },
      device,
    });
    const actor = await createTrainer({
      network: first.actor,
      inputs: { ...options.actorInputs, critics: float32(layouts.critics.size) } as Specs<
        ActorInputs | "critics"
      >,
      loss: (network, inputs) => options.actorLoss(network, unpack(layouts.critics, inputs.critics), inputs),
      optimizer: { weightDecay: 0, ...(averagesActor && { emaDecay: 1 - tau }) },
      device,
    });
    return new ActorCritic(actor, critics, criticSteps);
  }

  private constructor(
    actor: Trainer<Actor, ActorInputs | "critics">,
    critics: Trainer<Critics, CriticInputs | "actor" | "targets">,
    criticSteps: number,
  ) {
    this.#actor = actor;
    this.#critics = critics;
    this.#criticSteps = criticSteps;
  }

  get layout(): Layout<Actor> {
    return this.#actor.layout;
  }

  /** Weights of the actor, (P,): they change in place, as those below. */
  get theta(): Float32Array {
    return this.#actor.theta as Float32Array;
  }

  /** Average of the actor, where one is kept, else the actor. (P,) */
  get average(): Float32Array {
    return this.#actor.average as Float32Array;
  }

  /** Weights of the critics. (Q,) */
  get critics(): Float32Array {
    return this.#critics.theta as Float32Array;
  }

  /** Average of the critics. (Q,) */
  get criticsAverage(): Float32Array {
    return this.#critics.average as Float32Array;
  }

  /** Steps of the actor so far. */
  get steps(): number {
    return this.#actor.steps;
  }

  /** One step of the critics. actor, targets: weights to value the next state by. returns: the loss before it */
  async stepCritics(
    batch: Batch<CriticInputs>,
    learningRate: number,
    { actor = this.theta, targets = this.criticsAverage } = {},
  ): Promise<number> {
    const given = { ...batch, actor, targets } as Batch<CriticInputs | "actor" | "targets">;
    return (await this.#critics.step(given, learningRate)).loss;
  }

  /** One step of the actor against the present critics. returns: the loss before it */
  async stepActor(batch: Batch<ActorInputs>, learningRate: number): Promise<number> {
    const given = { ...batch, critics: this.critics } as Batch<ActorInputs | "critics">;
    return (await this.#actor.step(given, learningRate)).loss;
  }

  /** A copy of the actor's weights. */
  network(): Promise<Mapped<Actor, Parameter>> {
    return this.#actor.network();
  }

  /** A copy of the averaged critics. */
  targets(): Promise<Mapped<Critics, Parameter>> {
    return this.#critics.network("average");
  }

  async tensors(): Promise<StoredTensors> {
    return {
      ...optimizerTensors("actor", await this.#actor.state()),
      ...optimizerTensors("critics", await this.#critics.state()),
    };
  }

  /** steps: of the actor */
  async restore(tensors: StoredTensors, steps: number): Promise<void> {
    await this.#actor.restore(optimizerState("actor", tensors, steps));
    await this.#critics.restore(optimizerState("critics", tensors, steps * this.#criticSteps));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#actor[Symbol.asyncDispose]();
    await this.#critics[Symbol.asyncDispose]();
  }
}
