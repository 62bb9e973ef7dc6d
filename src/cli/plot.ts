/** @file `sodp plot`: learning curves from the folders of runs. */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, extname, join } from "node:path";
import { Command, Option } from "commander";
import { UserError } from "../base/index.ts";
import { bands, type CurveOptions, centers, curvesCsv, figureSvg, learningCurves } from "../charts/index.ts";
import { pngOf } from "../report/index.ts";
import { findRuns, readRun } from "../runs/index.ts";
import { eachUnderstood } from "./arguments.ts";

interface Options extends CurveOptions {
  readonly panels: string;
  readonly out: readonly string[];
  readonly csv?: string;
  readonly json?: boolean;
}

export function plotCommand(): Command {
  return new Command("plot")
    .description("Draw learning curves of runs, with bands over seeds, and write the points drawn as CSV.")
    .argument("<runs...>", "folders of runs, or folders that hold runs; * stands for any part of a name")
    .addOption(new Option("--x <metric>", "horizontal axis").default("env_steps"))
    .addOption(new Option("--y <metric>", "vertical axis").default("eval/success_rate"))
    .addOption(
      new Option(
        "--group <key>",
        "key of the runs' config.json: runs that agree in it are one line; give it again for more keys. Default: a line per run",
      )
        .default([], "none")
        .argParser(eachUnderstood((key) => key)),
    )
    .addOption(
      new Option(
        "--panels <key>",
        'key of the runs\' config.json: a panel for each of its values, or "none"',
      ).default("task"),
    )
    .addOption(
      new Option("--center <statistic>", "what a line shows of its runs")
        .choices(Object.keys(centers))
        .default("mean"),
    )
    .addOption(
      new Option(
        "--band <span>",
        "what the band around a line spans: all its runs, or 95 % of resampled ones",
      )
        .choices(Object.keys(bands))
        .default("range"),
    )
    .addOption(
      new Option("--out <file>", "where to draw: .svg or .png; give it again for both")
        .default(["figure.svg"], "figure.svg")
        .argParser(figureFiles()),
    )
    .option("--csv <file>", "where to write the points; default: results.csv beside the drawing")
    .option("--json", "print what was drawn as one JSON document")
    .action(async (patterns: readonly string[], { panels, out, csv, json, ...options }: Options) => {
      const runs = await Promise.all((await findRuns(patterns)).map(readRun));
      const { chart, warnings } = learningCurves(runs, {
        ...options,
        ...(panels !== "none" && { panels }),
      });
      for (const warning of warnings) console.error(`Warning: ${warning}`);
      const svg = figureSvg(chart);
      for (const file of out) await write(file, extname(file) === ".png" ? await pngOf(svg) : svg);
      const table = csv ?? join(dirname(out[0]), "results.csv");
      await write(table, curvesCsv(chart, options));
      if (json)
        console.log(JSON.stringify({ files: [...out, table], runs: runs.length, warnings, chart }, null, 2));
      else console.log(`${[...out, table].join(", ")}: ${chart.title}, ${runs.length} runs.`);
    });
}

/** Reads --out: the first one given replaces the default. */
function figureFiles(): (text: string, before: readonly string[]) => string[] {
  const each = eachUnderstood((file) => {
    if ([".svg", ".png"].includes(extname(file))) return file;
    throw new UserError(`Drawings are .svg or .png files, got "${file}".`);
  });
  let given: string[] = [];
  return (text) => {
    given = each(text, given);
    return given;
  };
}

async function write(file: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, content);
}
