/**
 * @file Any Gymnasium environment of the user's own Python. Numbers travel as float64 over the process's
 * standard input and output; a thread keeps that conversation while the caller waits.
 */

/// <reference lib="es2024.sharedmemory" />

import { fileURLToPath } from "node:url";
import { MessageChannel, type MessagePort, receiveMessageOnPort, type Worker } from "node:worker_threads";
import { z } from "zod";
import { type Space, sizeOfSpace, successKeys, UserError, vectorSpace } from "../../base/index.ts";
import { startThread } from "../../platform/index.ts";
import {
  checkAction,
  type Env,
  type EnvSpec,
  type EnvState,
  type PythonOptions,
  type Reset,
  type ResetOptions,
  requireAlive,
  requireRunning,
  type Step,
} from "../index.ts";
import type { BridgeSetup, Reply, Request } from "./bridge-thread.ts";

const Spec = z.object({
  observation: z
    .array(z.tuple([z.string(), z.array(z.int().positive()), z.enum(["float32", "uint8"])]))
    .min(1),
  actionSize: z.int().positive(),
  maxSteps: z.number().nullable(),
  controlPeriod: z.number().nullable(),
});
const Answer = z.object({
  spec: Spec.optional(),
  terminated: z.boolean().default(false),
  truncated: z.boolean().default(false),
  info: z.record(z.string(), z.number()).default({}),
  seeds: z.enum(["ignored", "equal"]).optional(),
  error: z.object({ kind: z.string(), message: z.string() }).optional(),
});

/** Answer to a call, or the reason, in a sentence, why there is none. */
type Outcome =
  | { readonly kind: "answer"; readonly answer: z.infer<typeof Answer>; readonly numbers: Float64Array }
  | { readonly kind: "raised" | "gone" | "mistake"; readonly reason: string };

/**
 * An environment that runs in Python. Observations are flattened: Dict and Tuple part by part, Discrete one-hot. Actions in
 * [-1, 1] are stretched to the bounds of a Box (passed as they are where it has none); for a Discrete space an action
 * has a number per choice and the largest wins. `success` is the info's number of that name, or of another of
 * `successKeys`; other numbers of the info are kept. Calls block the caller's thread.
 *
 * The first reset with a seed starts three episodes more, unless that takes long, to see whether seeds do what they should:
 * if not, standard error is told.
 *
 * An exception in a step, a dead process or a time-out ends the episode with a fault; the next reset starts the process
 * again if need be. Such environments cannot be saved. Holds a thread and a process until disposed.
 */
export class PythonEnv implements Env {
  readonly spec: EnvSpec;
  readonly #id: string;
  readonly #bridge: Bridge;
  readonly #actionSize: number;
  #observation: Float64Array;
  #episode: { steps: number; over: boolean } | undefined;
  #disposed = false;

  /** Throws UserError if there is no such Python, package or environment. */
  static async start(id: string, options: Partial<PythonOptions> = {}): Promise<PythonEnv> {
    const bridge = await Bridge.start(id, options);
    try {
      const outcome = await bridge.make();
      if (outcome.kind === "mistake") throw new UserError(outcome.reason);
      if (outcome.kind !== "answer") throw new UserError(`"${id}" could not be made: ${outcome.reason}`);
      return new PythonEnv(id, options.maxSteps, bridge, Spec.parse(outcome.answer.spec));
    } catch (error) {
      bridge.end();
      throw error;
    }
  }

  private constructor(id: string, maxSteps: number | undefined, bridge: Bridge, spec: z.infer<typeof Spec>) {
    const observation: Space = Object.fromEntries(
      spec.observation.map(([name, shape, dtype]) => [name, { shape, dtype }]),
    );
    this.spec = {
      name: `python/${id}`,
      spaces: { observation, action: vectorSpace("action", spec.actionSize) },
      maxSteps: Math.min(maxSteps ?? Number.POSITIVE_INFINITY, spec.maxSteps ?? Number.POSITIVE_INFINITY),
      controlPeriod: spec.controlPeriod ?? Number.NaN,
    };
    this.#id = id;
    this.#bridge = bridge;
    this.#actionSize = spec.actionSize;
    this.#observation = new Float64Array(sizeOfSpace(observation));
  }

  /** `options` become Gymnasium's options. Throws UserError if the environment does not start an episode. */
  reset(seed?: number, options?: ResetOptions): Reset {
    requireAlive(this.#disposed);
    this.#episode = undefined;
    const outcome = this.#bridge.reset(seed, options);
    const refuse = (why: string): never => {
      const withSeed = seed === undefined ? "" : ` with the seed ${seed}`;
      throw new UserError(`${this.#name} could not be reset${withSeed}: ${why}`);
    };
    if (outcome.kind !== "answer") return refuse(outcome.reason);
    const wrong = outcome.numbers.findIndex((number) => !Number.isFinite(number));
    if (wrong >= 0) return refuse(`it observed ${outcome.numbers[wrong]} as number ${wrong}.`);
    if (outcome.answer.seeds !== undefined) tellOfSeeds(this.#name, outcome.answer.seeds);
    this.#episode = { steps: 0, over: false };
    this.#observation = outcome.numbers;
    return { observation: outcome.numbers.slice(), info: outcome.answer.info };
  }

  step(action: ArrayLike<number>): Step {
    requireAlive(this.#disposed);
    const episode = requireRunning(this.#episode);
    checkAction(action, this.#actionSize);
    episode.steps++;
    const outcome = this.#bridge.ask({ call: "step" }, Float64Array.from(action));
    if (outcome.kind !== "answer") return this.#fault(episode, outcome.reason);
    const wrong = outcome.numbers.findIndex((number) => !Number.isFinite(number));
    if (wrong === 0) return this.#fault(episode, `its reward is ${outcome.numbers[0]}.`);
    if (wrong > 0)
      return this.#fault(episode, `it observed ${outcome.numbers[wrong]} as number ${wrong - 1}.`);
    const { terminated, info } = outcome.answer;
    const truncated = outcome.answer.truncated || (!terminated && episode.steps >= this.spec.maxSteps);
    episode.over = terminated || truncated;
    this.#observation = outcome.numbers.slice(1);
    return {
      observation: this.#observation.slice(),
      reward: outcome.numbers[0],
      success: (info[successKeys.find((key) => key in info) ?? ""] ?? 0) > 0,
      terminated,
      truncated,
      info,
    };
  }

  save(): EnvState {
    throw new UserError(`${this.#name} runs in Python and cannot be saved.`);
  }

  restore(): void {
    throw new UserError(`${this.#name} runs in Python and cannot be restored.`);
  }

  /** The same as its disposal, for who has no `using`. */
  close(): void {
    this[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#bridge.end();
  }

  get #name(): string {
    return `"${this.#id}"`;
  }

  #fault(episode: { readonly steps: number; over: boolean }, reason: string): Step {
    episode.over = true;
    const fault = `${this.#name} failed at step ${episode.steps}: ${reason} The episode was ended.`;
    const observation = this.#observation.slice();
    return { observation, reward: 0, success: false, terminated: false, truncated: true, fault, info: {} };
  }
}

/** Environments whose seeds were told of. */
const toldOf = new Set<string>();

/** Tells, once per environment and thread, that seeds do not do what they should. */
function tellOfSeeds(name: string, seeds: "ignored" | "equal"): void {
  if (toldOf.has(name)) return;
  toldOf.add(name);
  console.error(
    seeds === "ignored"
      ? `${name} ignores the seed of reset: equal seeds start different episodes, and results cannot be repeated.`
      : `${name} starts the same episode whatever the seed: many seeds say no more than one.`,
  );
}

/** With defaults. */
interface BridgeOptions extends Pick<PythonOptions, "arguments" | "timeoutSeconds"> {
  readonly python: string;
}

/** Calls to the process, by way of the thread that talks to it. */
class Bridge {
  readonly #id: string;
  readonly #options: BridgeOptions;
  readonly #worker: Worker;
  readonly #port: MessagePort;
  readonly #replies: Int32Array;
  #number = 0;
  /** True while the process lives and has the environment. */
  #ready = false;

  static async start(id: string, options: Partial<PythonOptions>): Promise<Bridge> {
    const { port1, port2 } = new MessageChannel();
    const full: BridgeOptions = {
      arguments: options.arguments ?? {},
      python: options.python ?? (process.platform === "win32" ? "python" : "python3"),
      timeoutSeconds: options.timeoutSeconds ?? 60,
    };
    const replies = new Int32Array(new SharedArrayBuffer(4));
    const script = fileURLToPath(
      new URL(/* @vite-ignore */ "../../../assets/python/gymnasium_server.py", import.meta.url),
    );
    const setup: BridgeSetup = { python: full.python, script, port: port2, replies };
    const worker = startThread(new URL(/* @vite-ignore */ "./bridge-thread.ts", import.meta.url), setup, [
      port2,
    ]);
    await new Promise((resolve, reject) => {
      worker.once("message", resolve);
      worker.once("error", reject);
    });
    return new Bridge(id, full, worker, port1, replies);
  }

  private constructor(
    id: string,
    options: BridgeOptions,
    worker: Worker,
    port: MessagePort,
    replies: Int32Array,
  ) {
    this.#id = id;
    this.#options = options;
    this.#worker = worker;
    this.#port = port;
    this.#replies = replies;
  }

  /** Starts the process and makes the environment in it. */
  async make(): Promise<Outcome> {
    this.#post(this.#making);
    const end = this.#deadline;
    const waiting = Atomics.waitAsync(this.#replies, 0, 0, 1000 * this.#options.timeoutSeconds);
    if (waiting.async) await waiting.value;
    this.#worker.unref(); // a caller who forgets to dispose still comes to an end
    return this.#made(this.#receive(end));
  }

  /** Starts an episode, and the process before if it is gone. */
  reset(seed?: number, options?: ResetOptions): Outcome {
    if (!this.#ready) {
      const outcome = this.#made(this.ask(this.#making));
      if (outcome.kind !== "answer") return outcome;
    }
    return this.ask({ call: "reset", seed: seed ?? null, options: options ?? null });
  }

  /** One call and its answer. Blocks. */
  ask(call: Request["call"], numbers = new Float64Array(0)): Outcome {
    this.#post(call, numbers);
    return this.#receive();
  }

  end(): void {
    this.#port.postMessage("end");
    this.#port.close();
  }

  get #making(): Request["call"] {
    return { call: "make", id: this.#id, options: this.#options.arguments };
  }

  get #deadline(): number {
    return performance.now() + 1000 * this.#options.timeoutSeconds;
  }

  #made(outcome: Outcome): Outcome {
    this.#ready = outcome.kind === "answer";
    return outcome;
  }

  #post(call: Request["call"], numbers = new Float64Array(0)): void {
    this.#port.postMessage({ number: ++this.#number, call, numbers } satisfies Request);
  }

  /** The reply to the last request. Blocks. */
  #receive(end = this.#deadline): Outcome {
    for (;;) {
      const seen = Atomics.load(this.#replies, 0);
      const reply = receiveMessageOnPort(this.#port)?.message as Reply | undefined;
      if (reply?.number === this.#number) return this.#understand(reply);
      if (reply !== undefined) continue; // a late one, to a request that was given up
      if (Atomics.wait(this.#replies, 0, seen, Math.max(end - performance.now(), 0)) !== "timed-out")
        continue;
      this.#ready = false;
      this.#port.postMessage("stop");
      return { kind: "gone", reason: `it did not answer within ${this.#options.timeoutSeconds} s.` };
    }
  }

  #understand({ answer, gone }: Reply): Outcome {
    const { python } = this.#options;
    const id = this.#id;
    if (gone?.why === "ENOENT") {
      const reason = `There is no program "${python}". Say which Python has your environment: python: ".venv/bin/python".`;
      return { kind: "mistake", reason };
    }
    if (answer === undefined) {
      this.#ready = false;
      const said = gone?.lastWords ? `, its last words: ${gone.lastWords}` : "";
      return { kind: "gone", reason: `its Python process died (${gone?.why}${said}).` };
    }
    const parsed = Answer.parse(JSON.parse(answer.text));
    if (parsed.error === undefined) return { kind: "answer", answer: parsed, numbers: answer.numbers };
    const { kind, message } = parsed.error;
    if (kind === "raised") return { kind, reason: `it raised ${message}.` };
    const mistakes: Readonly<Record<string, string>> = {
      "no gymnasium": `${python} has no package gymnasium. Install it: ${python} -m pip install gymnasium`,
      unknown: `Unknown Python environment "${id}": ${message}`,
      unsupported: `"${id}" cannot be used: ${message}.`,
    };
    return { kind: "mistake", reason: mistakes[kind] ?? message };
  }
}
