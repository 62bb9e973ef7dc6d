/**
 * @file `sodp train <algorithm>`: any algorithm from the command line. What its flags are follows from its record.
 */
import { Command } from "commander";
import { z } from "zod";
import {
  type Algorithm,
  algorithmNamed,
  algorithms,
  type Offline,
  type Online,
  type PolicyKind,
  samplersOf,
  trainOffline,
  trainOnline,
} from "../algorithms/index.ts";
import { mean, Random, UserError } from "../base/index.ts";
import type { Dataset } from "../data/index.ts";
import { cpu } from "../devices/index.ts";
import { canonicalTask, taskOf } from "../envs/index.ts";
import { evaluate, trainingSeed } from "../rollout/index.ts";
import { EnvPool } from "../rollout/local/index.ts";
import { findPolicy, type Run } from "../runs/index.ts";
import type { Configuration } from "./config.ts";
import { addListed } from "./lazy.ts";
import { trains } from "./run-command.ts";
import { trainEach } from "./several-tasks.ts";
import {
  envsOf,
  evaluationFlags,
  folder,
  laptopEnv,
  oneEnv,
  outputDir,
  severalEnvs,
  threads,
} from "./shared-flags.ts";
import { openTrainingData, trainVerified } from "./training-data.ts";

/** All algorithms as commands of one. words: see `addListed` */
export function trainCommand(words: readonly string[] | undefined): Promise<Command> {
  const names = Object.keys(algorithms);
  const command = new Command("train").description(`Train any of the algorithms: ${names.join(", ")}.`);
  const list = Object.values<Algorithm>(algorithms).map((algorithm) => ({
    name: algorithm.name,
    summary: algorithm.summary,
    load: () => commandOf(algorithm),
  }));
  return addListed(command, list, words);
}

/** The command of the algorithm of that name. Throws UserError if there is none. */
export const algorithmCommand = (name: string): Command => commandOf(algorithmNamed(name));

/** The command of an algorithm, under its name. */
export function commandOf(algorithm: Algorithm): Command {
  const command = new Command(algorithm.name).description(algorithm.summary);
  return algorithm.kind === "offline"
    ? offlineCommand(command, algorithm)
    : onlineCommand(command, algorithm);
}

/** The part of a command's values that is the algorithm's own. */
const settingsOf = ({ config: { shape } }: Algorithm, values: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(Object.keys(shape).map((key) => [key, values[key]])) as never;

const watchedEnvs = severalEnvs(16)
  .extend({
    task: z
      .array(z.string())
      .default([])
      .describe("tasks or suites whose success is watched at each evaluation; none: the held-out loss alone"),
  })
  .prefault({});

/** Presets with the episode length that a laptop's mean in every command. */
const presetsOf = ({ presets }: Algorithm) =>
  Object.fromEntries(
    Object.entries(presets).map(([name, preset]) => [
      name,
      name.endsWith("laptop") ? { ...preset, env: laptopEnv } : preset,
    ]),
  );

const firstPolicy = folder()
  .nullable()
  .default(null)
  .describe(
    "policy to start from, of the same kind, whose network and normalizers are kept; default: new weights",
  );

/** A training's configuration and first policy, where it starts from one: what that policy is made of is no longer chosen. */
async function startOf<Config>(algorithm: Offline, config: Config) {
  const { startsFrom } = algorithm;
  const { policy: from } = config as { readonly policy?: { readonly path: string | null } };
  if (startsFrom === undefined || !from?.path) return { config, policy: undefined, parent: undefined };
  const { folder, run } = await findPolicy(from.path);
  const policy = await algorithm.policy.load(folder);
  const adopted = { ...config, ...startsFrom(policy), policy: { path: folder } };
  return { config: adopted, policy, parent: run?.id };
}

function offlineCommand(command: Command, algorithm: Offline): Command {
  const schema = z.strictObject({
    dataset: z.strictObject({ root: folder().describe("data set to learn from") }),
    ...(algorithm.startsFrom && { policy: z.strictObject({ path: firstPolicy }).prefault({}) }),
    outputDir,
    ...algorithm.config.shape,
    env: watchedEnvs,
    eval: evaluationFlags(10),
    threads,
  });
  return trains(command, {
    schema,
    presets: presetsOf(algorithm),
    async check(config) {
      algorithm.check?.(settingsOf(algorithm, config));
      await envsOf(config.env);
    },
    subjects: ({ env, dataset }) => (env.task.length > 0 ? env.task : [dataset.root]),
    async train({ config: given }, open) {
      const { config, policy, parent } = await startOf(algorithm, given);
      const settings = settingsOf(algorithm, config);
      using dataset = await openTrainingData(config.dataset.root);
      const readings = algorithm.reads(settings);
      const data = samplersOf(dataset, readings);
      const run = await open(config as never, parent);
      const watching = { ...config, seed: (config as unknown as { seed: number }).seed };
      const success = (model: unknown) => successIn(algorithm.policy, model, watching);
      const options = {
        device: cpu({ threads: config.threads }),
        policy,
        ...(config.env.task.length > 0 && { evaluate: success }),
      };
      return await trainVerified(dataset, run, async () =>
        isOver(await trainOffline(algorithm, settings, data, run, options)),
      );
    },
  });
}

function onlineCommand(command: Command, algorithm: Online): Command {
  const { startsFrom, reads, needsData, envs } = algorithm;
  const path = folder().describe(
    "policy to start from: a run, whose best checkpoint it is, a checkpoint, or a policy",
  );
  const set = folder();
  const dataset = needsData
    ? z.strictObject({ root: set.describe("data set to learn from beside its own episodes") })
    : z
        .strictObject({
          root: set.nullable().default(null).describe("data set, where the algorithm learns from one beside"),
        })
        .prefault({});
  const schema = z.strictObject({
    ...(startsFrom && { policy: z.strictObject({ path }) }),
    env: envs === "one" ? oneEnv(32) : severalEnvs(8),
    outputDir,
    ...(reads && { dataset }),
    ...algorithm.config.shape,
    threads,
  });
  return trains(command, {
    schema,
    presets: presetsOf(algorithm),
    async check(config) {
      algorithm.check?.(settingsOf(algorithm, config));
      await envsOf(tasksApart(config.env));
    },
    subjects: ({ env }) => tasksApart(env).task,
    async severalRuns({ config, overrides }, folder, json) {
      const found = envs === "one" ? await envsOf(tasksApart(config.env)) : [];
      if (found.length < 2) return false;
      const { name } = algorithm;
      await trainEach({ name, overrides, envs: found, folder, threads: config.threads }, json);
      return true;
    },
    train: (given, open) => trainOnlineBy(algorithm, given as Configuration<OnlineFlags>, open as never),
  });
}

/** Tasks of a flag that names one or, with commas between, several. */
const tasksApart = <Env extends { readonly task: string | readonly string[] }>(env: Env) => ({
  ...env,
  task: [env.task].flat().flatMap((each) => each.split(",").map((name) => name.trim())),
});

/** Flags common to the commands of online algorithms. */
interface OnlineFlags {
  readonly policy?: { readonly path: string };
  readonly env: Parameters<typeof envsOf>[0] & { readonly numEnvs: number };
  readonly dataset?: { readonly root: string | null };
  readonly threads: number;
}

async function trainOnlineBy(
  algorithm: Online,
  { config, checked }: Configuration<OnlineFlags>,
  open: (config: OnlineFlags, parent?: string) => Promise<Run>,
): Promise<boolean> {
  const { policy: from, env, dataset: where, threads } = config;
  const settings = settingsOf(algorithm, config as never);
  const found = from && (await findPolicy(from.path));
  const policy = found && (await algorithm.startsFrom?.load(found.folder));
  checked(() => algorithm.checkStart?.(settings, policy));
  const tasks = (await envsOf(env)).map(({ env: name }) => name);
  using dataset = where?.root ? await openTrainingData(where.root) : null;
  if (dataset && algorithm.needsData) requireTasks(dataset, tasks);
  const data = dataset && samplersOf(dataset, algorithm.reads?.(settings, policy, tasks) ?? {});
  const envs: (EnvPool & AsyncDisposable)[] = [];
  try {
    for (const each of await envsOf(env))
      envs.push(await EnvPool.start(each, { numEnvs: env.numEnvs, threads }));
    const run = await open({ ...config, ...(found && { policy: { path: found.folder } }) }, found?.run?.id);
    const given = { envs, policy, ...(data && { data }) };
    const train = async () =>
      isOver(await trainOnline(algorithm, settings, given, run, { device: cpu({ threads }) }));
    return await (dataset ? trainVerified(dataset, run, train) : train());
  } finally {
    for (const pool of envs) await pool[Symbol.asyncDispose]();
  }
}

/** Throws UserError unless a data set has episodes of all these tasks. */
function requireTasks({ folder, tasks: known }: Dataset, tasks: readonly string[]): void {
  const names = known.map(canonicalTask);
  const missing = tasks.filter((task) => !names.includes(canonicalTask(task)));
  if (missing.length > 0)
    throw new UserError(`${folder} has no episodes of ${missing.join(", ")}. It has ${known.join(", ")}.`);
}

/** True if a training came to its end. */
const isOver = (model: unknown): boolean => model !== null;

interface Watching {
  readonly env: Parameters<typeof envsOf>[0] & { readonly numEnvs: number };
  readonly eval: { readonly nEpisodes: number };
  readonly threads: number;
  readonly seed: number;
}

/** Success rates of a policy, 0 to 1, in some tasks. The seeds are of training's half. */
async function successIn(
  kind: PolicyKind<unknown>,
  model: unknown,
  { env, eval: { nEpisodes }, threads, seed }: Watching,
): Promise<Record<string, number>> {
  const random = new Random(seed).split("evaluation in worlds");
  const rates: [string, number][] = [];
  for (const each of await envsOf(env)) {
    await using pool = await EnvPool.start(each, { numEnvs: env.numEnvs, threads });
    const { batchSize } = pool;
    await using policy = await kind.compile(model, { env: pool, batchSize, device: cpu({ threads }) });
    const seeds = Array.from({ length: nEpisodes }, (_, i) =>
      trainingSeed(random.split(`${taskOf(each.env)} ${i}`)),
    );
    const { aggregated } = await evaluate(pool, policy, seeds, { protocol: "metaworld" });
    rates.push([`eval/success_rate/${each.env}`, aggregated.pc_success / 100]);
  }
  return { "eval/success_rate": mean(rates.map(([, rate]) => rate)), ...Object.fromEntries(rates) };
}
