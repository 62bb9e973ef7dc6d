/** @file `sodp plot`: learning curves from the folders of runs. */
import { dirname, extname, join } from "node:path";
import { Command } from "commander";
import { z } from "zod";
import { UserError } from "../base/index.ts";
import { bands, centers, curvesCsv, figureSvg, learningCurves } from "../charts/index.ts";
import { canonicalTask } from "../envs/index.ts";
import { writeWhole } from "../platform/index.ts";
import { pngOf } from "../report/index.ts";
import { findRuns, readRun } from "../runs/index.ts";
import type { RunFiles } from "../wire/index.ts";
import { configured } from "./config.ts";
import { file, namesOf } from "./shared-flags.ts";
import { jsonText, print, tell } from "./terminal.ts";

const Flags = z.strictObject({
  x: z.string().meta({ placeholder: "metric" }).default("env_steps").describe("horizontal axis"),
  y: z.string().meta({ placeholder: "metric" }).default("eval/success_rate").describe("vertical axis"),
  group: z
    .array(z.string())
    .meta({ placeholder: "keys" })
    .default([])
    .describe("keys of the runs' config.json: runs that agree in them are one line; none: a line per run"),
  panels: z
    .string()
    .meta({ placeholder: "key" })
    .default("task")
    .describe("key of the runs' config.json: a panel for each of its values, or none"),
  center: z.enum(namesOf(centers)).default("mean").describe("statistic of its runs that a line shows"),
  band: z
    .enum(namesOf(bands))
    .default("range")
    .describe("span of the band around a line: all its runs, or 95 % of resampled ones"),
  out: z
    .array(z.string())
    .meta({ placeholder: "files" })
    .min(1)
    .default(["figure.svg"])
    .describe("drawings to write, .svg or .png"),
  csv: file().optional().describe("table of the points; default: results.csv beside the first drawing"),
});

export function plotCommand(): Command {
  const command = new Command("plot")
    .description("Draw learning curves of runs, with bands over seeds, and write the points drawn as CSV.")
    .argument("<runs...>", "folders of runs, or folders that hold runs; * stands for any part of a name");
  const read = configured(command, { schema: Flags });
  return command.action(async (patterns: readonly string[], { json }: { json?: boolean }) => {
    const { config, checked } = await read();
    const { panels, out, csv = join(dirname(out[0]), "results.csv"), ...options } = config;
    checked(() => out.forEach(requireDrawing));
    const runs = (await Promise.all((await findRuns(patterns)).map(readRun))).map(withTaskNames);
    const { chart, warnings } = learningCurves(runs, {
      ...options,
      ...(panels !== "none" && { panels }),
    });
    for (const warning of warnings) tell(`Warning: ${warning}`);
    const svg = figureSvg(chart);
    for (const path of out) await writeWhole(path, extname(path) === ".png" ? await pngOf(svg) : svg);
    await writeWhole(csv, curvesCsv(chart, options));
    const files = [...out, csv];
    if (json) print(jsonText({ files, runs: runs.length, warnings, chart }));
    else print(`${files.join(", ")}: ${chart.title}, ${runs.length} runs.`);
  });
}

/** A run whose tasks are called as they are spelled today, so that those of 0.1 and of now are drawn together. */
export function withTaskNames(run: RunFiles): RunFiles {
  const { "env.task": tasks, "env.module": module } = run.config;
  if (typeof tasks !== "string" || module) return run; // a family of one's own has names of its own
  return { ...run, config: { ...run.config, "env.task": tasks.split(", ").map(canonicalTask).join(", ") } };
}

function requireDrawing(path: string): void {
  if (![".svg", ".png"].includes(extname(path)))
    throw new UserError(`--out: drawings are .svg or .png files, got "${path}".`);
}
