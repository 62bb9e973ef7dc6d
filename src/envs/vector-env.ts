/**
 * @file Many worlds stepped by one call, spread over threads. Each thread has one simulator that holds its share of the
 * worlds; actions and results lie in shared memory. The caller's event loop stays free while the threads work.
 * Symbols: N worlds, T actions of a chunk, O observation size, A action size.
 */

import { availableParallelism } from "node:os";
import { Random, UserError } from "../base/index.ts";
import { checkAction, type EnvSpec, type EnvState, type Info, type ResetOptions } from "./env.ts";
import type { World } from "./make-env.ts";
import { type Answer, type Autoreset, flags, type PlayedChunk } from "./vector-memory.ts";
import { VectorThread } from "./vector-thread.ts";

export interface VectorOptions {
  /** Threads; as many as the machine runs at once if absent. */
  readonly threads?: number;
  /**
   * What happens after an episode's end. "SameStep": that very step starts the next episode and shows its first
   * observation; the last one is in `finals`. "NextStep": the next step does, whatever its action. "Disabled": the
   * caller resets.
   */
  readonly autoreset?: Autoreset;
  /** World i's first reset without a seed takes `seed` + i. */
  readonly seed?: number;
}

export interface VectorResetOptions {
  /** The worlds to reset; all if absent. */
  readonly only?: readonly number[];
  /** Options of each of them, in that order. */
  readonly each?: readonly ResetOptions[];
}

export interface VectorReset {
  /** (N, O): what each world shows now, reset or not. A fresh array. */
  readonly observations: Float64Array;
  readonly infos: readonly Info[];
}

export interface VectorPlayOptions {
  /** The worlds that play, each named once. */
  readonly only: readonly number[];
  /** A world also stops after the step that solves its task; its episode can go on. False if absent. */
  readonly stopAtSuccess?: boolean;
}

/** One step of every world: entry i is world i's. Fresh arrays: keep them, change them. */
export interface VectorStep {
  /** (N, O) */
  readonly observations: Float64Array;
  /** (N,) */
  readonly rewards: Float64Array;
  readonly successes: readonly boolean[];
  readonly terminations: readonly boolean[];
  readonly truncations: readonly boolean[];
  /**
   * Why the simulator gave up, or that its thread did, in a sentence: the step ends the episode, has no reward and must
   * not be learned from.
   */
  readonly faults: readonly (string | undefined)[];
  readonly infos: readonly Info[];
  /** With autoreset "SameStep", the end of the episodes that ended: Gymnasium's `final_obs` and `final_info`. */
  readonly finals: readonly (Final | undefined)[];
}

export interface Final {
  /** (O,) */
  readonly observation: Float64Array;
  readonly info: Info;
}

/** All worlds' running episodes and streams, put aside. Plain data. */
export interface VectorState {
  readonly worlds: readonly EnvState[];
}

/**
 * Many worlds as one. World i gives the numbers, bit for bit, that it would give alone: with autoreset, those of
 * `reset()` without a seed after each end.
 *
 * A thread that dies (the simulator ran out of memory, say) is replaced. Its worlds' episodes are lost: their step is
 * truncated with a fault and the last observation there was, and they go on with a new episode, drawn from a stream of
 * its own (from the world's seed and the number of deaths). Other worlds notice nothing. A thread that dies more than
 * three times in a row ends the run with an error.
 *
 * Holds threads until disposed: `await using worlds = await VectorEnv.start(...)`. One call at a time.
 */
export class VectorEnv implements AsyncDisposable {
  /** Per world. Observation and action sizes are equal. */
  readonly specs: readonly EnvSpec[];
  readonly autoreset: Autoreset;
  readonly observationSize: number;
  readonly actionSize: number;
  readonly #threads: readonly VectorThread[];
  /** Per world, the seed it was last given. */
  readonly #seeds: number[];
  readonly #status: Status[];
  /** Per world, how its episode was lost, until a step has told. */
  readonly #lost: (string | undefined)[];
  /** (N, O) what each world showed last. */
  readonly #observations: Float64Array;
  readonly #infos: Info[];
  #pending: Promise<unknown> | undefined;
  #disposed = false;

  /** Starts threads and makes the worlds, some 1 s. Throws UserError if one cannot be made. */
  static async start(worlds: readonly World[], options: VectorOptions = {}): Promise<VectorEnv> {
    const { threads = availableParallelism(), autoreset = "SameStep", seed = 0 } = options;
    if (worlds.length === 0) throw new UserError("A vector environment needs at least one world.");
    if (!Number.isInteger(threads) || threads < 1) {
      throw new UserError(`threads is a whole number from 1, got ${threads}.`);
    }
    const seeds = worlds.map((_, world) => seed + world);
    const share = Math.ceil(worlds.length / threads);
    const hired = worlds.flatMap((_, first) =>
      first % share === 0 ? [new VectorThread(worlds.slice(first, first + share), first, autoreset)] : [],
    );
    const started = await Promise.allSettled(
      hired.map((thread) => thread.start(seeds.slice(thread.first, thread.first + share))),
    );
    try {
      for (const outcome of started) if (outcome.status === "rejected") throw outcome.reason;
      for (const { death } of hired) if (death !== undefined) throw new Error(death);
      return new VectorEnv(hired, autoreset, seeds);
    } catch (error) {
      await Promise.all(hired.map((thread) => thread.end()));
      throw error;
    }
  }

  private constructor(threads: readonly VectorThread[], autoreset: Autoreset, seeds: number[]) {
    this.#threads = threads;
    this.autoreset = autoreset;
    this.specs = threads.flatMap(({ specs }) => specs);
    const [{ name, observationSize, actionSize }] = this.specs;
    for (const other of this.specs) {
      if (other.observationSize === observationSize && other.actionSize === actionSize) continue;
      throw new UserError(
        `Worlds of one vector environment observe and act in equal sizes: "${name}" has ${observationSize} and ` +
          `${actionSize}, "${other.name}" ${other.observationSize} and ${other.actionSize}.`,
      );
    }
    this.observationSize = observationSize;
    this.actionSize = actionSize;
    this.#seeds = seeds;
    this.#status = this.specs.map(() => "new");
    this.#lost = this.specs.map(() => undefined);
    this.#observations = new Float64Array(this.specs.length * observationSize);
    this.#infos = this.specs.map(() => ({}));
  }

  /** Starts episodes. seed: world i takes `seed` + i; or one seed for each world that is reset. */
  reset(seed?: number | readonly number[], options: VectorResetOptions = {}): Promise<VectorReset> {
    return this.#alone(async () => {
      const { only = this.#all, each = [] } = options;
      for (const world of only) this.#check(world);
      const seeds = typeof seed === "number" ? only.map((world) => seed + world) : (seed ?? []);
      for (const [what, { length }] of [["seeds", seeds] as const, ["options", each] as const]) {
        if (length === 0 || length === only.length) continue;
        throw new UserError(`${only.length} worlds are reset with as many ${what}, got ${length}.`);
      }
      seeds.forEach((given, i) => {
        this.#seeds[only[i]] = given;
      });
      await this.#reset(only, seeds, each);
      return { observations: this.#observations.slice(), infos: [...this.#infos] };
    });
  }

  /**
   * Advances the worlds by one control period.   actions: (N, A) in [-1, 1]
   * only: the worlds that move, all if absent; the others show what they showed, with reward 0.
   * Throws UserError, before any world moves, if an action is no action or a world has no episode to go on with.
   */
  step(actions: ArrayLike<number>, only: readonly number[] = this.#all): Promise<VectorStep> {
    return this.#alone(async () => {
      const given = this.#checkStep(actions, only);
      if (this.#dead) await this.#replaceDead();
      const moves = new Uint8Array(this.specs.length);
      for (const world of only) moves[world] = Number(this.#lost[world] === undefined);
      const answers = await this.#ask((thread) => thread.step(given, moves));
      await this.#replaceDead();
      return this.#collect(only, answers);
    });
  }

  /**
   * Plays up to T actions in each of the worlds `only`, with the bits of single steps. A world stops early at its
   * episode's end. The worlds are under way when this returns, and need no word from the caller until all have played:
   * what blocks its event loop, as inference does, holds nothing up. Returns what each of `only` did, in that order.
   * actions: (worlds of `only`, T, A) in [-1, 1]
   * An episode lost with its thread shows one step, truncated, with a fault and the last observation before the chunk.
   * Throws UserError, before any world moves, as `step` does, and unless autoreset is "Disabled".
   */
  play(actions: ArrayLike<number>, options: VectorPlayOptions): Promise<readonly PlayedChunk[]> {
    return this.#alone(async () => {
      const { only, stopAtSuccess = false } = options;
      const given = this.#checkPlay(actions, only);
      if (this.#dead) await this.#replaceDead();
      const played = new Map<number, PlayedChunk>();
      const answers = await this.#ask(async (thread) => {
        const worlds = only.filter((world) => thread.has(world) && this.#lost[world] === undefined);
        if (worlds.length === 0) return {};
        const answer = await thread.mail({
          kind: "play",
          worlds: worlds.map((world) => world - thread.first),
          actions: worlds.flatMap((world) => given.get(world) ?? []),
          stopAtSuccess,
        });
        answer?.chunks?.forEach((chunk, i) => {
          played.set(worlds[i], chunk);
        });
        return answer;
      });
      await this.#replaceDead();
      this.#threads.forEach((thread, i) => {
        if (answers[i] !== undefined) thread.praise();
      });
      return only.map((world) => this.#collectChunk(world, played));
    });
  }

  /** Throws UserError if a world has no episode or cannot be saved. */
  save(): Promise<VectorState> {
    return this.#alone(async () => {
      await this.#replaceDead();
      const without = this.#all.find((i) => this.#status[i] === "new" || this.#lost[i] !== undefined);
      if (without !== undefined)
        throw new UserError(`World ${without} has no episode to save: call reset first.`);
      const answers = this.#survived(await this.#ask((thread) => thread.mail({ kind: "save" })));
      return { worlds: answers.flatMap(({ states = [] }) => states) };
    });
  }

  /** Goes on from a saved state, bit for bit, in these worlds or others like them. Returns what they show, (N, O). */
  restore({ worlds }: VectorState): Promise<Float64Array> {
    return this.#alone(async () => {
      if (worlds.length !== this.specs.length) {
        throw new UserError(`The saved state has ${worlds.length} worlds; these are ${this.specs.length}.`);
      }
      await this.#replaceDead();
      this.#status.fill("new");
      this.#lost.fill(undefined);
      const share = ({ first, specs }: VectorThread) => worlds.slice(first, first + specs.length);
      this.#survived(await this.#ask((thread) => thread.mail({ kind: "restore", states: share(thread) })));
      worlds.forEach(({ observation, over }, world) => {
        this.#observations.set(observation, world * this.observationSize);
        this.#infos[world] = {};
        this.#status[world] = over ? "over" : "running";
      });
      return this.#observations.slice();
    });
  }

  /** Waits for the call under way, then ends the threads. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    await this.#pending?.catch(() => {});
    await Promise.all(this.#threads.map((thread) => thread.end()));
  }

  get #all(): number[] {
    return this.specs.map((_, world) => world);
  }

  /** Runs a call while no other is. */
  async #alone<T>(call: () => Promise<T>): Promise<T> {
    if (this.#disposed) throw new UserError("These worlds were disposed; make new ones.");
    if (this.#pending !== undefined)
      throw new UserError("A call is still under way: await it before the next.");
    const pending = call();
    this.#pending = pending;
    try {
      return await pending;
    } finally {
      this.#pending = undefined;
    }
  }

  /** Calls every thread and waits for all. Per thread: its answer, undefined if it died. Throws a world's complaint. */
  async #ask(
    call: (thread: VectorThread) => Promise<Answer | undefined>,
  ): Promise<readonly (Answer | undefined)[]> {
    const answers = await Promise.all(this.#threads.map(call));
    answers.forEach((answer, i) => {
      if (answer?.spoilt !== true) return;
      for (const world of this.#all) if (this.#threads[i].has(world)) this.#status[world] = "new";
    });
    const mistake = answers.find((answer) => answer?.mistake !== undefined)?.mistake;
    if (mistake !== undefined) throw new UserError(mistake);
    return answers;
  }

  /** The answers, where a dead thread leaves nothing to go on with. */
  #survived(answers: readonly (Answer | undefined)[]): readonly Answer[] {
    return answers.map((answer, i) => {
      if (answer !== undefined) return answer;
      throw new Error(`${this.#threads[i].death} Reset the worlds, or restore them again.`);
    });
  }

  /** Whether a thread has to be replaced. With none, a call reaches the threads before the caller's next line. */
  get #dead(): boolean {
    return this.#threads.some(({ death }) => death !== undefined);
  }

  /** Replaces threads that died. Their worlds' episodes are lost. */
  async #replaceDead(): Promise<void> {
    for (const thread of this.#threads) {
      while (thread.death !== undefined) {
        const worlds = this.#all.filter((world) => thread.has(world));
        for (const world of worlds) {
          if (this.#status[world] === "new") continue;
          this.#lost[world] ??= `${thread.death} Its episodes were ended.`;
        }
        const stream = (world: number) => new Random(this.#seeds[world]).split(`death ${thread.deaths}`);
        await thread.start(worlds.map((world) => stream(world).integer(2 ** 32)));
      }
    }
  }

  /** Resets worlds, again if their thread dies over it. seeds, each: in the order of `worlds`. */
  async #reset(
    worlds: readonly number[],
    seeds: readonly number[] = [],
    each: readonly ResetOptions[] = [],
  ): Promise<void> {
    let left = worlds.map((world, i) => ({ world, seed: seeds[i], options: each[i] }));
    while (left.length > 0) {
      if (this.#dead) await this.#replaceDead();
      const answers = await this.#ask(async (thread) => {
        const orders = left.filter(({ world }) => thread.has(world));
        if (orders.length === 0) return {};
        return thread.mail({
          kind: "reset",
          worlds: orders.map(({ world }) => world - thread.first),
          seeds: orders.map(({ seed }) => seed),
          options: orders.map(({ options }) => options),
        });
      });
      const dead = this.#threads.filter((_, i) => answers[i] === undefined);
      const failed = ({ world }: { world: number }) => dead.some((thread) => thread.has(world));
      for (const order of left) if (!failed(order)) this.#begin(order.world);
      left = left.filter(failed);
    }
  }

  /** An episode of this world has just begun. */
  #begin(world: number): void {
    this.#status[world] = "running";
    this.#lost[world] = undefined;
    this.#look(world);
  }

  /** Takes over what a world shows. */
  #look(world: number): void {
    const thread = this.#threadOf(world);
    this.#observations.set(thread.observation(world), world * this.observationSize);
    this.#infos[world] = thread.info(world);
  }

  /** What a step has made of the worlds in `only`. */
  async #collect(only: readonly number[], answers: readonly (Answer | undefined)[]): Promise<VectorStep> {
    const { autoreset, observationSize: size } = this;
    const rewards = new Float64Array(this.specs.length);
    const bits = new Uint8Array(this.specs.length);
    const faults: (string | undefined)[] = this.specs.map(() => undefined);
    const finals: (Final | undefined)[] = this.specs.map(() => undefined);
    const lost = only.filter((world) => this.#lost[world] !== undefined);
    for (const world of only) {
      if (this.#lost[world] === undefined) {
        const thread = this.#threadOf(world);
        this.#look(world);
        rewards[world] = thread.reward(world);
        bits[world] = thread.flags(world);
        if (bits[world] & flags.restarted) finals[world] = thread.final(world);
      } else {
        bits[world] = flags.truncated;
        faults[world] = this.#lost[world];
        this.#lost[world] = undefined;
        const observation = this.#observations.slice(world * size, (world + 1) * size);
        if (autoreset === "SameStep") finals[world] = { observation, info: {} };
      }
      const over = (bits[world] & (flags.terminated | flags.truncated)) > 0 && autoreset !== "SameStep";
      this.#status[world] = over ? "over" : "running";
    }
    this.#threads.forEach((thread, i) => {
      if (answers[i] !== undefined) thread.praise();
      for (const [world, fault] of answers[i]?.faults ?? []) faults[thread.first + world] = fault;
    });
    if (autoreset === "SameStep") await this.#reset(lost);
    const where = (bit: number) => Array.from(bits, (all) => (all & bit) > 0);
    return {
      observations: this.#observations.slice(),
      rewards,
      successes: where(flags.success),
      terminations: where(flags.terminated),
      truncations: where(flags.truncated),
      faults,
      infos: [...this.#infos],
      finals,
    };
  }

  /** What a chunk has made of a world. */
  #collectChunk(world: number, played: ReadonlyMap<number, PlayedChunk>): PlayedChunk {
    const fault = this.#lost[world];
    if (fault !== undefined) {
      this.#lost[world] = undefined;
      this.#status[world] = "over";
      const size = this.observationSize;
      return {
        observations: this.#observations.slice(world * size, (world + 1) * size),
        rewards: new Float64Array(1),
        successes: new Uint8Array(1),
        terminated: false,
        truncated: true,
        fault,
      };
    }
    const chunk = played.get(world);
    if (chunk === undefined) throw new Error(`World ${world} was asked to play and did not.`);
    this.#look(world);
    this.#status[world] = chunk.terminated || chunk.truncated ? "over" : "running";
    return chunk;
  }

  /** The actions as numbers, if every world that is to move can take its own. */
  #checkStep(actions: ArrayLike<number>, only: readonly number[]): Float64Array {
    const [worlds, size] = [this.specs.length, this.actionSize];
    if (actions.length !== worlds * size) {
      throw new UserError(
        `The actions of ${worlds} worlds are (${worlds}, ${size}), ${worlds * size} numbers; got ${actions.length}.`,
      );
    }
    const given = Float64Array.from(actions);
    for (const world of only) this.#checkMove(world, given.subarray(world * size, (world + 1) * size));
    return given;
  }

  /** Each world's actions as numbers, (T, A), if it can take them. */
  #checkPlay(actions: ArrayLike<number>, only: readonly number[]): ReadonlyMap<number, Float64Array> {
    if (this.autoreset !== "Disabled") {
      throw new UserError(
        `Chunks are played in worlds with autoreset "Disabled"; these have "${this.autoreset}".`,
      );
    }
    const [count, size] = [only.length, this.actionSize];
    const steps = actions.length / (count * size);
    if (!Number.isInteger(steps) || steps === 0) {
      throw new UserError(
        `The actions of ${count} worlds are (${count}, T, ${size}), ${count * size} numbers for each of T steps; ` +
          `got ${actions.length}.`,
      );
    }
    const given = new Map<number, Float64Array>();
    only.forEach((world, i) => {
      const own = Float64Array.from({ length: steps * size }, (_, j) => actions[i * steps * size + j]);
      this.#checkMove(world, own);
      if (given.has(world)) throw new UserError(`World ${world} is named twice in \`only\`.`);
      given.set(world, own);
    });
    return given;
  }

  /** Throws UserError unless the world has an episode to go on with and these are actions. */
  #checkMove(world: number, actions: Float64Array): void {
    this.#check(world);
    const status = this.#status[world];
    if (status === "new") throw new UserError(`World ${world}: no episode is running: call reset first.`);
    if (status === "over" && this.autoreset === "NextStep") return; // its action is not carried out
    if (status === "over") {
      throw new UserError(`World ${world}: the episode is over: call reset before the next step.`);
    }
    try {
      checkAction(actions, actions.length);
    } catch (error) {
      throw error instanceof UserError ? new UserError(`World ${world}: ${error.message}`) : error;
    }
  }

  #check(world: number): void {
    if (world in this.specs) return;
    throw new UserError(`Worlds are numbered 0 to ${this.specs.length - 1}, got ${world}.`);
  }

  #threadOf(world: number): VectorThread {
    const thread = this.#threads.find((candidate) => candidate.has(world));
    if (thread !== undefined) return thread;
    throw new Error(`No thread has world ${world}.`);
  }
}

/** "new": no episode yet. "over": the episode has ended and another has not begun. */
type Status = "new" | "running" | "over";
