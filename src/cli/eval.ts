/** @file `sodp eval`: the success of a policy, in numbers that can be compared. */
import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { Command } from "commander";
import { z } from "zod";
import { Random, UserError } from "../base/index.ts";
import { DatasetWriter, type Episode, type Origin } from "../data/index.ts";
import { type EnvConfig, findEnv } from "../envs/index.ts";
import { writeWhole } from "../platform/index.ts";
import {
  evaluate,
  evaluationSeeds,
  LatencyMeter,
  protocols,
  summarizeTasks,
  type TaskScore,
} from "../rollout/index.ts";
import { EnvPool } from "../rollout/local/index.ts";
import { type RecordedEpisodes, type RecordedTask, writeEpisodes } from "../runs/index.ts";
import type { EvaluationInfo, RecordedEpisode } from "../wire/index.ts";
import { withCarried } from "./carried.ts";
import { configured } from "./config.ts";
import { type EvaluatedPolicy, findEvaluatedPolicy } from "./eval/policy.ts";
import { evaluationText } from "./eval/text.ts";
import { newOutputFolder } from "./output-folder.ts";
import { Progress } from "./progress.ts";
import {
  denoisingFlags,
  envsOf,
  evaluationFlags,
  folder,
  namesOf,
  optionsGiven,
  policyText,
  severalEnvs,
  threads,
} from "./shared-flags.ts";
import { jsonText, print, tell } from "./terminal.ts";

const Flags = z.strictObject({
  policy: z
    .strictObject({
      path: folder().optional().describe(policyText),
      type: z
        .enum(["expert", "random"])
        .optional()
        .describe("instead of a path, for comparison: the task's scripted expert, or uniform actions"),
    })
    .prefault({}),
  env: severalEnvs(16),
  eval: evaluationFlags(50),
  protocol: z
    .enum(namesOf(protocols))
    .default("metaworld")
    .describe(
      Object.entries(protocols)
        .map(([name, { rule }]) => `${name}: ${rule}`)
        .join("; "),
    ),
  denoising: denoisingFlags(0),
  seed: z
    .int()
    .nonnegative()
    .default(90_000)
    .describe("seed of each task's first episode; each further one takes the next. No training uses them"),
  dataset: z
    .strictObject({
      root: folder().optional().describe("data set of the episodes to write; default: none"),
    })
    .prefault({}),
  threads,
  outputDir: folder()
    .optional()
    .describe(
      "where to write eval_info.json and the episodes, which sodp replay draws; default: outputs/eval/DATE_NAME",
    ),
});
type Flags = Readonly<z.infer<typeof Flags>>;

export function evalCommand(): Command {
  const command = new Command("eval").description(
    "Evaluate a policy, an episode per seed: success with 95 % intervals, rewards, and the time that its actions take.",
  );
  const read = configured(command, { schema: Flags });
  return command.action(async ({ json }: { json?: boolean }) => {
    const given = await read();
    const { checked } = given;
    const { path, type } = given.config.policy;
    const tasks = given.config.env.task;
    const env = await withCarried(given.config.env, path, tasks);
    const outputDir =
      given.config.outputDir ?? newOutputFolder("eval", [basename(path ?? type ?? ""), ...tasks]);
    const config = { ...given.config, env, outputDir };
    const seeds = checked(() => evaluationSeeds(config.seed, config.eval.nEpisodes));
    const envs = await checked(() => envsOf(config.env));
    const file = join(outputDir, "eval_info.json");
    if (existsSync(file))
      throw new UserError(`${file} holds another evaluation. Choose another --output_dir, or remove it.`);
    const policy = await findEvaluatedPolicy(config, given);
    const { root } = config.dataset;
    const dataset =
      root === undefined ? undefined : await DatasetWriter.create(root, originOf(config), "evaluation");
    const { info, played } = await evaluateTasks(config, policy, envs, seeds, dataset);
    await dataset?.close();
    await writeEpisodes(outputDir, { policy: pickPolicy(info.policy), tasks: played });
    await writeWhole(file, `${jsonText(info)}\n`);
    if (given.config.outputDir === undefined) tell(`Kept in ${outputDir}.`);
    print(json ? jsonText(info) : evaluationText(info));
  });
}

/** Origin of the data set of the episodes. */
const originOf = ({ policy, env, protocol, seed }: Flags): Origin => ({
  recipe: "evaluation",
  policy: policy.path ?? policy.type ?? null,
  env: { task: [...env.task], ...optionsGiven(env) },
  protocol,
  seed,
});

const pickPolicy = ({
  type,
  path,
  weights_sha256,
}: EvaluationInfo["policy"]): RecordedEpisodes["policy"] => ({
  type,
  path,
  weights_sha256,
});

async function evaluateTasks(
  config: Flags,
  policy: EvaluatedPolicy,
  envs: readonly EnvConfig[],
  seeds: readonly number[],
  dataset: DatasetWriter | undefined,
): Promise<{ readonly info: EvaluationInfo; readonly played: readonly RecordedTask[] }> {
  const { env, protocol, seed } = config;
  const meter = new LatencyMeter();
  const scores: TaskScore[] = [];
  const played: RecordedTask[] = [];
  using progress = new Progress("eval");
  const all = envs.length * seeds.length;
  let maxSteps = 0;
  for (const each of envs) {
    await using pool = await EnvPool.start(each, {
      numEnvs: Math.min(env.numEnvs, seeds.length),
      threads: config.threads,
    });
    maxSteps = Math.max(maxSteps, pool.maxSteps);
    await using acting = await policy.prepare(pool, each);
    const episodes: Episode[] = [];
    let [done, solved] = [scores.length * seeds.length, 0];
    progress.progress(done, all, { [pool.task]: "starts" });
    const score = await evaluate(pool, meter.wrap(acting), seeds, {
      protocol,
      onEpisode: ({ episode_ix, success, fault }, episode) => {
        episodes[episode_ix] = episode;
        done++;
        solved += Number(success);
        if (fault !== undefined) progress.note(`${pool.task}: ${fault}`);
        progress.progress(done, all, { [pool.task]: `${solved} solved` });
      },
    });
    scores.push(score);
    played.push({ env: each as RecordedTask["env"], episodes: episodes.map(recorded) });
    for (const episode of episodes) await dataset?.add(episode, pool.spaces);
  }
  const random = new Random(seed).split("intervals");
  const together = (some: readonly TaskScore[]) => summarizeTasks(some, random.split("bootstrap"));
  const info: EvaluationInfo = {
    format: "sodp evaluation",
    version: 2,
    protocol: { name: protocol, rule: protocols[protocol].rule, max_steps: maxSteps },
    policy: policy.info,
    env: { task: [...env.task], ...optionsGiven(env) },
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
  return { info, played };
}

/** What an episode is played again from. */
const recorded = ({ task, seed, actions, rewards, successes }: Episode): RecordedEpisode => ({
  task,
  seed,
  actions,
  rewards,
  successes,
});

/** The task's difficulty, where its family has such classes; else the family's name. */
function groupOf({ task: name }: TaskScore): string {
  const family = name.slice(0, name.indexOf("/"));
  try {
    const found = findEnv(name);
    return String(found.family.describe?.(found.task).difficulty ?? family);
  } catch {
    return family; // of a user's own module
  }
}
