/**
 * @file What learns an actor and critics from data, by one loss each on the same batch: actor-critic algorithms without episodes of
 * their own. Critics and actor may keep moving averages; each loss sees the other's networks as they are when it is computed.
 * Symbols: B batch, P parameters.
 */
import type { z } from "zod";
import type { Random } from "../base/index.ts";
import { type AdamWConfig, createTrainer, type Trainer } from "../nn/index.ts";
import {
  compile,
  type Device,
  float32,
  type Layout,
  layoutOf,
  type Mapped,
  type Numbers,
  type Parameter,
  type Spec,
  unpack,
  type Value,
} from "../tensor/index.ts";
import type { Metrics, OfflineLearner } from "./algorithm.ts";
import { heldOutRows } from "./gradient-learner.ts";
import { optimizerState, optimizerTensors } from "./training-state.ts";

/** Networks that the losses read. Where no average is kept, it is the network itself. */
export interface TracedNetworks<Actor, Critics> {
  readonly actor: Mapped<Actor, Value>;
  readonly averageActor: Mapped<Actor, Value>;
  readonly critics: Mapped<Critics, Value>;
  readonly averageCritics: Mapped<Critics, Value>;
}

/** One of the two. */
export interface Learned<Network, Loss> {
  /** First values, a tree of Parameter. */
  readonly network: Network;
  /** The scalar to minimize; only this part's own network, not its average, has a gradient. */
  readonly loss: Loss;
  readonly optimizer: z.input<typeof AdamWConfig>;
  /** Step size. step: from 0 */
  readonly learningRate: (step: number) => number;
  /** Decay of the average at a step, where it is not the optimizer's. */
  readonly emaDecay?: (step: number) => number;
}

type Inputs<Names extends string> = Readonly<Record<Names, Value>>;
type LossOf<Actor, Critics, Names extends string> = (
  networks: TracedNetworks<Actor, Critics>,
  inputs: Inputs<Names>,
) => Value;

export interface ActorCriticOptions<Actor, Critics, Names extends string, Source, Batch, Model> {
  readonly actor: Learned<Actor, LossOf<Actor, Critics, Names>>;
  readonly critics: Learned<Critics, LossOf<Actor, Critics, Names>>;
  /** The one of the two that makes its step first; the other then sees its new weights. */
  readonly first: "actor" | "critics";
  /** Inputs of the losses, of `rows` rows. */
  inputs(rows: number): Readonly<Record<Names, Spec>>;
  /** Losses worth knowing on rows that are never learned from, by their names after "eval/". */
  evaluation(
    networks: TracedNetworks<Actor, Critics>,
    inputs: Inputs<Names>,
  ): Readonly<Record<string, Value>>;
  readonly data: { readonly train: Source; readonly heldOut?: Source | undefined };
  /** Arrays to be filled with `rows` rows, and filling them. */
  emptyBatch(rows: number): Batch;
  draw(source: Source, random: Random, batch: Batch): void | Promise<void>;
  /** Model with these weights. */
  model(networks: {
    readonly actor: Mapped<Actor, Parameter>;
    readonly averageCritics: Mapped<Critics, Parameter>;
  }): Model;
  readonly batchSize: number;
  /** Of the held-out rows alone. */
  readonly random: Random;
  readonly device: Device;
}

type Theta = "actor" | "averageActor" | "critics" | "averageCritics";
type Batches<Names extends string> = Readonly<Record<Names, Numbers>>;

/** Compiles both losses with their gradients, and the losses on held-out rows. */
export async function actorCriticLearner<
  Actor,
  Critics,
  Names extends string,
  Source,
  Batch extends Batches<Names>,
  Model,
>(options: ActorCriticOptions<Actor, Critics, Names, Source, Batch, Model>): Promise<OfflineLearner<Model>> {
  const { actor, critics, data } = options;
  const layouts = { actor: layoutOf(actor.network), critics: layoutOf(critics.network) };
  const trainers = {
    actor: await trainerOf<Actor, Names>(options as never, layouts as never, "actor"),
    critics: await trainerOf<Critics, Names>(options as never, layouts as never, "critics"),
  };
  const thetas = () => ({
    actor: trainers.actor.theta,
    averageActor: trainers.actor.average,
    critics: trainers.critics.theta,
    averageCritics: trainers.critics.average,
  });
  const heldOut =
    data.heldOut === undefined ? undefined : await heldOutLosses(options, layouts, data.heldOut);
  const batch = options.emptyBatch(options.batchSize);
  const order = options.first === "actor" ? (["actor", "critics"] as const) : (["critics", "actor"] as const);
  return {
    warnings: heldOut ? [] : ["Nothing is held out of so few episodes: there are no losses on them."],
    async step(random) {
      await options.draw(data.train, random, batch);
      const losses: Record<string, number> = {};
      for (const name of order) {
        const { learningRate, emaDecay } = options[name];
        const { [name]: _, ...others } = thetas();
        const { steps } = trainers[name];
        const { loss } = await trainers[name].step(
          { ...others, ...batch } as never,
          learningRate(steps),
          emaDecay?.(steps),
        );
        losses[name] = loss;
      }
      return { "train/critic_loss": losses.critics, "train/actor_loss": losses.actor };
    },
    evaluate: async () => (await heldOut?.losses(thetas())) ?? {},
    model: async () =>
      options.model({
        actor: await trainers.actor.network(),
        averageCritics: await trainers.critics.network("average"),
      }),
    state: async () => ({
      tensors: {
        ...optimizerTensors("actor", await trainers.actor.state()),
        ...optimizerTensors("critics", await trainers.critics.state()),
      },
      json: {},
    }),
    async restore({ tensors, json }) {
      for (const name of order)
        await trainers[name].restore(optimizerState(name, tensors, json.steps as number));
    },
    async [Symbol.asyncDispose]() {
      await heldOut?.dispose();
      for (const name of order) await trainers[name][Symbol.asyncDispose]();
    },
  };
}

interface Layouts<Actor, Critics> {
  readonly actor: Layout<Actor>;
  readonly critics: Layout<Critics>;
}

/** Vectors of parameters as inputs. */
const thetaSpecs = ({ actor, critics }: Layouts<unknown, unknown>): Readonly<Record<Theta, Spec>> => ({
  actor: float32(actor.size),
  averageActor: float32(actor.size),
  critics: float32(critics.size),
  averageCritics: float32(critics.size),
});

/** The networks of vectors of parameters. */
const networksOf = <Actor, Critics>(
  { actor, critics }: Layouts<Actor, Critics>,
  thetas: Readonly<Partial<Record<Theta, Value>>>,
): TracedNetworks<Actor, Critics> => {
  const layoutsOf = { actor, averageActor: actor, critics, averageCritics: critics };
  const networks = Object.entries(layoutsOf).flatMap(([name, layout]) => {
    const theta = thetas[name as Theta];
    return theta ? [[name, unpack(layout as Layout<unknown>, theta)]] : [];
  });
  return Object.fromEntries(networks);
};

function trainerOf<Network, Names extends string>(
  options: ActorCriticOptions<Network, Network, Names, never, never, never>,
  layouts: Layouts<Network, Network>,
  name: "actor" | "critics",
): Promise<Trainer<Network, Names>> {
  const { network, loss, optimizer } = options[name];
  const { [name]: _, ...others } = thetaSpecs(layouts);
  return createTrainer<Network, Names>({
    network,
    inputs: { ...others, ...options.inputs(options.batchSize) } as never,
    loss: (own, inputs) =>
      loss({ ...networksOf(layouts, inputs as never), [name]: own } as never, inputs as never),
    optimizer,
    device: options.device,
  });
}

/** Losses on rows that are never learned from: always the same ones, with the same noise. */
async function heldOutLosses<
  Actor,
  Critics,
  Names extends string,
  Source,
  Batch extends Batches<Names>,
  Model,
>(
  options: ActorCriticOptions<Actor, Critics, Names, Source, Batch, Model>,
  layouts: Layouts<Actor, Critics>,
  source: Source,
) {
  const rows = options.emptyBatch(heldOutRows);
  await options.draw(source, options.random, rows);
  const program = await compile(
    { ...thetaSpecs(layouts), ...options.inputs(heldOutRows) } as Readonly<Record<string, Spec>>,
    (values) => options.evaluation(networksOf(layouts, values), values as never),
    { device: options.device },
  );
  return {
    async losses(thetas: Readonly<Record<Theta, unknown>>): Promise<Metrics> {
      const losses = await program.run({ ...thetas, ...rows } as never);
      return Object.fromEntries(Object.entries(losses).map(([name, [loss]]) => [`eval/${name}`, loss]));
    },
    dispose: () => program[Symbol.asyncDispose](),
  };
}
