/** @file `sodp data collect`: a data set of the episodes of scripted experts with noise, or of agents that learn. */
import { availableParallelism } from "node:os";
import { Command } from "commander";
import { z } from "zod";
import { SacConfig, sacPresets } from "../../algorithms/index.ts";
import { countTo, mean, mostLayers, wilsonInterval } from "../../base/index.ts";
import { Dataset, findManifest } from "../../data/index.ts";
import { exitCodes, StopRequest } from "../../platform/index.ts";
import { CollectConfig, collect } from "../../rollout/local/index.ts";
import { configured } from "../config.ts";
import type { Tree } from "../flags.ts";
import { Progress } from "../progress.ts";
import { envOptions, envsOf, folder, laptopEnv, optionsGiven, seed, tasksFlag } from "../shared-flags.ts";
import { columns } from "../table.ts";
import { jsonText, print } from "../terminal.ts";
import { intervalText, percent } from "../text.ts";
import { UsageError } from "../usage-error.ts";
import { collectSac } from "./collect-sac.ts";

const { episodes, success } = CollectConfig.shape;
const Flags = z.strictObject({
  dataset: z.strictObject({ root: folder().describe("where the data set is written") }),
  env: z.strictObject({ task: tasksFlag().default(["mt10"]), ...envOptions }).prefault({}),
  agent: z
    .enum(["expert", "sac"])
    .default("expert")
    .describe("policies that act: scripted experts with noise, or soft actor-critic while it learns"),
  episodes,
  success,
  keep: z
    .number()
    .positive()
    .max(1)
    .default(1)
    .describe("sac: share of each agent's episodes that is kept, the first ones (paper: 0.5)"),
  sac: SacConfig.omit({ seed: true }).prefault({}),
  threads: countTo(mostLayers)
    .default(availableParallelism)
    .describe("threads of environments, or agents that learn, at once; the data is the same"),
  seed: seed.describe("fixes environments, noise and agents"),
});
type Flags = z.infer<typeof Flags>;

/** The paper's data: the first half of each task's replay, 50 M steps of 50 tasks in all, a set per class of difficulty. */
const paper = (suite: string) =>
  ({ agent: "sac", env: { task: [suite] }, keep: 0.5, sac: { envSteps: 2_000_000 } }) as const;
const presets = {
  /** Data that a laptop collects in a minute or two. */
  laptop: { env: laptopEnv },
  /** Replays that a laptop collects in less than an hour, of ten tasks. */
  "sac-laptop": { agent: "sac", env: laptopEnv, keep: 0.5, sac: sacPresets.laptop },
  "paper-easy": paper("easy"),
  "paper-medium": paper("medium"),
  "paper-hard": paper("hard"),
  "paper-very-hard": paper("very-hard"),
} as const;

export function collectCommand(): Command {
  const command = new Command("collect").description(
    "Let scripted experts with noise act, until a chosen share of their episodes is solved; or train agents and keep the " +
      "episodes of their training. Interrupted, the same command goes on, to the same data.",
  );
  const read = configured(command, { schema: Flags, presets });
  return command.action(async ({ json }: { json?: boolean }) => {
    const { config, overrides, checked, spelt } = await read();
    const tasks = (await checked(() => envsOf(config.env))).map(({ env }) => env);
    refuseForeign(config.agent, overrides);
    const stop = new AbortController();
    using request = new StopRequest(() => stop.abort());
    using progress = new Progress("collect");
    const collector = config.agent === "sac" ? collectAgents : collectExperts;
    const complete = await collector(config, tasks, spelt(config), stop.signal, progress);
    if (request.signal !== undefined) process.exitCode = exitCodes[request.signal];
    const { root } = config.dataset;
    const collected = await summaryOf(root);
    const all = config.agent === "expert" ? ` of ${tasks.length * config.episodes}` : "";
    if (!complete)
      progress.note(`Stopped: ${collected.episodes}${all} episodes are kept. The same command goes on.`);
    progress[Symbol.dispose]();
    print(json ? jsonText({ ...collected, complete }) : tableOf(collected));
  });
}

/** Returns true once the data set is complete, as `collectAgents`. */
function collectExperts(
  { dataset, env, episodes, success, seed, threads }: Flags,
  tasks: readonly string[],
  _: Tree,
  signal: AbortSignal,
  progress: Progress,
): Promise<boolean> {
  const { maxSteps, ...options } = optionsGiven(env);
  const config = { tasks, env: options, episodes, success, seed, maxSteps: env.maxSteps };
  return collect(config, dataset.root, {
    threads,
    signal,
    onProgress: ({ task, done, solved, allDone, all }) =>
      progress.progress(allDone, all, { [task]: `${solved} of ${done} solved` }),
  });
}

/** spelt: the configuration as files spell it */
function collectAgents(
  { dataset, keep, seed, threads }: Flags,
  tasks: readonly string[],
  { env, sac }: Tree,
  signal: AbortSignal,
  progress: Progress,
): Promise<boolean> {
  const { task: _, ...options } = env as Tree;
  const { root } = dataset;
  const collection = { root, tasks, env: options, keep, seed, sac: sac as Tree, processes: threads };
  return collectSac(collection, signal, progress);
}

/** Values that only one kind of agent knows, as files spell them. */
const only = { expert: ["episodes", "success"], sac: ["keep", "sac"] } as const;

/** Throws UsageError for a value that the chosen kind of agent would ignore. */
function refuseForeign(agent: keyof typeof only, overrides: Tree): void {
  const other = agent === "sac" ? "expert" : "sac";
  const misplaced = only[other].find((key) => key in overrides);
  if (misplaced === undefined) return;
  throw new UsageError(`--${misplaced} means nothing to --agent ${agent}; it is for --agent ${other}.`);
}

interface Summary {
  readonly folder: string;
  readonly episodes: number;
  readonly steps: number;
  /** Mean over tasks of the share of solved episodes; null without episodes. */
  readonly meanSuccess: number | null;
  readonly tasks: readonly {
    readonly task: string;
    readonly episodes: number;
    readonly successes: number;
    /** 95 % interval after Wilson. */
    readonly interval: readonly [low: number, high: number];
  }[];
}

async function summaryOf(folder: string): Promise<Summary> {
  if ((await findManifest(folder)) === undefined)
    return { folder, episodes: 0, steps: 0, meanSuccess: null, tasks: [] };
  using dataset = await Dataset.open(folder);
  const counts = new Map<string, { episodes: number; successes: number }>();
  for (let i = 0; i < dataset.episodes; i++) {
    const { task } = dataset.about(i);
    const count = counts.get(task) ?? { episodes: 0, successes: 0 };
    counts.set(task, count);
    count.episodes++;
    count.successes += Number(dataset.isSolved(i));
  }
  const tasks = [...counts].map(([task, { episodes, successes }]) => ({
    task,
    episodes,
    successes,
    interval: wilsonInterval(successes, episodes),
  }));
  const meanSuccess = mean(tasks.map(({ successes, episodes }) => successes / episodes));
  return { folder, episodes: dataset.episodes, steps: dataset.steps, meanSuccess, tasks };
}

function tableOf({ folder, episodes, steps, meanSuccess, tasks }: Summary): string {
  if (meanSuccess === null) return `${folder}: nothing yet.`;
  return [
    columns([
      ["task", "episodes", "solved", "success", "95 % interval"],
      ...tasks.map(({ task, interval, ...count }) => [
        task,
        String(count.episodes),
        String(count.successes),
        percent(count.successes / count.episodes),
        intervalText(interval),
      ]),
    ]),
    `${folder}: ${episodes} episodes, ${steps} steps; mean success ${percent(meanSuccess)}.`,
  ].join("\n");
}
