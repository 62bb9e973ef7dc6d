/** @file `sodp data collect`: scripted experts with noise play, and what they did becomes a data set. */
import { Command } from "commander";
import { z } from "zod";
import { wilsonInterval } from "../../base/index.ts";
import { Dataset, findManifest } from "../../data/index.ts";
import { findTask, suites } from "../../envs/index.ts";
import { CollectConfig, collect } from "../../rollout/index.ts";
import { StopRequest } from "../../runs/index.ts";
import { exitCodes } from "../arguments.ts";
import { configured } from "../config.ts";
import { jsonOption } from "../env/options.ts";
import { Progress } from "../progress.ts";
import { columns } from "../table.ts";
import { intervalText, percent } from "./text.ts";

const suiteNames = Object.keys(suites) as (keyof typeof suites)[];
const Flags = z.strictObject({
  dataset: z.strictObject({
    root: z.string().meta({ placeholder: "folder" }).describe("where the data set comes to lie"),
  }),
  suite: z.enum(suiteNames).default("mt10").describe("whose tasks"),
  ...CollectConfig.shape,
  tasks: CollectConfig.shape.tasks.optional().describe("names of tasks, instead of a suite's"),
  threads: z
    .int()
    .positive()
    .optional()
    .describe("default: as many as the machine runs at once; the data is the same"),
});
/** What a laptop collects in a minute or two. */
const presets = { laptop: { maxSteps: 200 } } as const;

export function collectCommand(): Command {
  const command = new Command("collect").description(
    "Let scripted experts with noise play, until a chosen share of their episodes is solved. Interrupted, the same " +
      "command goes on, to the same data.",
  );
  const read = configured(command, { schema: Flags, presets });
  return command.addOption(jsonOption()).action(async ({ json }: { json?: boolean }) => {
    const { config, checked } = await read();
    const { dataset, suite, threads, tasks = suites[suite], ...settings } = config;
    checked(() => tasks.map(findTask));
    const stop = new AbortController();
    using request = new StopRequest(() => stop.abort());
    using progress = new Progress("collect");
    const complete = await collect({ ...settings, tasks }, dataset.root, {
      ...(threads !== undefined && { threads }),
      signal: stop.signal,
      onProgress: ({ task, done, solved, allDone, all }) =>
        progress.progress(allDone, all, { [task]: `${solved} of ${done} solved` }),
    });
    if (request.signal !== undefined) process.exitCode = exitCodes[request.signal];
    const collected = await summaryOf(dataset.root);
    const { length: wanted } = tasks;
    const all = wanted * settings.episodes;
    if (!complete)
      progress.note(`Stopped: ${collected.episodes} of ${all} episodes are kept. The same command goes on.`);
    console.log(json ? JSON.stringify({ ...collected, complete }, null, 2) : tableOf(collected));
  });
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
  const shares = tasks.map(({ successes, episodes }) => successes / episodes);
  const meanSuccess = shares.reduce((sum, share) => sum + share, 0) / shares.length;
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
