/** @file The thread of an environment worker: its environments, stepped one after the other when it is asked to. */
import { parentPort, workerData } from "node:worker_threads";
import { sizeOfSpace, UserError } from "../../base/index.ts";
import type { Env, Step } from "../index.ts";
import { makeEnv } from "./make-env.ts";
import type { PlayReply, Ready, Reply, Request, ResetReply, Setup } from "./messages.ts";

const { config, numEnvs } = workerData as Setup;

function reset(envs: readonly Env[], { envs: which, seeds }: Request & { kind: "reset" }): ResetReply {
  const rows = which.map((env, i) => envs[env].reset(seeds[i]).observation);
  return { observations: joined(rows) };
}

function play(envs: readonly Env[], request: Request & { kind: "play" }): PlayReply {
  const { envs: which, actions, stopAtSuccess } = request;
  const size = actions.length / which.length;
  const chunks = which.map((env, i) =>
    playChunk(envs[env], actions.subarray(i * size, (i + 1) * size), stopAtSuccess),
  );
  const steps = chunks.flat();
  const last = chunks.map((chunk) => chunk[chunk.length - 1]);
  return {
    lengths: Int32Array.from(chunks, ({ length }) => length),
    observations: joined(steps.map(({ observation }) => observation)),
    rewards: Float32Array.from(steps, ({ reward }) => reward),
    successes: Uint8Array.from(steps, ({ success }) => Number(success)),
    endings: last.map(({ terminated, truncated }) =>
      terminated ? "terminated" : truncated ? "truncated" : "running",
    ),
    faults: Object.fromEntries(last.flatMap(({ fault }, i) => (fault === undefined ? [] : [[i, fault]]))),
  };
}

/** Steps until the chunk or the episode ends, or the task is solved if that ends it.   actions: (T, A) */
function playChunk(env: Env, actions: Float32Array, stopAtSuccess: boolean): Step[] {
  const size = sizeOfSpace(env.spec.spaces.action);
  const steps: Step[] = [];
  for (let at = 0; at < actions.length; at += size) {
    const step = env.step(actions.subarray(at, at + size));
    steps.push(step);
    if (step.terminated || step.truncated || (stopAtSuccess && step.success)) break;
  }
  return steps;
}

/** Rows one after another, in single precision. */
function joined(rows: readonly ArrayLike<number>[]): Float32Array {
  const size = rows[0]?.length ?? 0;
  const all = new Float32Array(rows.length * size);
  for (const [i, row] of rows.entries()) all.set(row, i * size);
  return all;
}

const post = (message: Ready | Reply, transfer: readonly ArrayBuffer[] = []) =>
  parentPort?.postMessage(message, [...transfer]);

/** Answers requests until told to end. What an environment throws that is not the user's mistake ends the thread. */
function handle(envs: readonly Env[], request: Request): void {
  if (request.kind === "end") {
    for (const env of envs) env[Symbol.dispose]();
    parentPort?.close();
    return;
  }
  try {
    const reply = request.kind === "reset" ? reset(envs, request) : play(envs, request);
    post(reply, [reply.observations.buffer as ArrayBuffer]);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    post({ mistake: error.message });
  }
}

try {
  const envs: Env[] = [];
  for (let i = 0; i < numEnvs; i++) envs.push(await makeEnv(config)); // one after the other: each is heavy
  parentPort?.on("message", (request: Request) => handle(envs, request));
  post({ spec: envs[0].spec });
} catch (error) {
  if (!(error instanceof UserError)) throw error;
  post({ mistake: error.message });
}
