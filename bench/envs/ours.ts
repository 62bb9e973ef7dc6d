/**
 * @file Our environments as a contestant: answers the commands of peer.py, and `footprint`, which loads all fifty.
 */
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { findTask, loadEngine, MetaworldEnv, tasks } from "../../src/envs/index.ts";
import type { Episode } from "./episodes.ts";

interface Load {
  readonly command: "load";
  readonly task: string;
  readonly episodes: readonly Episode[];
}

const engine = await loadEngine();
let loaded: { readonly env: MetaworldEnv; readonly episodes: readonly Episode[] } | undefined;

for await (const line of createInterface({ input: process.stdin })) {
  const request: Load | { readonly command: "play" | "footprint" } = JSON.parse(line);
  const answer =
    request.command === "load" ? load(request) : request.command === "play" ? play() : await footprint();
  console.log(JSON.stringify(answer));
}

function load({ task, episodes }: Load) {
  loaded?.env[Symbol.dispose]();
  const start = performance.now();
  const env = new MetaworldEnv(engine, findTask(task).task);
  const elapsed = performance.now() - start;
  const actions = episodes.map((each) => each.actions.map((action) => Float32Array.from(action)));
  loaded = { env, episodes: episodes.map(({ vector }, i) => ({ vector, actions: actions[i] })) };
  return { load_ms: elapsed, versions: { mujoco: engine.mj_versionString(), node: process.version } };
}

function play() {
  if (loaded === undefined) throw new Error("Nothing is loaded: send a load command first.");
  const { env, episodes } = loaded;
  let [stepping, resetting, steps] = [0, 0, 0];
  let last: Float64Array = new Float64Array();
  for (const { vector, actions } of episodes) {
    const start = processorTime();
    env.reset(undefined, { vector });
    const reset = processorTime();
    for (const action of actions) last = env.step(action).observation;
    stepping += processorTime() - reset;
    resetting += reset - start;
    steps += actions.length;
  }
  return { step_ms: stepping, steps, reset_ms: resetting, resets: episodes.length, last: [...last] };
}

/** Milliseconds of this process, all threads together. */
function processorTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** All fifty environments at once, each started and stepped. Memory in MB. */
async function footprint() {
  const before = await residentMemory();
  const loads: number[] = [];
  const envs = Object.keys(tasks).map((name) => {
    const start = performance.now();
    const env = new MetaworldEnv(engine, findTask(name).task);
    loads.push(performance.now() - start);
    return env;
  });
  for (const env of envs) {
    env.reset(0);
    env.step([0, 0, 0, 0]);
  }
  const after = await residentMemory();
  const heap = envs[0].sim.qpos.buffer.byteLength / 2 ** 20;
  for (const env of envs) env[Symbol.dispose]();
  return { loads, heap, resident: after === null || before === null ? null : after - before };
}

/** Null where there is no /proc. */
async function residentMemory(): Promise<number | null> {
  if (process.platform !== "linux") return null;
  const status = await readFile("/proc/self/status", "utf8");
  return Number(status.match(/VmRSS:\s+(\d+) kB/)?.[1]) / 1024;
}
