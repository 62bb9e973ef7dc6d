/** @file The report of a quickstart: its parts and their results, curves, a map of trajectories, replays. */
import { dirname, join } from "node:path";
import { bufferedEpisodes } from "../../algorithms/index.ts";
import { type Chart, learningCurves, trajectoryMap } from "../../charts/index.ts";
import { Dataset, type Episode } from "../../data/index.ts";
import { makeEnv } from "../../envs/pool/index.ts";
import { wordsOf } from "../../jobs/index.ts";
import { type PairedReplay, replaySideBySide, type Score, writeReport } from "../../report/index.ts";
import { findPolicy, readRun, readState } from "../../runs/index.ts";
import type { RunRecord } from "../../wire/index.ts";
import { EPISODES, names, type Part, type QuickstartConfig } from "./parts.ts";
import type { Result, TaskEvaluation } from "./result.ts";

/** Episodes of each task that are shown: those of the first seeds, solved or not. */
const shown = 3;

/** Writes the report of a quickstart whose jobs are finished. onReplay: called after each replay that is drawn */
export async function writeQuickstartReport(
  path: string,
  config: QuickstartConfig,
  parts: readonly Part[],
  result: Result,
  { command, versions }: RunRecord,
  onReplay: (done: number, all: number) => void,
): Promise<void> {
  const begun = performance.now();
  const tasks = result.tasks.map(({ task }) => task);
  const episodes = await Promise.all(tasks.map((task) => episodesOf(task, result.run)));
  const pairs = episodes.flatMap(({ before, after }) =>
    before.slice(0, shown).map((episode, i) => [episode, after[i]] as const),
  );
  const replays: PairedReplay[] = [];
  for (const [i, [before, after]] of pairs.entries()) {
    onReplay(i, pairs.length);
    using env = await makeEnv({ env: before.task, maxSteps: config.env.maxSteps });
    replays.push(replaySideBySide(env, before, after));
  }
  onReplay(pairs.length, pairs.length);
  const charts = [await curvesOf(tasks, result.run), trajectoryMap(Object.fromEntries(episodes.map(mapped)))];
  const report = { name: "report", seconds: (performance.now() - begun) / 1000 };
  await writeReport(path, {
    title: `${tasks.join(" and ")}: before and after fine-tuning`,
    summary: summaryOf(config, result),
    command,
    finished: new Date(),
    outcomes: result.tasks.flatMap(({ task, before, after }) =>
      before && after ? [{ task, before: outcomeOf(before), after: outcomeOf(after) }] : [],
    ),
    replays,
    charts,
    parts: [...parts.map(({ name }) => ({ name, seconds: result.seconds[name] })), report],
    config: {
      ...config,
      commands: parts.flatMap(({ jobs }) => jobs.map((job) => ["sodp", ...wordsOf(job)].join(" "))),
    },
    versions,
  });
}

interface TaskEpisodes {
  readonly task: string;
  readonly before: readonly Episode[];
  readonly after: readonly Episode[];
  /** Target buffer of the best checkpoint. */
  readonly buffer: readonly Episode[];
}

const mapped = ({ task, ...kinds }: TaskEpisodes) => [task, kinds] as const;

async function episodesOf(task: string, folder: string): Promise<TaskEpisodes> {
  const fromEvaluation = (name: string) => readEpisodes(join(folder, name, EPISODES), task);
  const { folder: planner } = await findPolicy(join(folder, names.finetune(task)));
  const { tensors } = await readState(dirname(planner));
  return {
    task,
    before: await fromEvaluation(names.before(task)),
    after: await fromEvaluation(names.after(task)),
    buffer: bufferedEpisodes(tensors, task),
  };
}

/** A data set's episodes of a task. */
async function readEpisodes(folder: string, task: string): Promise<Episode[]> {
  using dataset = await Dataset.open(folder);
  return Array.from({ length: dataset.episodes }, (_, i) => i)
    .filter((i) => dataset.about(i).task === task)
    .map((i) => dataset.episode(i));
}

function outcomeOf({ per_episode }: TaskEvaluation): Score {
  return { successes: per_episode.filter(({ success }) => success).length, episodes: per_episode.length };
}

/** Success of the planner while it was fine-tuned, on episodes that are not those of the evaluations. */
async function curvesOf(tasks: readonly string[], folder: string): Promise<Chart> {
  const runs = await Promise.all(tasks.map((task) => readRun(join(folder, names.finetune(task)))));
  const { chart } = learningCurves(runs, {
    x: "env_steps",
    y: "eval/success_rate",
    group: ["env.task"],
    panels: "env.task",
    center: "mean",
    band: "range",
  });
  return chart;
}

function summaryOf(
  { env, pretrain, finetune }: QuickstartConfig,
  { data, tasks, seconds }: Result,
): string[] {
  const change = tasks.map(
    ({ task, before, after }) =>
      `${task} from ${percent(before?.aggregated)} to ${percent(after?.aggregated)}`,
  );
  return [
    `${data?.episodes} episodes of ten Meta-World tasks were collected by scripted experts that err on purpose: ` +
      `${percent(data)} of them solve their task. From what was seen and done in them, and neither rewards nor names of ` +
      `tasks, one diffusion planner was trained in ${pretrain.steps} steps. Then it was fine-tuned by reward, in ` +
      `${finetune.envSteps} environment steps per task.`,
    `Success within ${env.maxSteps} steps: ${change.join(", ")}. All of it took ${(seconds.together / 60).toFixed(1)} minutes.`,
  ];
}

const percent = (score: { readonly pc_success: number } | undefined | null): string =>
  score ? `${score.pc_success.toFixed(0)} %` : "?";
