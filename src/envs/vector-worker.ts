/** @file One thread of a vector environment: its worlds, stepped one after the other whenever it is called. */

import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { UserError } from "../base/index.ts";
import type { Env, Info, Step } from "./env.ts";
import { makeEnv } from "./make-env.ts";
import {
  type Answer,
  flags,
  type Greeting,
  infoSize,
  type Letter,
  layOut,
  type Memory,
  type PlayedChunk,
  type Setup,
  slots,
} from "./vector-memory.ts";

/** A thread's worlds and where their numbers go. */
class Group {
  readonly #envs: readonly Env[];
  readonly #memory: Memory;
  readonly #setup: Setup;
  readonly #seeds: (number | undefined)[];
  /** Which worlds have an episode that goes on. */
  readonly #running: boolean[];
  readonly #infoKinds = new Map<string, number>();
  #infoNames: string[][] = [];
  #faults: [number, string][] = [];

  constructor(envs: readonly Env[], memory: Memory, setup: Setup) {
    this.#envs = envs;
    this.#memory = memory;
    this.#setup = setup;
    this.#seeds = [...setup.seeds];
    this.#running = envs.map(() => false);
  }

  step(): void {
    const { moves, actions } = this.#memory;
    this.#envs.forEach((env, world) => {
      if (moves[world] === 0) return;
      const { actionSize } = env.spec;
      const action = actions.slice(world * actionSize, (world + 1) * actionSize);
      this.#named(world, () => {
        if (!this.#running[world]) return this.#reset(world); // only autoreset "NextStep" comes here
        const { fault } = this.#move(world, action);
        if (fault !== undefined) this.#faults.push([world, fault]);
      });
    });
  }

  obey(letter: Exclude<Letter, { kind: "end" }>): Answer {
    if (letter.kind === "save") {
      return { states: this.#envs.map((env, world) => this.#named(world, () => env.save())) };
    }
    if (letter.kind === "restore") {
      letter.states.forEach((state, world) => {
        this.#named(world, () => this.#envs[world].restore(state));
        this.#running[world] = !state.over;
        this.#seeds[world] = undefined;
      });
      return {};
    }
    if (letter.kind === "play") {
      const { worlds, actions, stopAtSuccess } = letter;
      return {
        chunks: worlds.map((world, i) =>
          this.#named(world, () => this.#play(world, actions[i], stopAtSuccess)),
        ),
      };
    }
    letter.worlds.forEach((world, i) => {
      this.#named(world, () => this.#reset(world, letter.seeds[i], letter.options[i]));
    });
    return {};
  }

  /** Runs `work`; a mistake of the user's then says in which world. */
  #named<T>(world: number, work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      throw new UserError(`World ${this.#setup.first + world}: ${error.message}`);
    }
  }

  /** What has come up since the last call and goes by mail. */
  news(): Answer {
    const news = {
      ...(this.#infoNames.length > 0 && { infoNames: this.#infoNames }),
      ...(this.#faults.length > 0 && { faults: this.#faults }),
    };
    this.#infoNames = [];
    this.#faults = [];
    return news;
  }

  end(): void {
    for (const env of this.#envs) env[Symbol.dispose]();
  }

  /** actions: (T, A) */
  #play(world: number, actions: Float64Array, stopAtSuccess: boolean): PlayedChunk {
    const { observationSize, actionSize } = this.#envs[world].spec;
    const steps: Step[] = [];
    for (let at = 0; at < actions.length && this.#running[world]; at += actionSize) {
      steps.push(this.#move(world, actions.slice(at, at + actionSize)));
      if (stopAtSuccess && steps[steps.length - 1].success) break;
    }
    const observations = new Float64Array(steps.length * observationSize);
    steps.forEach(({ observation }, t) => {
      observations.set(observation, t * observationSize);
    });
    const { terminated, truncated, fault } = steps[steps.length - 1];
    return {
      observations,
      rewards: Float64Array.from(steps, ({ reward }) => reward),
      successes: Uint8Array.from(steps, ({ success }) => Number(success)),
      terminated,
      truncated,
      ...(fault !== undefined && { fault }),
    };
  }

  #move(world: number, action: Float64Array): Step {
    const memory = this.#memory;
    const step = this.#envs[world].step(action);
    const over = step.terminated || step.truncated;
    this.#running[world] = !over;
    const restarts = over && this.#setup.autoreset === "SameStep";
    if (restarts) {
      memory.finals.set(step.observation, world * step.observation.length);
      memory.finalInfoKinds[world] = this.#write(step.info, memory.finalInfos, world);
      this.#reset(world);
    } else {
      this.#show(world, step.observation, step.info);
    }
    memory.rewards[world] = step.reward;
    memory.flags[world] =
      (step.success ? flags.success : 0) |
      (step.terminated ? flags.terminated : 0) |
      (step.truncated ? flags.truncated : 0) |
      (restarts ? flags.restarted : 0);
    return step;
  }

  #reset(world: number, seed = this.#seeds[world], options?: Parameters<Env["reset"]>[1]): void {
    const { observation, info } = this.#envs[world].reset(seed, options);
    this.#seeds[world] = undefined;
    this.#running[world] = true;
    this.#memory.rewards[world] = 0;
    this.#memory.flags[world] = 0;
    this.#show(world, observation, info);
  }

  #show(world: number, observation: Float64Array, info: Info): void {
    this.#memory.observations.set(observation, world * observation.length);
    this.#memory.infoKinds[world] = this.#write(info, this.#memory.infos, world);
  }

  /** Writes an info's numbers; returns the index of its names. */
  #write(info: Info, into: Float64Array, world: number): number {
    const names = Object.keys(info);
    if (names.length > infoSize) {
      throw new UserError(`An info has at most ${infoSize} numbers here, got ${names.length}.`);
    }
    names.forEach((name, i) => {
      into[world * infoSize + i] = info[name];
    });
    const key = JSON.stringify(names);
    let kind = this.#infoKinds.get(key);
    if (kind === undefined) {
      kind = this.#infoKinds.size;
      this.#infoKinds.set(key, kind);
      this.#infoNames.push(names);
    }
    return kind;
  }
}

/** Answers calls until told to end. What a world throws that is not the user's mistake ends the thread. */
function serve(group: Group, { control }: Memory, port: Setup["port"]): void {
  for (let calls = 0; ; calls = (calls + 1) | 0) {
    while (Atomics.load(control, slots.calls) === calls) Atomics.wait(control, slots.calls, calls); // wakes may come late
    const byMail = control[slots.byMail] === 1;
    const letter = byMail ? (receiveMessageOnPort(port)?.message as Letter) : undefined;
    if (letter?.kind === "end") return;
    let answer: Answer = {};
    try {
      if (letter === undefined) group.step();
      else answer = group.obey(letter);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      answer = { mistake: error.message, ...(letter?.kind !== "save" && { spoilt: true }) };
    }
    answer = { ...answer, ...group.news() };
    control[slots.mailed] = Number(Object.keys(answer).length > 0);
    if (control[slots.mailed] === 1) port.postMessage(answer);
    Atomics.add(control, slots.answers, 1);
    Atomics.notify(control, slots.answers);
  }
}

const greet = (greeting: Greeting) => parentPort?.postMessage(greeting);

const setup = workerData as Setup;
try {
  const envs: Env[] = [];
  for (const world of setup.worlds) envs.push(await makeEnv(world)); // one after the other: each is heavy
  const memory = layOut(envs.length, envs[0].spec);
  const group = new Group(envs, memory, setup);
  greet({ specs: envs.map(({ spec }) => spec), buffer: memory.buffer });
  serve(group, memory, setup.port);
  group.end();
} catch (error) {
  if (!(error instanceof UserError)) throw error;
  greet({ mistake: error.message });
}
setup.port.close();
