/** @file A report about any runs, and evaluations beside them, as one HTML file. */
import { maximum, wilsonInterval } from "../base/index.ts";
import { type Chart, type Content, element, type Markup, percentLabel } from "../charts/index.ts";
import { writeWhole } from "../platform/index.ts";
import type { EvaluationInfo, RunFiles } from "../wire/index.ts";
import { chartParts, replayPart } from "./figures.ts";
import { pageHtml, section, table } from "./page.ts";
import type { Replay } from "./replay.ts";

/** Content of a report. A part without entries is left out of the page. */
export interface RunsReportContent {
  readonly title: string;
  readonly runs: readonly RunFiles[];
  readonly evaluations: readonly { readonly folder: string; readonly info: EvaluationInfo }[];
  readonly charts: readonly Chart[];
  readonly replays: readonly Replay[];
  /** Sentences about what is left out. */
  readonly faults: readonly string[];
  /** As it can be typed again. */
  readonly command: string;
  readonly written: Date;
}

/** Writes the report to the file `path`, and its folder if need be. */
export async function writeRunsReport(path: string, content: RunsReportContent): Promise<void> {
  await writeWhole(path, runsReportHtml(content));
}

/** The report as an HTML document. */
export function runsReportHtml(content: RunsReportContent): string {
  const { title, runs, evaluations, charts, replays, faults, command, written } = content;
  return pageHtml(title, [
    element("pre", {}, element("code", {}, command)),
    faults.map((fault) => element("p", {}, fault)),
    section("Runs", runs, runsTable),
    section("Evaluations", evaluations, evaluationsTable),
    section("Learning curves", charts, chartParts),
    section("Episodes", replays, replayPart),
    section("Configurations", runs, (all) => all.map(configuration)),
    element("footer", {}, `Written ${minutesOf(written)} UTC.`),
  ]);
}

const minutesOf = (date: Date): string => date.toISOString().slice(0, 16).replace("T", " ");

function runsTable(runs: readonly RunFiles[]): Content {
  const row = (run: RunFiles) => {
    const { folder, record, config, metrics } = run;
    const tasks = config["env.task"];
    const steps = maximum(metrics.map(({ env_steps, grad_steps }) => env_steps ?? grad_steps ?? 0));
    const unit = metrics.some(({ env_steps }) => env_steps !== undefined) ? "env steps" : "gradient steps";
    const seconds = metrics.at(-1)?.["time/elapsed"] ?? 0;
    return element(
      "tr",
      {},
      element("th", { scope: "row" }, folder),
      cell(record.kind, typeof tasks === "string" && tasks !== "" ? tasks : "no task"),
      cell(steps === Number.NEGATIVE_INFINITY ? "none yet" : steps.toLocaleString("en-US"), unit),
      ...successCells(run),
      cell(`${(seconds / 60).toFixed(1)} min`, `seed ${record.seed}`),
    );
  };
  return [
    table(["Run", "Algorithm", "Steps", "Last success", "Best success", "Time"], runs.map(row)),
    element(
      "p",
      { class: "note" },
      "Success in the training's own evaluations, with the 95 % interval after Wilson where the number of their episodes is " +
        "known. The best of many is higher than what it stands for: trust evaluations on other seeds.",
    ),
  ];
}

function successCells({ config, metrics }: RunFiles): readonly Markup[] {
  const rates = metrics.flatMap(({ "eval/success_rate": rate }) => (typeof rate === "number" ? [rate] : []));
  if (rates.length === 0) return [cell("–"), cell("–")];
  const perTask = config["eval.n_episodes"];
  const tasks = String(config["env.task"] ?? "").split(", ").length;
  const interval = (rate: number) => {
    if (typeof perTask !== "number") return undefined;
    const episodes = perTask * tasks;
    const [low, high] = wilsonInterval(Math.round(rate * episodes), episodes);
    return `${Math.round(100 * low)} to ${percentLabel(high)}`;
  };
  return [rates[rates.length - 1], maximum(rates)].map((rate) => cell(percentLabel(rate), interval(rate)));
}

function evaluationsTable(evaluations: RunsReportContent["evaluations"]): Content {
  const rows = evaluations.flatMap(({ folder, info }) =>
    info.per_task.map(({ task, aggregated: { n, pc_success, ci95, pc_success_last } }) =>
      element(
        "tr",
        {},
        element("th", { scope: "row" }, task, element("small", {}, folder)),
        cell(percentLabel(pc_success / 100), `${Math.round(ci95[0])} to ${percentLabel(ci95[1] / 100)}`),
        cell(`${Math.round((pc_success * n) / 100)} of ${n}`, `seeds from ${info.seed}`),
        cell(percentLabel(pc_success_last / 100)),
        cell(info.policy.type, info.policy.path ?? undefined),
      ),
    ),
  );
  const rules = [
    ...new Set(evaluations.map(({ info: { protocol } }) => `${protocol.name}: ${protocol.rule}`)),
  ];
  return [
    table(["Task", "Success", "Solved", "At the last step", "Policy"], rows),
    element("p", { class: "note" }, `With the 95 % interval after Wilson. Protocol ${rules.join("; ")}.`),
  ];
}

const cell = (main: string, small?: string): Markup =>
  element("td", {}, main, small === undefined ? [] : element("small", {}, small));

function configuration({ folder, record, config }: RunFiles): Content {
  return [
    element("h3", {}, folder),
    element(
      "pre",
      {},
      [
        record.command,
        "",
        ...Object.entries(config).map(([key, value]) => `${key}: ${value}`),
        "",
        ...Object.entries(record.versions).map(([name, version]) => `${name} ${version}`),
        `git ${record.git ?? "unknown"}, started ${record.started}`,
      ].join("\n"),
    ),
  ];
}
