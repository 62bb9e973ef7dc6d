/** @file Promises of every algorithm of the table. None enters without an example here and a page in docs/algorithms. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterAll, describe, expect, test } from "vitest";
import { gaussianPlanner } from "../../test/gaussian-planner.ts";
import { lineEnv, playedLines, playedSides, sideEnv } from "../../test/line-envs.ts";
import { toyPool } from "../../test/toy-pool.ts";
import { outcome } from "../../test/toy-run.ts";
import { smallSac } from "../../test/trainings.ts";
import { Random, vectorSpaces } from "../base/index.ts";
import { type EpisodeList, type Sampler, samplerOf } from "../data/index.ts";
import { cpu } from "../devices/index.ts";
import { readTensors } from "../platform/index.ts";
import { type EnvPool, successRate, trainingRequests } from "../rollout/index.ts";
import { Run } from "../runs/index.ts";
import type { Data, Offline, Online, OnlineSettings, Readings } from "./algorithm.ts";
import { algorithms, loadPolicy, trainOffline, trainOnline } from "./index.ts";
import { initTaskPolicy } from "./task-policy.ts";

const device = cpu({ threads: 1 });
const patience = { timeout: 240_000 };
const top = mkdtempSync(join(tmpdir(), "sodp-algorithms-"));
afterAll(() => rmSync(top, { recursive: true }));

/** A training small enough for a test, in environments of plain arithmetic. */
interface Example {
  /** Environments in which it is to succeed. tick: awaited before whatever is played */
  envs(tick?: () => Promise<void>): readonly EnvPool[];
  /** Enough to learn; and a part of it that differs, enough to be interrupted in. */
  readonly config: object;
  readonly short: object;
  train(config: object, run: Run, tick?: () => Promise<void>): Promise<unknown>;
}

/** Samplers of readings; all episodes are held out as well. tick: awaited before each batch of fewer rows than are held out */
function dataOf<R extends Readings>(episodes: EpisodeList, readings: R, tick = async () => {}): Data<R> {
  const samplers = Object.entries(readings).map(([name, { columns, ...options }]) => {
    const sampler = samplerOf(episodes, columns, options) as Sampler<{ readonly task: readonly number[] }>;
    const { byTask } = sampler;
    const train = {
      ...sampler,
      tasks: sampler.tasks,
      async sample(random: Random, batch: never) {
        await tick();
        await sampler.sample(random, batch);
      },
      byTask: byTask && {
        ...byTask,
        async sample(random: Random, batch: never, task: number) {
          await tick();
          await byTask.sample(random, batch, task);
        },
      },
    };
    return [name, { train, heldOut: sampler }];
  });
  return Object.fromEntries(samplers);
}

/** A pool that ticks. */
const ticking = (pool: EnvPool, tick: () => Promise<void> = async () => {}): EnvPool => ({
  ...pool,
  async play(...given) {
    await tick();
    return pool.play(...given);
  },
});

const lines = (tick?: () => Promise<void>) => [ticking(lineEnv("line"), tick)];
const bothWays = (tick?: () => Promise<void>) => [
  ticking(lineEnv("with"), tick),
  ticking(lineEnv("against", -1), tick),
];
/** Pays for the action, and is solved where it is above a half. */
const bandit = (tick?: () => Promise<void>) => [
  ticking(
    toyPool({ spaces: vectorSpaces(1, 1), maxSteps: 1 }, () => ({
      reset: () => [0],
      step: ([x]) => ({ observation: [0], reward: x, success: x > 0.5, terminated: true }),
    })),
    tick,
  ),
];

/** Settings of an agent with data beside its replay, with which it learns a line. */
const smallReplay = {
  episodes: 4,
  utdRatio: 1,
  batchSize: 64,
  hiddenSizes: [32, 32],
  learningRate: 3e-3,
  discount: 0.9,
  tau: 0.01,
  normalize: true,
  evalEvery: 1000,
  eval: { nEpisodes: 20 },
};
const shortReplay = { batchSize: 8, envSteps: 320, evalEvery: 160, eval: { nEpisodes: 4 } };

/** Imitates nobody: what it does is of no account. */
const clumsy = initTaskPolicy(
  {
    spaces: lineEnv("line").spaces,
    tasks: ["line"],
    hiddenSizes: [8],
    normalizer: { low: [-1, -1], high: [1, 1] },
  },
  new Random(5),
);

/** Trains on a line, with episodes of one who knows how beside. */
async function trainBeside<Config extends OnlineSettings, Model, Start, R extends Readings>(
  algorithm: Online<Config, Model, Start, R>,
  config: object,
  policy: Start,
  run: Run,
  tick?: () => Promise<void>,
): Promise<unknown> {
  const parsed = algorithm.config.parse(config) as Config;
  const readings = algorithm.reads?.(parsed, policy, ["line"]) as R;
  const data = dataOf(await playedLines(["line"]), readings, tick);
  return trainOnline(algorithm, config as never, { envs: lines(tick), policy, data }, run, { device });
}

/** Trains on what an expert did, by default on both lines. */
async function trainOnBothLines(
  algorithm: unknown,
  config: object,
  run: Run,
  tick?: () => Promise<void>,
  episodes = playedLines(["with", "against"]),
): Promise<unknown> {
  const record = algorithm as Offline;
  const data = dataOf(await episodes, record.reads(record.config.parse(config)), tick);
  return trainOffline(record, config as never, data, run, { device });
}

/** Small enough for a test. */
const decisionTransformer = {
  batchSize: 32,
  contextSteps: 2,
  width: 16,
  layers: 1,
  heads: 2,
  maxSteps: 20,
  dropout: 0.02,
  returnScale: 10,
  targetReturn: null,
  learningRate: 1e-2,
  warmupSteps: 10,
};
/** Told nothing: only prompts, or masks, say which side is right. */
const shownTheTask = (name: "prompt-dt" | "harmodt", own = {}): Example => ({
  envs: (tick) => (["left", "right"] as const).map((task) => ticking(sideEnv(task), tick)),
  config: { ...decisionTransformer, steps: 60, promptSteps: 2, ...own },
  short: { steps: 30, logEvery: 4, evalEvery: 9, saveEvery: 7 },
  train: (config, run, tick) => trainOnBothLines(algorithms[name], config, run, tick, playedSides()),
});

/** A small MTDiff, on the sides. */
const diffusing = (name: "mtdiff-p" | "mtdiff-onehot", more: object = {}): Example => ({
  envs: (tick) => (["left", "right"] as const).map((task) => ticking(sideEnv(task), tick)),
  config: {
    width: 16,
    layers: 1,
    innerSize: 32,
    dropout: 0,
    horizon: 2,
    numTrainTimesteps: 4,
    maxSteps: 20,
    targetValue: null,
    steps: 150,
    batchSize: 32,
    learningRate: 5e-3,
    emaFrom: 1000,
    ...more,
  },
  short: { steps: 30, batchSize: 8, logEvery: 4, evalEvery: 9, saveEvery: 7 },
  train: (config, run, tick) => trainOnBothLines(algorithms[name], config, run, tick, playedSides()),
});

const examples: Readonly<Record<keyof typeof algorithms, Example>> = {
  pretrain: {
    envs: lines,
    config: {
      planner: {
        nObsSteps: 1,
        horizon: 4,
        nActionSteps: 1,
        numTrainTimesteps: 5,
        prediction: "sample",
        denoiser: { kind: "mlp", width: 32, blocks: 1, embeddingSize: 4 },
      },
      steps: 800,
      batchSize: 64,
      learningRate: 3e-3,
      warmupSteps: 20,
      emaDecay: 0.98,
    },
    short: { steps: 30, logEvery: 4, evalEvery: 9, saveEvery: 7 },
    async train(config, run, tick) {
      const { pretrain } = algorithms;
      const data = dataOf(
        await playedLines(["line"]),
        pretrain.reads(pretrain.config.parse(config) as never),
        tick,
      );
      return trainOffline(pretrain, config, data, run, { device });
    },
  },
  mtbc: {
    envs: bothWays,
    config: { steps: 1500, batchSize: 64, hiddenSizes: [32, 32], learningRate: 3e-3 },
    short: { steps: 30, logEvery: 4, evalEvery: 9, saveEvery: 7 },
    train: (config, run, tick) => trainOnBothLines(algorithms.mtbc, config, run, tick),
  },
  mtiql: {
    envs: bothWays,
    config: { steps: 800, batchSize: 64, hiddenSizes: [32, 32], learningRate: 3e-3 },
    short: { steps: 30, logEvery: 4, evalEvery: 9, saveEvery: 7 },
    train: (config, run, tick) => trainOnBothLines(algorithms.mtiql, config, run, tick),
  },
  mtdql: {
    envs: bothWays,
    config: { steps: 800, batchSize: 64, width: 32, numTrainTimesteps: 3, learningRate: 3e-3, eta: 0.02 },
    short: { steps: 30, logEvery: 4, evalEvery: 9, saveEvery: 7 },
    train: (config, run, tick) => trainOnBothLines(algorithms.mtdql, config, run, tick),
  },
  mtdt: {
    envs: bothWays,
    config: { ...decisionTransformer, steps: 1200, contextSteps: 3 },
    short: { steps: 30, logEvery: 4, evalEvery: 9, saveEvery: 7 },
    train: (config, run, tick) => trainOnBothLines(algorithms.mtdt, config, run, tick),
  },
  "prompt-dt": shownTheTask("prompt-dt"),
  harmodt: shownTheTask("harmodt", { maskInterval: 8 }),
  "mtdiff-p": diffusing("mtdiff-p", { promptSteps: 2, promptsPerTask: 5 }),
  "mtdiff-onehot": diffusing("mtdiff-onehot"),
  finetune: {
    envs: bandit,
    config: {
      envSteps: 1200,
      episodes: 64,
      initialEpisodes: 8,
      advantage: "batch",
      regularizer: "none",
      clip: [0.1, 0.1],
      epochs: 4,
      minibatchSize: 64,
      learningRate: 0.01,
      emaDecay: 0.5,
      evalEvery: 200,
    },
    short: { envSteps: 60, episodes: 8, evalEvery: 20, eval: { nEpisodes: 4 } },
    train: (config, run, tick) =>
      trainOnline(
        algorithms.finetune,
        config,
        { envs: bandit(tick), policy: gaussianPlanner([0.3], { horizon: 1 }) },
        run,
        { device },
      ),
  },
  calql: {
    envs: lines,
    config: {
      ...smallReplay,
      actorHiddenSizes: [32, 32],
      criticLearningRate: 3e-3,
      conservatism: 0.3,
      sampledActions: 2,
      maxTargetBackup: false,
      batchSize: 32,
      offlineSteps: 300,
      envSteps: 720,
    },
    short: { ...shortReplay, envSteps: 160, offlineSteps: 160, evalEvery: 80, sampledActions: 2 },
    train: (config, run, tick) => trainBeside(algorithms.calql, config, undefined, run, tick),
  },
  ibrl: {
    envs: lines,
    config: {
      ...smallReplay,
      learningStarts: 160,
      criticSteps: 1,
      nSteps: 2,
      critics: 3,
      batchSize: 32,
      tau: 0.05,
      noise: 0.2,
      dropout: 0,
      envSteps: 1000,
    },
    short: { ...shortReplay, learningStarts: 80, criticSteps: 2 },
    train: (config, run, tick) => trainBeside(algorithms.ibrl, config, clumsy, run, tick),
  },
  rlpd: {
    envs: lines,
    config: { ...smallReplay, learningStarts: 200, criticSteps: 1, critics: 2, batchSize: 32, envSteps: 800 },
    short: { ...shortReplay, learningStarts: 80, criticSteps: 2 },
    train: (config, run, tick) => trainBeside(algorithms.rlpd, config, undefined, run, tick),
  },
  sac: {
    envs: lines,
    config: { ...smallSac, envSteps: 3000, eval: { nEpisodes: 20 } },
    short: { envSteps: 400, learningStarts: 80, evalEvery: 160, eval: { nEpisodes: 4 }, normalize: true },
    train: (config, run, tick) =>
      trainOnline(algorithms.sac, config, { envs: lines(tick), policy: undefined }, run, { device }),
  },
};

let runs = 0;
const newFolder = () => join(top, `${runs++}`);
const begin = (folder: string, name: string) =>
  Run.start(folder, { kind: name, config: {}, overrides: {}, command: "sodp", seed: 0 });

/** Trains to the end in a new folder. */
async function trained(name: keyof typeof algorithms, config: object): Promise<string> {
  const folder = newFolder();
  await using run = await begin(folder, name);
  expect(await examples[name].train({ ...examples[name].config, ...config }, run)).not.toBeNull();
  return folder;
}

const weightsOf = (folder: string, which = "last") =>
  readFileSync(join(folder, "checkpoints", which, "pretrained_model", "model.safetensors"));

describe.each(Object.keys(examples) as (keyof typeof algorithms)[])("%s", patience, (name) => {
  const algorithm = algorithms[name];
  const { config, short, envs, train } = examples[name];

  test("learns something small in seconds; its stored policy shows it", async () => {
    const folder = await trained(name, {});
    const best = existsSync(join(folder, "checkpoints", "best")) ? "best" : "last";
    const { kind, model } = await loadPolicy(join(folder, "checkpoints", best, "pretrained_model"));
    expect(kind).toBe(algorithm.policy);
    const isExported = (model as { readonly masks?: unknown }).masks === undefined;
    const report = isExported
      ? await kind.export?.(model, join(folder, "policy.onnx"), { batchSize: 3 })
      : undefined;
    expect(report?.maximumRelativeError ?? 0).toBeLessThan(1e-5);
    const weights = await readTensors(
      join(folder, "checkpoints", best, "pretrained_model/model.safetensors"),
    );
    const numbers = Object.values(weights.tensors).map(({ data: { length } }) => length);
    expect(kind.describe(model).parameters).toBe(numbers.reduce((sum, count) => sum + count, 0));
    for (const env of envs()) {
      await using policy = await kind.compile(model, { env, batchSize: env.batchSize, device });
      const played = await env.play(policy, trainingRequests(40, new Random(77)), { stopAtSuccess: true });
      expect(successRate(played)).toBeGreaterThanOrEqual(0.9);
    }
  });

  test("equal seeds give equal weights, others do not", async () => {
    const [a, b, c] = [
      await trained(name, short),
      await trained(name, short),
      await trained(name, { ...short, seed: 1 }),
    ];
    expect(await outcome(b)).toEqual(await outcome(a));
    expect(weightsOf(b)).toEqual(weightsOf(a));
    expect(weightsOf(c)).not.toEqual(weightsOf(a));
  });

  test("stopped again and again, it goes on to the same bits", async () => {
    const whole = await trained(name, short);
    const folder = newFolder();
    let model: unknown = null;
    for (let part = 0; model === null; part++) {
      let ticks = 0;
      const tick = async () => {
        if (++ticks !== 3) return;
        process.kill(process.pid, "SIGTERM");
        await setTimeout(5);
      };
      await using run = part === 0 ? await begin(folder, name) : await Run.resume(folder);
      model = await train({ ...config, ...short }, run, part < 4 ? tick : undefined);
    }
    expect(await outcome(folder)).toEqual(await outcome(whole));
    expect(weightsOf(folder)).toEqual(weightsOf(whole));
  });

  test("logs the metrics that its record names, and its page explains each", async () => {
    const folder = await trained(name, short);
    const logged = new Set(
      readFileSync(join(folder, "metrics.jsonl"), "utf8")
        .trim()
        .split("\n")
        .flatMap((line) => Object.keys(JSON.parse(line))),
    );
    const axes = ["grad_steps", "env_steps", "time/elapsed"];
    const ofLoop =
      algorithm.kind === "offline"
        ? []
        : ["success_rate", "ep_rew_mean", "ep_len_mean", "faults"]
            .map((metric) => `rollout/${metric}`)
            .concat("eval/success_rate", "eval/best_success_rate", "eval/env_steps");
    const known = [...algorithm.metrics, ...ofLoop];
    const optional = algorithm.optionalMetrics ?? [];
    const always = [...logged].filter((metric) => !axes.includes(metric) && !optional.includes(metric));
    expect(always.sort()).toEqual([...known].sort());
    const page = readFileSync(join(import.meta.dirname, "../../docs/algorithms", `${name}.md`), "utf8");
    expect([...known, ...optional].filter((metric) => !page.includes(`\`${metric}\``))).toEqual([]);
    for (const chapter of ["## Usage", "## Metrics", "## Results", "## Source"])
      expect(page).toContain(chapter);
  });

  test("is called as in the table, in a sentence; its presets are configurations", () => {
    expect(algorithm.name).toBe(name);
    expect(algorithm.summary).toMatch(/^[A-Z].*\.$/s);
    for (const preset of Object.values(algorithm.presets)) algorithm.config.parse(preset);
  });
});

test("every algorithm has an example", () =>
  expect(Object.keys(examples).sort()).toEqual(Object.keys(algorithms).sort()));
