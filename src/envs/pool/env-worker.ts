/** @file A thread with environments of one task in it, seen from its owner's side. */
import { availableParallelism } from "node:os";
import type { Worker } from "node:worker_threads";
import { sizeOfSpace, UserError } from "../../base/index.ts";
import { startThread } from "../../platform/index.ts";
import type { EnvConfig, EnvGroup, EnvSpec, GroupPlayOptions, PlayedChunk } from "../index.ts";
import type { PlayReply, Ready, Reply, Request, ResetReply, Setup } from "./messages.ts";

/** A thread that dies more often than this without a chunk played in between ends the run. */
const maxDeaths = 3;

export interface WorkerOptions {
  /** Environments in all. */
  readonly numEnvs: number;
  /** Threads that step them; as many as the machine runs at once if absent. */
  readonly threads?: number;
}

/**
 * Starts threads with environments of `config` divided among them, some 1 s. Each worker is a group of its own: while
 * one steps, others may be asked. Throws UserError if there is no such environment, or none is asked for.
 */
export async function startWorkers(
  config: EnvConfig,
  { numEnvs, threads = availableParallelism() }: WorkerOptions,
): Promise<readonly EnvWorker[]> {
  if (![numEnvs, threads].every((count) => Number.isSafeInteger(count) && count > 0))
    throw new UserError(
      `At least one environment is played in, on at least one thread; got ${numEnvs} on ${threads}.`,
    );
  const share = Math.ceil(numEnvs / threads);
  const sizes = Array.from({ length: Math.ceil(numEnvs / share) }, (_, i) =>
    Math.min(share, numEnvs - i * share),
  );
  const started = await Promise.allSettled(sizes.map((size) => EnvWorker.start(config, size)));
  const workers = started.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
  const failure = started.find((outcome) => outcome.status === "rejected");
  if (failure === undefined) return workers;
  await Promise.all(workers.map((worker) => worker[Symbol.asyncDispose]()));
  throw failure.reason;
}

/**
 * Environments in a thread of their own. Each gives the numbers, bit for bit, that it would give alone.
 *
 * A thread that dies (the simulator ran out of memory, say) is replaced at the next reset. Its episodes are lost: their
 * chunk shows one step, truncated, with a fault and the last observation there was. One that dies more than three times
 * in a row ends the run with an error.
 *
 * Holds a thread until disposed: `await using worker = await EnvWorker.start(...)`. One call at a time.
 */
export class EnvWorker implements EnvGroup, AsyncDisposable {
  readonly spec: EnvSpec;
  readonly numEnvs: number;
  readonly #config: EnvConfig;
  /** Numbers of an observation, O, and of an action, A. */
  readonly #sizes: readonly [O: number, A: number];
  /** Last observation of each environment, (numEnvs, O). */
  readonly #shown: Float32Array;
  /** Per environment, true from the loss of its episode to its next reset. */
  readonly #lost: boolean[];
  #thread: Thread;
  #deathsInRow = 0;
  #pending: Promise<unknown> | undefined;
  #disposed = false;

  /** Throws UserError if the environment cannot be made. */
  static async start(config: EnvConfig, numEnvs: number): Promise<EnvWorker> {
    const thread = new Thread({ config, numEnvs });
    const spec = await thread.ready();
    if (spec === undefined) throw new Error(thread.death);
    return new EnvWorker(config, numEnvs, thread, spec);
  }

  private constructor(config: EnvConfig, numEnvs: number, thread: Thread, spec: EnvSpec) {
    this.spec = spec;
    this.numEnvs = numEnvs;
    this.#config = config;
    this.#thread = thread;
    this.#sizes = [sizeOfSpace(spec.spaces.observation), sizeOfSpace(spec.spaces.action)];
    this.#shown = new Float32Array(numEnvs * this.#sizes[0]);
    this.#lost = new Array(numEnvs).fill(false);
  }

  /** Again if the thread dies over it. */
  reset(envs: readonly number[], seeds: readonly number[]): Promise<Float32Array> {
    return this.#alone(async () => {
      this.#check(envs);
      if (seeds.length !== envs.length)
        throw new UserError(`${envs.length} environments are reset with as many seeds, got ${seeds.length}.`);
      for (;;) {
        await this.#replaceDead();
        const reply = await this.#ask<ResetReply>({ kind: "reset", envs, seeds });
        if (reply === undefined) continue;
        for (const env of envs) this.#lost[env] = false;
        this.#show(envs, (i) => this.#row(reply.observations, i));
        return reply.observations;
      }
    });
  }

  /**
   * The environments are stepping when this returns, and need no message from the caller until all have played: what
   * blocks its event loop, as inference does, delays nothing. Throws UserError if an action is none or an environment
   * has no episode to go on with.
   */
  play(
    envs: readonly number[],
    actions: Float32Array,
    { stopAtSuccess = false }: GroupPlayOptions = {},
  ): Promise<readonly PlayedChunk[]> {
    return this.#alone(async () => {
      this.#check(envs);
      const [, A] = this.#sizes;
      const size = actions.length / envs.length;
      if (size === 0 || !Number.isInteger(size / A))
        throw new UserError(
          `The actions of ${envs.length} environments are (${envs.length}, T, ${A}), ` +
            `${envs.length * A} numbers for each of T steps; got ${actions.length}.`,
        );
      const alive = [...envs.keys()].filter((i) => !this.#lost[envs[i]]);
      const own = new Float32Array(alive.length * size); // to be sent away
      for (const [row, i] of alive.entries()) own.set(actions.subarray(i * size, (i + 1) * size), row * size);
      const request = { kind: "play", envs: alive.map((i) => envs[i]), actions: own, stopAtSuccess } as const;
      const reply = alive.length === 0 ? undefined : await this.#ask<PlayReply>(request);
      if (reply !== undefined) this.#deathsInRow = 0;
      const played = reply === undefined ? [] : this.#chunks(reply);
      const chunks = envs.map((env, i) =>
        this.#lost[env] ? this.#lostChunk(env) : played[alive.indexOf(i)],
      );
      this.#show(envs, (i) => this.#row(chunks[i].observations, chunks[i].rewards.length - 1));
      return chunks;
    });
  }

  /** The same as its disposal, for who has no `await using`. */
  close(): Promise<void> {
    return this[Symbol.asyncDispose]();
  }

  /** Waits for the call under way, then ends the thread. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    await this.#pending?.catch(() => {});
    await this.#thread.end();
  }

  /** Runs a call while no other is. */
  async #alone<T>(call: () => Promise<T>): Promise<T> {
    if (this.#disposed) throw new UserError("These environments were disposed; make new ones.");
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

  /** The reply; undefined if the thread died. Throws UserError for a mistake. */
  async #ask<R extends Reply>(request: Request): Promise<R | undefined> {
    const reply = await this.#thread.ask(request);
    if (reply === undefined) this.#lost.fill(true);
    else if ("mistake" in reply) throw new UserError(reply.mistake);
    return reply as R | undefined;
  }

  async #replaceDead(): Promise<void> {
    while (this.#thread.death !== undefined) {
      this.#lost.fill(true);
      this.#deathsInRow++;
      if (this.#deathsInRow > maxDeaths)
        throw new Error(`${this.#thread.death} That was too often in a row.`);
      this.#thread = new Thread({ config: this.#config, numEnvs: this.numEnvs });
      await this.#thread.ready();
    }
  }

  #chunks({ lengths, observations, rewards, successes, endings, faults }: PlayReply): PlayedChunk[] {
    const [size] = this.#sizes;
    let end = 0;
    return endings.map((ending, i) => {
      const begin = end;
      end += lengths[i];
      return {
        observations: observations.subarray(begin * size, end * size),
        rewards: rewards.subarray(begin, end),
        successes: successes.subarray(begin, end),
        ending,
        ...(faults[i] !== undefined && { fault: faults[i] }),
      };
    });
  }

  #lostChunk(env: number): PlayedChunk {
    return {
      observations: this.#row(this.#shown, env).slice(),
      rewards: new Float32Array(1),
      successes: new Uint8Array(1),
      ending: "truncated",
      fault: `${this.#thread.death ?? "Its thread died."} Its episodes were ended.`,
    };
  }

  #row(rows: Float32Array, i: number): Float32Array {
    const [size] = this.#sizes;
    return rows.subarray(i * size, (i + 1) * size);
  }

  /** Keeps the last observations, for the case that the thread dies. */
  #show(envs: readonly number[], row: (i: number) => Float32Array): void {
    const [size] = this.#sizes;
    for (const [i, env] of envs.entries()) this.#shown.set(row(i), env * size);
  }

  #check(envs: readonly number[]): void {
    const wrong = envs.find((env) => !(Number.isInteger(env) && env >= 0 && env < this.numEnvs));
    if (wrong !== undefined)
      throw new UserError(`Environments are numbered 0 to ${this.numEnvs - 1}, got ${wrong}.`);
    const twice = envs.find((env, i) => envs.indexOf(env) < i);
    if (twice !== undefined) throw new UserError(`Environment ${twice} is named twice in one call.`);
  }
}

/** A thread's life, from its start to its death. */
class Thread {
  /** Cause of its death, in a sentence, once it has died. */
  death: string | undefined;
  readonly #worker: Worker;
  readonly #gone: Promise<void>;
  #answer: ((reply: Ready | Reply | undefined) => void) | undefined;
  #ended = false;

  constructor(setup: Setup) {
    this.#worker = startThread(new URL(/* @vite-ignore */ "./worker-thread.ts", import.meta.url), setup);
    let cause = "";
    this.#worker.on("error", (error) => {
      cause = `: ${error instanceof Error ? error.message : error}`;
    });
    this.#worker.on("message", (message: Ready | Reply) => this.#settle(message));
    this.#gone = new Promise((resolve) => {
      this.#worker.once("exit", () => {
        if (!this.#ended) this.death = `The thread of ${setup.numEnvs} environments died${cause}.`;
        this.#settle(undefined);
        resolve();
      });
    });
  }

  /** The spec of its environments; undefined if it dies first. Throws UserError if they cannot be made. */
  async ready(): Promise<EnvSpec | undefined> {
    const ready = (await this.#next()) as Ready | undefined;
    if (ready === undefined || "spec" in ready) return ready?.spec;
    this.#ended = true;
    throw new UserError(ready.mistake);
  }

  /** The reply to a request; undefined if the thread dies before. */
  ask(request: Request): Promise<Reply | undefined> {
    const transfer = request.kind === "play" ? [request.actions.buffer as ArrayBuffer] : [];
    if (this.death === undefined) this.#worker.postMessage(request, transfer);
    return this.#next() as Promise<Reply | undefined>;
  }

  async end(): Promise<void> {
    if (this.death !== undefined) return;
    this.#ended = true;
    this.#worker.ref();
    this.#worker.postMessage({ kind: "end" } satisfies Request);
    await this.#gone;
  }

  /** The next message. Only while one is awaited does the thread keep the process alive. */
  #next(): Promise<Ready | Reply | undefined> {
    if (this.death !== undefined) return Promise.resolve(undefined);
    this.#worker.ref();
    return new Promise((resolve) => {
      this.#answer = resolve;
    });
  }

  #settle(message: Ready | Reply | undefined): void {
    this.#worker.unref();
    this.#answer?.(message);
    this.#answer = undefined;
  }
}
