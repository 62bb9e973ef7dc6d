/** @file One thread of a vector environment and its worlds, seen from the caller's side. */

/// <reference lib="es2024.sharedmemory" />

import { MessageChannel, type MessagePort, receiveMessageOnPort, type Worker } from "node:worker_threads";
import { UserError } from "../base/index.ts";
import { startThread } from "../platform/index.ts";
import type { EnvSpec, Info } from "./env.ts";
import type { World } from "./make-env.ts";
import {
  type Answer,
  type Autoreset,
  type Greeting,
  infoSize,
  type Letter,
  layOut,
  type Memory,
  type Setup,
  slots,
} from "./vector-memory.ts";

/** A thread that dies more often than this without a step in between is given up. */
const maxDeaths = 3;

/** What there is only while a thread lives. */
interface Life {
  readonly worker: Worker;
  readonly port: MessagePort;
  readonly memory: Memory;
  /** Names of infos, by their kind. */
  readonly infoNames: (readonly string[])[];
}

export class VectorThread {
  /** The caller's numbers of the thread's worlds: `first`, `first` + 1, ... */
  readonly first: number;
  readonly worlds: readonly World[];
  readonly #autoreset: Autoreset;
  #life: Life | undefined;
  #specs: readonly EnvSpec[] = [];
  #death: string | undefined;
  #deaths = 0;
  #deathsInRow = 0;

  constructor(worlds: readonly World[], first: number, autoreset: Autoreset) {
    this.worlds = worlds;
    this.first = first;
    this.#autoreset = autoreset;
  }

  get specs(): readonly EnvSpec[] {
    return this.#specs;
  }
  /** How the thread died, in a sentence, if it is dead. */
  get death(): string | undefined {
    return this.#death;
  }
  /** How often it has died so far. */
  get deaths(): number {
    return this.#deaths;
  }

  has(world: number): boolean {
    return world >= this.first && world < this.first + this.worlds.length;
  }

  /**
   * Starts the thread, or another in its place if it died. Throws UserError if a world cannot be made, Error if threads
   * keep dying.   seeds: per world, for first resets
   */
  async start(seeds: readonly number[]): Promise<void> {
    if (this.#deathsInRow > maxDeaths) throw new Error(`${this.#death} That was too often in a row.`);
    this.#death = undefined;
    const { port1, port2 } = new MessageChannel();
    const { worlds, first } = this;
    const setup: Setup = { worlds, first, autoreset: this.#autoreset, seeds, port: port2 };
    const worker = startThread(new URL(/* @vite-ignore */ "./vector-worker.ts", import.meta.url), setup, [
      port2,
    ]);
    let cause = "";
    worker.on("error", (error) => {
      cause = `: ${error instanceof Error ? error.message : error}`;
    });
    const greeting = await new Promise<Greeting | undefined>((resolve) => {
      worker.once("message", resolve);
      worker.once("exit", () => {
        this.#die(cause);
        resolve(undefined);
      });
    });
    if (greeting === undefined) return;
    if ("mistake" in greeting) throw new UserError(greeting.mistake);
    worker.unref(); // a caller who forgets to dispose still comes to an end
    this.#specs = greeting.specs;
    const memory = layOut(worlds.length, greeting.specs[0], greeting.buffer);
    this.#life = { worker, port: port1, memory, infoNames: [] };
  }

  /** A step has gone well. */
  praise(): void {
    this.#deathsInRow = 0;
  }

  /**
   * Moves the worlds whose entry in `moves` is 1.   actions: (N, A), moves: (N,) of all the caller's worlds
   * Returns undefined if the thread dies.
   */
  async step(actions: Float64Array, moves: Uint8Array): Promise<Answer | undefined> {
    const memory = this.#life?.memory;
    if (memory === undefined) return undefined;
    const end = this.first + this.worlds.length;
    const size = this.#specs[0].actionSize;
    memory.moves.set(moves.subarray(this.first, end));
    if (memory.moves.every((moving) => moving === 0)) return {};
    memory.actions.set(actions.subarray(this.first * size, end * size));
    memory.control[slots.byMail] = 0;
    return this.#call();
  }

  /** Returns undefined if the thread dies. */
  async mail(letter: Letter): Promise<Answer | undefined> {
    if (this.#life === undefined) return undefined;
    this.#life.port.postMessage(letter);
    this.#life.memory.control[slots.byMail] = 1;
    return this.#call();
  }

  async end(): Promise<void> {
    if (this.#life === undefined) return;
    const { worker } = this.#life;
    const gone = new Promise((resolve) => worker.once("exit", resolve));
    await Promise.race([this.mail({ kind: "end" }), gone]);
    await gone;
  }

  /** What a world shows; the caller's number. Copies. */
  observation(world: number): Float64Array {
    return this.#slice(this.#memory.observations, world);
  }
  info(world: number): Info {
    return this.#info(this.#memory.infoKinds, this.#memory.infos, world);
  }
  /** The end of the episode that ended in the last step. */
  final(world: number): { observation: Float64Array; info: Info } {
    const { finals, finalInfoKinds, finalInfos } = this.#memory;
    return {
      observation: this.#slice(finals, world),
      info: this.#info(finalInfoKinds, finalInfos, world),
    };
  }
  reward(world: number): number {
    return this.#memory.rewards[world - this.first];
  }
  flags(world: number): number {
    return this.#memory.flags[world - this.first];
  }

  get #memory(): Memory {
    if (this.#life === undefined) throw new Error("Nothing can be read from a thread that has died.");
    return this.#life.memory;
  }

  #slice(observations: Float64Array, world: number): Float64Array {
    const size = this.#specs[0].observationSize;
    const at = (world - this.first) * size;
    return observations.slice(at, at + size);
  }

  #info(kinds: Int32Array, values: Float64Array, world: number): Info {
    const local = world - this.first;
    const names = this.#life?.infoNames[kinds[local]] ?? [];
    return Object.fromEntries(names.map((name, i) => [name, values[local * infoSize + i]]));
  }

  /** Rings and waits for the answer, or for the thread's end. */
  async #call(): Promise<Answer | undefined> {
    const life = this.#life;
    if (life === undefined) return undefined;
    const { control } = life.memory;
    const before = control[slots.answers];
    life.worker.ref();
    Atomics.add(control, slots.calls, 1);
    Atomics.notify(control, slots.calls);
    for (;;) {
      // Again after each wake: the last answer's may come late, when it has been seen without one.
      const waiting = Atomics.waitAsync(control, slots.answers, before);
      if (!waiting.async) break;
      await waiting.value;
    }
    if (this.#life !== life) return undefined;
    life.worker.unref();
    if (control[slots.mailed] === 0) return {};
    const answer = receiveMessageOnPort(life.port)?.message as Answer;
    life.infoNames.push(...(answer.infoNames ?? []));
    return answer;
  }

  #die(cause: string): void {
    const last = this.first + this.worlds.length - 1;
    this.#death = `The thread of worlds ${this.first} to ${last} died${cause}.`;
    this.#deaths++;
    this.#deathsInRow++;
    const control = this.#life?.memory.control;
    this.#life?.port.close();
    this.#life = undefined;
    if (control === undefined) return;
    Atomics.add(control, slots.answers, 1);
    Atomics.notify(control, slots.answers);
  }
}
