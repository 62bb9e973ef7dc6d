/** @file `sodp eval`: how good a policy is, in numbers that can be compared. */
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { z } from "zod";
import { Random, requireSameSpaces, UserError } from "../base/index.ts";
import { DatasetWriter, type Episode, type Origin } from "../data/index.ts";
import { cpu } from "../devices/index.ts";
import { denoisingSteps } from "../diffusion/index.ts";
import { envsNamed, findEnv, optionsOf, type ScriptedPolicy, suites } from "../envs/index.ts";
import { readTensors } from "../platform/index.ts";
import { loadPlanner } from "../policies/files/index.ts";
import { DiffusionPolicy, diffusionOf } from "../policies/index.ts";
import {
  type EpisodesScore,
  evaluate,
  evaluationSeeds,
  expertPolicy,
  LatencyMeter,
  type Policy,
  protocols,
  randomPolicy,
  summarizeTasks,
  type TaskScore,
} from "../rollout/index.ts";
import { EnvPool } from "../rollout/local/index.ts";
import { findPolicy } from "../runs/index.ts";
import type { EvaluationInfo } from "../wire/index.ts";
import { type Configuration, configured } from "./config.ts";
import { jsonOption } from "./env/options.ts";
import { Progress } from "./progress.ts";
import { columns } from "./table.ts";

/** Shares of noise that denoising draws anew. */
const samplers = { ddpm: 1, ddim: 0 } as const;

const count = () => z.int().positive();
const names = <Name extends string>(table: Readonly<Record<Name, unknown>>) => Object.keys(table) as Name[];
const Flags = z.strictObject({
  policy: z
    .strictObject({
      path: z
        .string()
        .meta({ placeholder: "folder" })
        .optional()
        .describe("of a planner, of a checkpoint, or of a run: its best checkpoint, else its last"),
      type: z
        .enum(["planner", "expert", "random"])
        .default("planner")
        .describe("expert (scripted) and random need no path: they are for comparison"),
      denoisingSteps: count().optional().describe("default: all that the planner was trained with"),
      sampler: z
        .enum(names(samplers))
        .default("ddpm")
        .describe("denoising that draws noise anew at every step, or none"),
    })
    .prefault({}),
  env: z.strictObject({
    task: z
      .string()
      .describe(
        `tasks or suites, with commas between: metaworld/drawer-open, ${Object.keys(suites).join(", ")}`,
      ),
    maxSteps: count()
      .optional()
      .describe("steps after which an episode ends unsolved; default: the environment's own"),
  }),
  eval: z
    .strictObject({
      nEpisodes: count().default(50).describe("episodes per task"),
      batchSize: count().default(16).describe("episodes played at once"),
    })
    .prefault({}),
  protocol: z
    .enum(names(protocols))
    .default("metaworld")
    .describe(
      Object.entries(protocols)
        .map(([name, { rule }]) => `${name}: ${rule}`)
        .join("; "),
    ),
  seed: z
    .int()
    .nonnegative()
    .default(90_000)
    .describe("of each task's first episode; each further one takes the next. Never met in training"),
  dataset: z
    .strictObject({
      root: z
        .string()
        .meta({ placeholder: "folder" })
        .optional()
        .describe("where to keep the episodes themselves, as a data set; default: nowhere"),
    })
    .prefault({}),
  threads: count()
    .default(availableParallelism)
    .describe("of the processor; another number changes a planner's last bits"),
  outputDir: z
    .string()
    .meta({ placeholder: "folder" })
    .optional()
    .describe("where to write eval_info.json; default: nowhere"),
});
type Flags = Readonly<z.infer<typeof Flags>>;

export function evalCommand(): Command {
  const command = new Command("eval").description(
    "Let a policy play, an episode per seed: success with 95 % intervals, rewards, and the time that its actions take.",
  );
  const read = configured(command, { schema: Flags });
  return command.addOption(jsonOption()).action(async ({ json }: { json?: boolean }) => {
    const configuration = await read();
    const { config, checked } = configuration;
    const seeds = checked(() => evaluationSeeds(config.seed, config.eval.nEpisodes));
    const chosen = checked(() => envsNamed(config.env.task.split(",")));
    const file = config.outputDir === undefined ? undefined : join(config.outputDir, "eval_info.json");
    if (file !== undefined && existsSync(file))
      throw new UserError(`${file} holds another evaluation. Choose another --output_dir, or remove it.`);
    const player = await findPlayer(configuration);
    const { root } = config.dataset;
    const dataset = root === undefined ? undefined : await DatasetWriter.create(root, originOf(config));
    const info = await play(config, player, chosen, seeds, dataset);
    await dataset?.close();
    if (config.outputDir !== undefined && file !== undefined) {
      await mkdir(config.outputDir, { recursive: true });
      await writeFile(file, `${JSON.stringify(info, null, 2)}\n`);
    }
    console.log(json ? JSON.stringify(info, null, 2) : asText(info));
  });
}

/** Who plays. */
interface Player {
  readonly about: EvaluationInfo["policy"];
  /** Ready to play on `stage`. Throws UserError if it cannot. */
  prepare(pool: EnvPool): Promise<Policy<unknown, unknown> & AsyncDisposable>;
}

async function findPlayer({ config, checked }: Configuration<Flags>): Promise<Player> {
  const { path, type, sampler, denoisingSteps: steps } = config.policy;
  if (type !== "planner") return reference(type);
  if (path === undefined)
    return checked(() => {
      throw new UserError(
        "--policy.path is required: the folder of a planner, of a checkpoint, or of a run.",
      );
    });
  const { folder } = await findPolicy(path);
  const planner = await loadPlanner(folder);
  const denoising = { eta: samplers[sampler], ...(steps !== undefined && { numInferenceSteps: steps }) };
  const { timesteps } = checked(() => denoisingSteps(diffusionOf(planner.config), denoising));
  if (sampler !== "ddpm" || timesteps.length !== planner.config.numTrainTimesteps)
    console.error(
      `Note: the planner was trained with ${planner.config.numTrainTimesteps} denoising steps of DDPM and acts with ` +
        `${timesteps.length} of ${sampler.toUpperCase()}.`,
    );
  const { metadata } = await readTensors(join(folder, "model.safetensors"));
  return {
    about: {
      type,
      path,
      weights_sha256: metadata.sha256,
      denoising_steps: timesteps.length,
      sampler,
      n_obs_steps: planner.config.nObsSteps,
      n_action_steps: planner.config.nActionSteps,
    },
    async prepare(pool) {
      requireSameSpaces(`The planner of ${path}`, planner.config.spaces, pool.task, pool.spaces);
      return DiffusionPolicy.compile(planner, {
        batchSize: pool.batchSize,
        denoising,
        device: cpu({ threads: config.threads }),
      });
    },
  };
}

function reference(type: "expert" | "random"): Player {
  const none = { path: null, weights_sha256: null, denoising_steps: null, sampler: null };
  return {
    about: { type, ...none, n_obs_steps: 1, n_action_steps: 1 },
    async prepare({ task, actionSize }) {
      const policy = type === "expert" ? expertPolicy(expertOf(task)) : randomPolicy(actionSize);
      return { ...policy, async [Symbol.asyncDispose]() {} };
    },
  };
}

/** Throws UserError if the task's family has none. */
function expertOf(name: string): ScriptedPolicy {
  const { family, task } = findEnv(name);
  const expert = family.expert?.(task, optionsOf(family, { env: name }));
  if (expert !== undefined) return expert;
  throw new UserError(`${family.name} has no scripted policies: there is no expert of ${name}.`);
}

/** How episodes that are kept came about. */
const originOf = ({ policy, env, protocol, seed }: Flags): Origin => ({
  recipe: "evaluation",
  policy: policy.path ?? policy.type,
  tasks: env.task,
  protocol,
  ...(env.maxSteps !== undefined && { max_steps: env.maxSteps }),
  seed,
});

async function play(
  { env, eval: { batchSize }, protocol, seed, threads }: Flags,
  player: Player,
  chosen: readonly string[],
  seeds: readonly number[],
  dataset: DatasetWriter | undefined,
): Promise<EvaluationInfo> {
  const meter = new LatencyMeter();
  const scores: TaskScore[] = [];
  using progress = new Progress("eval");
  const all = chosen.length * seeds.length;
  let done = 0;
  let maxSteps = 0;
  for (const task of chosen) {
    let solved = 0;
    const played: Episode[] = [];
    progress.progress(done, all, { [task]: "starts" });
    await using pool = await EnvPool.start(
      { env: task, maxSteps: env.maxSteps },
      { numEnvs: Math.min(batchSize, seeds.length), threads },
    );
    maxSteps = Math.max(maxSteps, pool.maxSteps);
    await using policy = await player.prepare(pool);
    const score = await evaluate(pool, meter.wrap(policy), seeds, {
      protocol,
      onEpisode: ({ episode_ix, success, fault }, episode) => {
        played[episode_ix] = episode;
        done++;
        solved += Number(success);
        if (fault !== undefined) progress.note(`${task}: ${fault}`);
        progress.progress(done, all, { [task]: `${solved} solved` });
      },
    });
    scores.push(score);
    for (const episode of played) await dataset?.add(episode, pool.spaces);
  }
  const random = new Random(seed).split("intervals");
  const together = (some: readonly TaskScore[]) => summarizeTasks(some, random.split("bootstrap"));
  return {
    format: "sodp evaluation",
    version: 1,
    protocol: { name: protocol, rule: protocols[protocol].rule, max_steps: maxSteps },
    policy: player.about,
    env: { type: findEnv(chosen[0]).family.name, task: env.task },
    seed,
    per_task: scores.map((score) => ({ task_group: groupOf(score), ...score })),
    per_group: Object.fromEntries(
      [...new Set(scores.map(groupOf))].map((group) => [
        group,
        together(scores.filter((score) => groupOf(score) === group)),
      ]),
    ),
    overall: together(scores),
    latency: meter.latency(),
  };
}

/** Its difficulty, where its family has such classes. */
function groupOf({ task: name }: TaskScore): string {
  const { family, task } = findEnv(name);
  return String(family.describe?.(task).difficulty ?? family.name);
}

/** A table with intervals, and how it came about. */
function asText({ protocol, seed, per_task, per_group, overall, latency }: EvaluationInfo): string {
  const groups = Object.entries(per_group);
  const episodes = per_task.flatMap(({ per_episode }) => per_episode);
  const steps = episodes.reduce((sum, episode) => sum + episode.steps, 0);
  const faults = episodes.filter(({ fault }) => fault !== undefined).length;
  return [
    columns([
      ["task", "solved", "success", "95 % interval", "at last step", "return"],
      ...per_task.map(({ task, aggregated }) => row(task, aggregated)),
      ...(groups.length > 1 ? groups.map(([name, group]) => row(`${name} (${group.tasks})`, group)) : []),
      ...(per_task.length > 1 ? [row(`all (${overall.tasks})`, overall)] : []),
    ]),
    ...iqmText(overall),
    `Protocol ${protocol.name}: ${protocol.rule}. At most ${protocol.max_steps} steps, seeds from ${seed} on.`,
    `A decision at batch size ${latency.batch_size}: ${milliseconds(latency.median_ms)} (median), ` +
      `95 % of them at most ${milliseconds(latency.p95_ms)}. ${(steps / overall.eval_s).toFixed(0)} world steps/s.`,
    ...(faults > 0 ? [`In ${faults} episodes the simulator gave up; they count as they stood.`] : []),
  ].join("\n");
}

function row(
  name: string,
  { n, pc_success, ci95, pc_success_last, avg_sum_reward }: EpisodesScore,
): string[] {
  const solved = Math.round((pc_success * n) / 100);
  const success = [`${solved}/${n}`, percent(pc_success), interval(ci95), percent(pc_success_last)];
  return [name, ...success, avg_sum_reward.toFixed(0)];
}

/** No interval is told where the bootstrap finds none: all episodes of each task ended alike. */
function iqmText({ iqm_success, iqm_ci95 }: EvaluationInfo["overall"]): string[] {
  if (iqm_success === undefined || iqm_ci95 === undefined) return [];
  const sure = iqm_ci95[0] < iqm_ci95[1] ? ` (95 % interval ${interval(iqm_ci95)}, bootstrap)` : "";
  return [`Interquartile mean over tasks: ${percent(iqm_success)}${sure}.`];
}

const percent = (value: number) => `${value.toFixed(1)} %`;
const interval = ([low, high]: readonly [number, number]) => `${percent(low)} to ${percent(high)}`;
const milliseconds = (value: number) => `${value.toFixed(1)} ms`;
