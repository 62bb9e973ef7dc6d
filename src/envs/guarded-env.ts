/** @file An environment of the user's own, watched: whatever it does wrong is told in a sentence that names its module. */
import { describeSpace, differenceOfSpaces, type Spaces, sizeOfSpace, UserError } from "../base/index.ts";
import {
  checkAction,
  type Env,
  type EnvSpec,
  type EnvState,
  type RenderOptions,
  type Reset,
  type ResetOptions,
  type Step,
} from "./env.ts";
import { requireAlive, requireRunning } from "./lifecycle.ts";
import type { Image } from "./picture/render.ts";

/** Promises of an own environment's family, and the module to blame. */
export interface Promised {
  /** "family/task" */
  readonly name: string;
  readonly spaces: Spaces;
  /** As the user named it. */
  readonly module: string;
}

interface Episode {
  steps: number;
  over: boolean;
}

/** Saved state of the environment, with the guard's own. */
interface GuardedState extends EnvState {
  readonly guard: Readonly<Episode> | undefined;
}

/**
 * An own environment, checked at every call. What it throws, and observations of another size, are a UserError; numbers that are none
 * end the episode with a fault, as a simulator's do.
 */
export class GuardedEnv implements Env {
  readonly spec: EnvSpec;
  readonly #env: Env;
  readonly #promised: Promised;
  readonly #sizes: Readonly<Record<keyof Spaces, number>>;
  #last = new Float64Array();
  #episode: Episode | undefined;
  #disposed = false;

  /** Throws UserError if its spec is not what the family promised. */
  constructor(env: Env, promised: Promised) {
    this.#env = env;
    this.#promised = promised;
    const { observation, action } = promised.spaces;
    this.#sizes = { observation: sizeOfSpace(observation), action: sizeOfSpace(action) };
    this.spec = this.#checkedSpec(env.spec);
  }

  reset(seed?: number, options?: ResetOptions): Reset {
    requireAlive(this.#disposed);
    const reset = this.#call("reset", () => this.#env.reset(seed, options));
    const fault = this.#checkRow("reset", reset?.observation);
    if (fault !== undefined) throw this.#blame(`reset() of "${this.#promised.name}" gave ${fault}`);
    this.#last = Float64Array.from(reset.observation);
    this.#episode = { steps: 0, over: false };
    return { ...reset, info: reset.info ?? {} };
  }

  step(action: ArrayLike<number>): Step {
    requireAlive(this.#disposed);
    const episode = requireRunning(this.#episode);
    checkAction(action, this.#sizes.action);
    const step = this.#call("step", () => this.#env.step(action));
    episode.steps++;
    const fault = step.fault ?? this.#checkRow("step", step?.observation) ?? rewardFault(step.reward);
    if (fault !== undefined) return this.#fault(episode, fault);
    this.#last = Float64Array.from(step.observation);
    const truncated = step.truncated || episode.steps >= this.spec.maxSteps;
    episode.over = step.terminated || truncated;
    return { ...step, truncated: truncated && !step.terminated, info: step.info ?? {} };
  }

  save(): EnvState {
    requireAlive(this.#disposed);
    const own = this.#call("save", () => this.#env.save());
    const state: GuardedState = {
      ...own,
      name: this.spec.name,
      guard: this.#episode && { ...this.#episode },
    };
    return state;
  }

  restore(state: EnvState): void {
    requireAlive(this.#disposed);
    this.#call("restore", () => this.#env.restore(state));
    const { guard } = state as GuardedState;
    this.#episode = guard && { ...guard };
  }

  render(options: RenderOptions): Image {
    const { render } = this.#env;
    if (render === undefined) throw new UserError(`${this.#promised.name} draws no pictures.`);
    return this.#call("render", () => render.call(this.#env, options));
  }

  /** The same as its disposal, for who has no `using`. */
  close(): void {
    this[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#call("[Symbol.dispose]", () => this.#env[Symbol.dispose]());
  }

  #checkedSpec(spec: EnvSpec): EnvSpec {
    const { name, spaces } = this.#promised;
    if (spec?.name !== name) throw this.#blame(`make() was asked for "${name}" and gave "${spec?.name}"`);
    for (const kind of ["observation", "action"] as const) {
      const difference = differenceOfSpaces(spec.spaces?.[kind] ?? {}, spaces[kind]);
      if (difference === undefined) continue;
      throw this.#blame(`the ${kind} space of "${name}" is ${difference} as spaces() says`);
    }
    if (!(spec.maxSteps > 0))
      throw this.#blame(`maxSteps of "${name}" is a number from 1, got ${spec.maxSteps}`);
    return spec;
  }

  #call<T>(method: string, call: () => T): T {
    try {
      return call();
    } catch (error) {
      if (error instanceof UserError) throw error;
      throw this.#blame(`${method}() of "${this.#promised.name}" threw ${error}`);
    }
  }

  /** Fault of a row of numbers, in words; undefined if it has none. Throws UserError for one of another size. */
  #checkRow(method: string, row: ArrayLike<number> | undefined): string | undefined {
    if (row?.length !== this.#sizes.observation) {
      const space = describeSpace(this.#promised.spaces.observation);
      throw this.#blame(
        `${method}() of "${this.#promised.name}" observed ${row?.length ?? "no"} numbers; ${space} has ${this.#sizes.observation}`,
      );
    }
    const wrong = Array.from({ length: row.length }, (_, i) => i).find((i) => !Number.isFinite(row[i]));
    return wrong === undefined ? undefined : `an observation whose number ${wrong} is ${row[wrong]}`;
  }

  #fault(episode: Episode, what: string): Step {
    episode.over = true;
    const { name, module } = this.#promised;
    return {
      observation: this.#last.slice(),
      reward: 0,
      success: false,
      terminated: false,
      truncated: true,
      fault: `${module}: "${name}" gave ${what} at step ${episode.steps}; the episode was ended.`,
      info: {},
    };
  }

  #blame(what: string): UserError {
    return new UserError(`${this.#promised.module}: ${what}.`);
  }
}

const rewardFault = (reward: unknown): string | undefined =>
  Number.isFinite(reward) ? undefined : `the reward ${reward}`;
