/** @file `sodp replay`: episodes of a policy, of an evaluation or of a data set as moving pictures. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { z } from "zod";
import { UserError } from "../base/index.ts";
import { Dataset, findManifest } from "../data/index.ts";
import { canonicalTask, type EnvConfig, envsNamed } from "../envs/index.ts";
import { evaluate, evaluationSeeds } from "../rollout/index.ts";
import { EnvPool } from "../rollout/local/index.ts";
import { readEpisodes } from "../runs/index.ts";
import { type Configuration, configured } from "./config.ts";
import { findEvaluatedPolicy } from "./eval/policy.ts";
import { Progress } from "./progress.ts";
import {
  type PlacedEpisode,
  placedOf,
  replayAll,
  replayFiles,
  requireReplayFiles,
  writeReplayFiles,
} from "./replays.ts";
import { typed } from "./run-command.ts";
import { envsOfRun } from "./run-env.ts";
import { denoisingFlags, envOptions, policyText, tasksFlag, threads } from "./shared-flags.ts";
import { jsonText, print } from "./terminal.ts";
import { UsageError } from "./usage-error.ts";

const Flags = z.strictObject({
  env: z
    .strictObject({
      task: tasksFlag().optional(),
      ...envOptions,
    })
    .prefault({}),
  episodes: z.int().positive().default(4).describe("episodes to draw, per task"),
  episode: z
    .array(z.int().nonnegative())
    .readonly()
    .optional()
    .describe("numbers of these of an evaluation or a data set; default: the first"),
  seed: z
    .int()
    .nonnegative()
    .default(90_000)
    .describe("seed of the first episode that a policy plays; each further one takes the next"),
  denoising: denoisingFlags(0),
  threads,
  out: replayFiles
    .default(["replay.html", "replay.gif"])
    .describe("what to write: .html, a page of all, and .gif, all at once in one picture"),
});
type Flags = Readonly<z.infer<typeof Flags>>;

export function replayCommand(): Command {
  const command = new Command("replay")
    .description(
      "Draw episodes as moving pictures: of a policy, which plays them now; of an evaluation, which kept them; of a data set.",
    )
    .argument("<what>", `${policyText}; of an evaluation (its --output_dir); or of a data set`);
  const read = configured(command, { schema: Flags });
  return command.action(async (what: string, { json }: { json?: boolean }) => {
    const given = await read();
    const { out } = given.config;
    given.checked(() => requireReplayFiles(out));
    using progress = new Progress("replay");
    const { placed, about } = await episodesOf(what, given, progress);
    const { replays, faults } = await replayAll(placed, (done) => progress.progress(done, placed.length, {}));
    for (const fault of faults) progress.note(fault);
    progress[Symbol.dispose]();
    if (replays.length === 0) throw new UserError(faults[0] ?? `${what} has no such episode.`);
    const solved = replays.filter(({ episode }) => episode.solved).length;
    const sentence = `${about} ${solved} of ${replays.length} episodes shown are solved.`;
    await writeReplayFiles(out, { title: what, summary: [sentence, ...faults], replays, command: typed() });
    const episodes = replays.map(({ task, seed, episode }) => ({ task, seed, ...episode }));
    print(json ? jsonText({ files: out, episodes, faults }) : `${out.join(", ")}: ${sentence}`);
  });
}

interface Found {
  readonly placed: readonly PlacedEpisode[];
  /** Where they come from, in a sentence. */
  readonly about: string;
}

/** The episodes that are asked for. Throws UserError if `what` is nothing that has or plays any. */
async function episodesOf(what: string, given: Configuration<Flags>, progress: Progress): Promise<Found> {
  const { env, episodes, episode } = given.config;
  const tasks = env.task === undefined ? undefined : envsNamed(env.task);
  const isAsked = (name: string) => tasks === undefined || tasks.includes(canonicalTask(name));
  const recorded = await readEpisodes(what);
  if (recorded !== undefined) {
    const all = recorded.tasks.flatMap(({ env, episodes }) =>
      episodes.map((each) => ({ env, episode: each })),
    );
    const { type, path } = recorded.policy;
    return {
      placed: chosen(all, ({ env }) => env.env, isAsked, { episodes, episode }),
      about: `Episodes of the evaluation ${what} of ${path ?? `the reference ${type}`}.`,
    };
  }
  if ((await findManifest(what)) !== undefined) {
    using dataset = await Dataset.open(what);
    const all = Array.from({ length: dataset.episodes }, (_, i) => i);
    const some = chosen(all, (i) => dataset.about(i).task, isAsked, { episodes, episode });
    return { placed: some.map((i) => placedOf(dataset, i)), about: `Episodes of the data set ${what}.` };
  }
  if (existsSync(join(what, "eval_info.json")))
    throw new UserError(
      `${what} is an evaluation that kept no episodes. sodp eval does so now: evaluate anew.`,
    );
  if (episode !== undefined)
    throw new UsageError(
      "--episode means nothing to a policy: it plays --episodes new ones, from --seed on.",
    );
  return { placed: await play(what, given, progress), about: `Episodes of the policy ${what}.` };
}

/** Those with the numbers asked for; otherwise the first of each task. */
function chosen<Each>(
  all: readonly Each[],
  taskOf: (each: Each) => string,
  isAsked: (task: string) => boolean,
  { episodes, episode }: Pick<Flags, "episodes" | "episode">,
): readonly Each[] {
  if (episode !== undefined) {
    const missing = episode.find((i) => i >= all.length);
    if (missing !== undefined)
      throw new UserError(`Episodes are numbered 0 to ${all.length - 1}, got ${missing}.`);
    return episode.map((i) => all[i]);
  }
  const taken = new Map<string, number>();
  return all.filter((each) => {
    const task = taskOf(each);
    const count = taken.get(task) ?? 0;
    taken.set(task, count + 1);
    return isAsked(task) && count < episodes;
  });
}

/** New episodes of a policy, in the environments that its run was configured with, or that flags name. */
async function play(
  path: string,
  given: Configuration<Flags>,
  progress: Progress,
): Promise<readonly PlacedEpisode[]> {
  const { config, checked } = given;
  const flags = { policy: { path }, denoising: config.denoising, threads: config.threads };
  const policy = await findEvaluatedPolicy(flags, given as never);
  const envs: readonly EnvConfig[] = await checked(() => envsOfRun(path, config.env));
  if (envs.length === 0)
    throw new UsageError(`--env.task is required: the run of ${path} names no task to play.`);
  const seeds = checked(() => evaluationSeeds(config.seed, config.episodes));
  const placed: PlacedEpisode[] = [];
  for (const env of envs) {
    await using pool = await EnvPool.start(env, { numEnvs: seeds.length, threads: config.threads });
    await using acting = await policy.prepare(pool, env);
    progress.progress(placed.length, envs.length * seeds.length, { [pool.task]: "is played" });
    await evaluate(pool, acting, seeds, {
      protocol: "metaworld",
      onEpisode: (_, episode) => placed.push({ env, episode }),
    });
  }
  return placed;
}
