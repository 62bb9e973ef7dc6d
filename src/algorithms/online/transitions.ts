/**
 * @file Transitions as an agent's networks see them, of its replay and of data beside it.
 * Symbols: B batch, O observation size, A action size, S numbers that the networks see of an observation, n steps.
 */
import { type Random, requireRoom } from "../../base/index.ts";
import type { Batch, Sampler } from "../../data/index.ts";
import { canonicalTask } from "../../envs/index.ts";
import { float32, type Spec } from "../../tensor/index.ts";
import type { TransitionColumns } from "../transition-columns.ts";
import type { ObservationEncoder } from "./observation-encoder.ts";

/** Transitions, one per row. */
export interface Transitions {
  /** (B, S) */
  readonly observations: Float32Array;
  /** (B, A) in [-1, 1] */
  readonly actions: Float32Array;
  /** Rewards of n steps, discounted. (B,) */
  readonly rewards: Float32Array;
  /** After n steps, or at the episode's end. (B, S) */
  readonly nextObservations: Float32Array;
  /** 0 where nothing follows, else the discount of the steps before the last, 1 of one: out of time is not the end. (B,) */
  readonly continues: Float32Array;
}

/** Inputs of a graph that takes transitions. width: S */
export function transitionSpecs(
  rows: number,
  width: number,
  actionSize: number,
): Record<keyof Transitions, Spec> {
  return {
    observations: float32(rows, width),
    actions: float32(rows, actionSize),
    rewards: float32(rows),
    nextObservations: float32(rows, width),
    continues: float32(rows),
  };
}

type Columns = Batch<TransitionColumns>;

/** A sampler, room for a batch of it, and the encoder's numbers of its tasks. */
interface Source {
  readonly sampler: Sampler<TransitionColumns>;
  readonly raw: Columns;
  readonly taskOf: readonly number[];
}

export interface TransitionBatchOptions {
  /** The agent's own episodes. */
  readonly replay: Sampler<TransitionColumns>;
  /** Data beside them, by the same columns. */
  readonly data?: Sampler<TransitionColumns> | undefined;
  readonly encoder: ObservationEncoder;
  /** B */
  readonly size: number;
  /** Discount of rewards within a transition, per step. Default: 1. */
  readonly discount?: number;
}

/** A batch of transitions that is filled again and again. */
export class TransitionBatch {
  readonly transitions: Transitions;
  /** Sum of the discounted rewards from the transition on, where the columns have it. (B,) */
  readonly returns: Float32Array;
  /** `nextObservations` as environments give them, (B, O), and the numbers of their tasks, (B,). */
  readonly next: { readonly observations: Float32Array; readonly tasks: Int32Array };
  readonly #encoder: ObservationEncoder;
  readonly #size: number;
  readonly #discount: number;
  readonly #replay: Source;
  readonly #data: Source | undefined;

  /** The samplers' tasks are among those of the encoder. */
  constructor({ replay, data, encoder, size, discount = 1 }: TransitionBatchOptions) {
    this.#encoder = encoder;
    this.#size = size;
    this.#discount = discount;
    this.#replay = sourceOf(replay, encoder, size);
    this.#data = data && sourceOf(data, encoder, size);
    requireRoom("A batch's observations", 4 * size * encoder.size);
    const { observation, action } = this.#replay.raw;
    this.transitions = {
      observations: new Float32Array(size * encoder.size),
      actions: new Float32Array(action.length),
      rewards: new Float32Array(size),
      nextObservations: new Float32Array(size * encoder.size),
      continues: new Float32Array(size),
    };
    this.returns = new Float32Array(size);
    this.next = { observations: new Float32Array(observation.length / 2), tasks: new Int32Array(size) };
  }

  /**
   * Draws transitions, each as likely as any other. dataRows: rows of the data, 0 to B, spread evenly among the others
   * Throws UserError if there is none.
   */
  async draw(random: Random, dataRows = 0): Promise<this> {
    const isOfData = (row: number) =>
      Math.floor(((row + 1) * dataRows) / this.#size) > Math.floor((row * dataRows) / this.#size);
    if (this.#data && dataRows > 0) await this.#fill(this.#data, random, dataRows, isOfData);
    if (dataRows < this.#size)
      await this.#fill(this.#replay, random, this.#size - dataRows, (row) => !isOfData(row));
    return this;
  }

  /** Draws `count` transitions of a source into the rows that `takes` says. */
  async #fill(
    { sampler, raw, taskOf }: Source,
    random: Random,
    count: number,
    takes: (row: number) => boolean,
  ): Promise<void> {
    const drawn = firstRows(raw, count, this.#size);
    await sampler.sample(random, drawn);
    for (let row = 0, from = 0; row < this.#size; row++)
      if (takes(row)) this.#copy(drawn, from++, count, row, taskOf);
  }

  /** Writes row `from` of `count` raw rows as row `row`. */
  #copy(drawn: Columns, from: number, count: number, row: number, taskOf: readonly number[]): void {
    const { observations, actions, rewards, nextObservations, continues } = this.transitions;
    const encoder = this.#encoder;
    const size = drawn.observation.length / count / 2;
    const [now, next, end] = [0, 1, 2].map((step) => (2 * from + step) * size);
    const task = taskOf[drawn.task[from]];
    const after = drawn.observation.subarray(next, end);
    encoder.write(observations, row * encoder.size, drawn.observation.subarray(now, next), task);
    encoder.write(nextObservations, row * encoder.size, after, task);
    this.next.observations.set(after, row * size);
    this.next.tasks[row] = task;
    const width = drawn.action.length / count;
    for (let i = 0; i < width; i++) actions[row * width + i] = drawn.action[from * width + i];
    const { reward, mask } = drawn;
    const steps = reward.length / count;
    let [sum, weight, last] = [0, 1, 1];
    for (let i = from * steps; i < (from + 1) * steps; i++) {
      sum += weight * reward[i];
      if (mask === undefined || mask[i] === 1) last = weight;
      weight *= this.#discount;
    }
    rewards[row] = sum;
    continues[row] = drawn.terminated[from] === 1 ? 0 : last;
    if (drawn.returnToGo) this.returns[row] = drawn.returnToGo[from];
  }
}

function sourceOf(sampler: Sampler<TransitionColumns>, encoder: ObservationEncoder, size: number): Source {
  const known = encoder.tasks.map(canonicalTask);
  const taskOf = sampler.tasks.map((task) => known.indexOf(canonicalTask(task)));
  return { sampler, raw: sampler.emptyBatch(size), taskOf };
}

/** The first `count` of `size` rows of a batch. */
function firstRows(raw: Columns, count: number, size: number): Columns {
  if (count === size) return raw;
  const cut = Object.entries(raw).map(([name, array]: [string, Float32Array | Int32Array]) => [
    name,
    array.subarray(0, (array.length / size) * count),
  ]);
  return Object.fromEntries(cut) as Columns;
}
