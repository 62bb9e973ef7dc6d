/** @file `sodp report`: any runs, and the evaluations beside them, as one page. */
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { Command } from "commander";
import { z } from "zod";
import { parse, UserError } from "../base/index.ts";
import { type Chart, learningCurves } from "../charts/index.ts";
import { readJson } from "../platform/index.ts";
import { type RunsReportContent, writeRunsReport } from "../report/index.ts";
import { findRuns, readEpisodes, readRun } from "../runs/index.ts";
import { EvaluationInfo, type RunFiles } from "../wire/index.ts";
import { configured } from "./config.ts";
import { withTaskNames } from "./plot.ts";
import { Progress } from "./progress.ts";
import { type PlacedEpisode, replayAll } from "./replays.ts";
import { typed } from "./run-command.ts";
import { file } from "./shared-flags.ts";
import { jsonText, print } from "./terminal.ts";

const Flags = z.strictObject({
  group: z
    .array(z.string())
    .meta({ placeholder: "keys" })
    .readonly()
    .default([])
    .describe("keys of the runs' config.json: runs that agree in them are one line; none: a line per run"),
  episodes: z
    .int()
    .nonnegative()
    .default(1)
    .describe("episodes to draw of each task of each evaluation that kept them"),
  out: file().default("report.html").describe("the page to write"),
});

export function reportCommand(): Command {
  const command = new Command("report")
    .description(
      "Write a page about any runs: success, learning curves, configurations; and of the evaluations in the same folders " +
        "success with intervals, and episodes that move.",
    )
    .argument(
      "<runs...>",
      "folders of runs or evaluations, or folders that hold such; * stands for any part of a name",
    );
  const read = configured(command, { schema: Flags });
  return command.action(async (patterns: readonly string[], { json }: { json?: boolean }) => {
    const { config } = await read();
    const evaluations = await evaluationsBelow(patterns);
    const runs = await runsOf(patterns, evaluations.length > 0);
    using progress = new Progress("report");
    const placed = (
      await Promise.all(evaluations.map(({ folder }) => shownOf(folder, config.episodes)))
    ).flat();
    const { replays, faults } = await replayAll(placed, (done) => progress.progress(done, placed.length, {}));
    const { charts, warnings } = chartsOf(runs, config.group);
    for (const note of [...warnings, ...faults]) progress.note(note);
    const counts = [counted(runs.length, "run"), counted(evaluations.length, "evaluation")];
    const content: RunsReportContent = {
      title: patterns.join(" "),
      ...{ runs, evaluations, charts, replays, faults: [...warnings, ...faults] },
      command: typed(),
      written: new Date(),
    };
    await writeRunsReport(config.out, content);
    progress[Symbol.dispose]();
    const { out } = config;
    if (json)
      print(jsonText({ file: out, runs: runs.length, evaluations: evaluations.length, warnings, faults }));
    else print(`${out}: ${counts.join(", ")}, ${counted(replays.length, "episode")}.`);
  });
}

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`;

/** The runs that patterns name; where there are evaluations, patterns without runs are theirs. */
async function runsOf(patterns: readonly string[], others: boolean): Promise<readonly RunFiles[]> {
  const folders = await Promise.all(
    patterns.map((pattern) =>
      findRuns([pattern]).catch((error: unknown) => {
        if (others && error instanceof UserError) return [];
        throw error;
      }),
    ),
  );
  return (await Promise.all([...new Set(folders.flat())].map(readRun))).map(withTaskNames);
}

/** Evaluations in the folders that patterns name, or below them. */
async function evaluationsBelow(patterns: readonly string[]): Promise<RunsReportContent["evaluations"]> {
  const folders = new Set<string>();
  for (const pattern of patterns) {
    if (!existsSync(pattern)) continue;
    const below = await readdir(pattern, { recursive: true, withFileTypes: true });
    for (const { name, parentPath } of below) if (name === "eval_info.json") folders.add(parentPath);
  }
  return Promise.all(
    [...folders].sort().map(async (folder) => {
      const path = join(folder, "eval_info.json");
      return { folder, info: parse(EvaluationInfo, await readJson(path), path) };
    }),
  );
}

/** The first episodes of each task that an evaluation kept. */
async function shownOf(folder: string, count: number): Promise<readonly PlacedEpisode[]> {
  if (count === 0) return [];
  const { tasks = [] } = (await readEpisodes(folder)) ?? {};
  return tasks.flatMap(({ env, episodes }) => episodes.slice(0, count).map((episode) => ({ env, episode })));
}

/** Curves that a report shows, of those runs that have them. */
const curves = [
  { x: "env_steps", y: "eval/success_rate" },
  { x: "env_steps", y: "rollout/ep_rew_mean" },
  { x: "grad_steps", y: "eval/success_rate" },
  { x: "grad_steps", y: "eval/loss" },
  { x: "grad_steps", y: "train/loss" },
] as const;

function chartsOf(
  runs: readonly RunFiles[],
  group: readonly string[],
): { readonly charts: readonly Chart[]; readonly warnings: readonly string[] } {
  const drawn = curves.flatMap(({ x, y }) => {
    const having = runs.filter(({ metrics }) => metrics.some((line) => x in line && y in line));
    if (having.length === 0) return [];
    const panels = having.some(({ config }) => "env.task" in config) && { panels: "env.task" };
    return [learningCurves(having, { x, y, group, ...panels, center: "mean", band: "range" })];
  });
  const warnings = drawn.flatMap((each) => each.warnings);
  return { charts: drawn.map(({ chart }) => chart), warnings: [...new Set(warnings)] };
}
