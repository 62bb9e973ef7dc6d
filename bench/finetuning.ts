/**
 * @file Where the fine-tuning loop's time goes: environments, sampling, updates, per 100,000 environment steps. The planner is
 * the laptop preset's, with random weights: episodes run to their limit.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { finetune, finetunePresets, pretrainPresets, trainOnline } from "../src/algorithms/index.ts";
import { Random, type Space, sizeOfSpace } from "../src/base/index.ts";
import { cpu } from "../src/devices/index.ts";
import { initPlanner, plannerNormalizers } from "../src/policies/index.ts";
import { EnvPool } from "../src/rollout/local/index.ts";
import { Run } from "../src/runs/index.ts";

const per = 100_000;
const limit = { low: -1, high: 1 };

/** Prints a row for one thread and one for two, or with --json one document. */
export async function finetuning(options: string[]): Promise<void> {
  const { values } = parseArgs({
    args: options,
    options: { json: { type: "boolean", default: false }, steps: { type: "string", default: "25000" } },
  });
  const rows = [];
  for (const threads of [1, 2]) rows.push(await measure(Number(values.steps), threads));
  if (values.json) console.log(JSON.stringify({ machine: machine(), rows }, null, 2));
  else console.table(rows);
}

const machine = () => `${cpus()[0].model}, ${cpus().length} cores`;

async function measure(envSteps: number, threads: number) {
  const clock = { playing: 0, acting: 0, envs: 0 };
  const env = { env: "metaworld/drawer-open", maxSteps: 200 };
  await using pool = await EnvPool.start(env, { numEnvs: 16, threads });
  const { spaces } = pool;
  const range = (space: Space) => ({
    low: Array<number>(sizeOfSpace(space)).fill(limit.low),
    high: Array<number>(sizeOfSpace(space)).fill(limit.high),
  });
  const planner = initPlanner(
    { ...pretrainPresets.laptop.planner, spaces },
    plannerNormalizers(spaces, { observation: range(spaces.observation), action: range(spaces.action) }),
    new Random(0),
  );
  const folder = await mkdtemp(join(tmpdir(), "sodp-bench-"));
  try {
    const start = { kind: "finetune", config: {}, overrides: {}, command: "bench", seed: 0 };
    await using run = await Run.start(join(folder, "run"), start);
    const config = { ...finetunePresets.laptop, envSteps, evalEvery: envSteps, eval: { nEpisodes: 1 } };
    const began = readClocks();
    const given = { envs: [timed(pool, clock)], policy: planner };
    await trainOnline(finetune, config, given, run, { device: cpu({ threads }) });
    const all = since(began);
    const scale = per / envSteps;
    const seconds = (milliseconds: number) => Number(((scale * milliseconds) / 1000).toFixed(1));
    return {
      threads,
      "wall s": seconds(all.wall),
      "rollouts wall s": seconds(clock.playing),
      "of it acting s": seconds(clock.acting),
      "envs cpu s": seconds(clock.envs),
      "updates wall s": seconds(all.wall - clock.playing),
      "cores kept busy": Number((all.cpu / all.wall).toFixed(2)),
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The pool, with a clock for episodes and for the policy. */
function timed(pool: EnvPool, clock: { playing: number; acting: number; envs: number }): EnvPool {
  const { task, spaces, maxSteps, batchSize } = pool;
  return {
    ...{ task, spaces, maxSteps, batchSize },
    async play(policy, requests, options) {
      let acting = 0;
      const watched: typeof policy = {
        nObsSteps: policy.nObsSteps,
        nActionSteps: policy.nActionSteps,
        start: (episode) => policy.start(episode),
        async act(rows) {
          const began = performance.now();
          const output = await policy.act(rows);
          acting += performance.now() - began;
          return output;
        },
      };
      const began = readClocks();
      const played = await pool.play(watched, requests, options);
      const { wall, cpu } = since(began);
      clock.playing += wall;
      clock.acting += acting;
      clock.envs += cpu - acting;
      return played;
    },
  };
}

const readClocks = () => ({ at: performance.now(), used: process.cpuUsage() });

function since({ at, used }: ReturnType<typeof readClocks>): { wall: number; cpu: number } {
  const { user, system } = process.cpuUsage(used);
  return { wall: performance.now() - at, cpu: (user + system) / 1000 };
}
