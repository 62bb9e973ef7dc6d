/**
 * @file `sodp quickstart`: the whole method in one command. Sub-optimal data of ten tasks, one planner from it, made good
 * at two of them. Its stages are commands of this program that can be typed alone: see quickstart/stages.ts.
 */
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { Command } from "commander";
import { exitCodes, Run, StopRequest } from "../runs/index.ts";
import type { ProgressLine } from "../wire/index.ts";
import { Children } from "./children.ts";
import { configured } from "./config.ts";
import { jsonOption } from "./env/options.ts";
import { Progress, type Values } from "./progress.ts";
import { type Result, resultDocument, resultOf, resultText } from "./quickstart/result.ts";
import { type Job, names, QuickstartConfig, stagesOf, tasksOf } from "./quickstart/stages.ts";
import { readStanding, saveStanding } from "./quickstart/standing.ts";
import { writeStory } from "./quickstart/story.ts";
import { goOn, typed } from "./run-command.ts";

export function quickstartCommand(): Command {
  const command = new Command("quickstart").description(
    "The whole method in minutes: collect mediocre data of ten tasks, pre-train a planner on it, fine-tune it on some of " +
      "them by reward, and report what came of it. Interrupted, the same command goes on.",
  );
  const read = configured(command, { schema: QuickstartConfig });
  return command.addOption(jsonOption()).action(async ({ json }: { json?: boolean }) => {
    const given = await read();
    given.checked(() => tasksOf(given.config));
    const { seed, outputDir: folder = join("outputs", `quickstart-${seed}`) } = given.config;
    const config = { ...given.config, outputDir: folder };
    const resolved = given.spelt(config);
    const start = {
      kind: "quickstart",
      config: resolved,
      overrides: given.overrides,
      command: typed(),
      seed,
    };
    await using run = existsSync(join(folder, "run.json"))
      ? await goOn(join(folder, "config.json"), resolved, {})
      : await Run.start(folder, start);
    const result = await quickstart(config, run);
    console.log(json ? JSON.stringify(resultDocument(result), null, 2) : resultText(result));
    if (run.signal === undefined) return;
    console.error(`Go on with it: ${run.record.command}`);
    process.exitCode = exitCodes[run.signal];
  });
}

/** Does what is not finished yet of the stages, and then the report. Returns early if the run is interrupted. */
async function quickstart(config: QuickstartConfig, run: Run): Promise<Result> {
  const { folder } = run;
  const standing = await readStanding(run);
  const { printed, seconds } = standing;
  let bar: Progress | undefined;
  using children = new Children();
  using _ = new StopRequest((signal) => {
    bar?.note(`${signal}: stops as soon as all that is done is kept.`);
    children.stop();
  });
  const stages = stagesOf(config, folder);
  const works = [
    ...stages.map(({ name, title, jobs }) => ({
      name,
      title,
      results: jobs.map((job) => job.name),
      work: (progress: Progress) => doJobs(jobs, folder, children, printed, progress),
    })),
    {
      name: "report",
      title: "Report: learning curves, a map of trajectories, replays",
      results: [names.report],
      async work(progress: Progress) {
        const path = join(folder, names.report);
        const result = resultOf(config, folder, standing);
        await writeStory(path, config, stages, result, run.record, (done, all) =>
          progress.progress(done, all, {}),
        );
        printed[names.report] = path;
      },
    },
  ];
  for (const [i, { name, title, results, work }] of works.entries()) {
    if (results.every((result) => result in printed)) continue;
    if (run.interrupted) break;
    using progress = new Progress(name);
    bar = progress;
    progress.note(`[${i + 1}/${works.length}] ${title}`);
    const begun = performance.now();
    const before = seconds[name] ?? 0;
    try {
      await work(progress);
    } finally {
      seconds[name] = before + (performance.now() - begun) / 1000;
      await saveStanding(run, standing);
    }
  }
  return resultOf(config, folder, standing);
}

/** Does those of `jobs` that are not finished, at the same time. What they print is entered into `printed`. */
async function doJobs(
  jobs: readonly Job[],
  folder: string,
  children: Children,
  printed: Record<string, unknown>,
  progress: Progress,
): Promise<void> {
  const told = new Map<string, ProgressLine>();
  const outcomes = await Promise.allSettled(
    jobs
      .filter(({ name }) => !(name in printed))
      .map(async (job) => {
        try {
          const result = await children.run(await commandOf(job, join(folder, job.name)), {
            note: progress.note,
            progress(line) {
              told.set(job.name, line);
              progress.progress(...together(jobs, told));
            },
          });
          if (result !== undefined) printed[job.name] = result;
        } catch (error) {
          children.stop();
          throw error;
        }
      }),
  );
  for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
}

/** What to run for a job whose folder may have been begun: a training goes on, an evaluation begins anew. */
async function commandOf({ command }: Job, folder: string): Promise<readonly string[]> {
  const [kind] = command;
  if (kind === "eval") await rm(folder, { recursive: true, force: true });
  if (!existsSync(join(folder, "run.json"))) return command;
  return [kind, "--resume=true", "--config_path", folder];
}

/** How far jobs have come together. One that has told nothing yet counts as the others. */
function together(jobs: readonly Job[], told: ReadonlyMap<string, ProgressLine>): [number, number, Values] {
  const all = [...told.values()];
  const done = all.reduce((sum, each) => sum + each.done, 0);
  const total = (all.reduce((sum, each) => sum + each.total, 0) * jobs.length) / all.length;
  if (jobs.length === 1) return [done, total, all[0].values];
  const values = jobs.flatMap(({ name, task }) =>
    Object.entries(told.get(name)?.values ?? {}).map(([key, value]) => [
      key === task ? key : `${task} ${key}`,
      value,
    ]),
  );
  return [done, total, Object.fromEntries(values)];
}
