/** @file What came of a quickstart, in numbers. */
import { join } from "node:path";
import { z } from "zod";
import { EvaluationInfo } from "../../wire/index.ts";
import { columns } from "../table.ts";
import { names, type QuickstartConfig, tasksOf } from "./stages.ts";
import type { Standing } from "./standing.ts";

/** A task's evaluation. */
export type Evaluated = EvaluationInfo["per_task"][number];

export interface Result {
  /** The folder. */
  readonly run: string;
  readonly status: "finished" | "interrupted";
  /** null, as below, while there is none. */
  readonly data: { readonly episodes: number; readonly steps: number; readonly pc_success: number } | null;
  /** Judged on the same seeds before and after fine-tuning. */
  readonly tasks: readonly {
    readonly task: string;
    readonly before: Evaluated | null;
    readonly after: Evaluated | null;
  }[];
  /** Of each stage that was begun, and of all together. */
  readonly seconds: Readonly<Record<string, number>>;
  /** The report's file. */
  readonly report: string | null;
}

const Collected = z.object({ episodes: z.int(), steps: z.int(), meanSuccess: z.number() });

/** What has been found so far. */
export function resultOf(config: QuickstartConfig, run: string, { printed, seconds }: Standing): Result {
  const data = printed[names.data];
  const collected = data === undefined ? null : Collected.parse(data);
  return {
    run,
    status: names.report in printed ? "finished" : "interrupted",
    data: collected && {
      episodes: collected.episodes,
      steps: collected.steps,
      pc_success: 100 * collected.meanSuccess,
    },
    tasks: tasksOf(config).map((task) => ({
      task,
      before: evaluated(printed[names.before(task)], task),
      after: evaluated(printed[names.after(task)], task),
    })),
    seconds: { ...seconds, together: Object.values(seconds).reduce((sum, each) => sum + each, 0) },
    report: names.report in printed ? join(run, names.report) : null,
  };
}

function evaluated(printed: unknown, task: string): Evaluated | null {
  if (printed === undefined) return null;
  return EvaluationInfo.parse(printed).per_task.find((each) => each.task === task) ?? null;
}

/** The document that `--json` prints: success in percent, with 95 % intervals after Wilson. */
export function resultDocument(result: Result) {
  const short = (score: Evaluated | null) => {
    if (score === null) return null;
    const { n, pc_success, ci95 } = score.aggregated;
    return { n, pc_success, ci95 };
  };
  const tasks = result.tasks.map(({ task, before, after }) => ({
    task,
    before: short(before),
    after: short(after),
  }));
  return { ...result, tasks };
}

/** The same for people. */
export function resultText({ run, data, tasks, seconds, report }: Result): string {
  return [
    columns([
      ["success (95 % interval)", "before", "after"],
      ...tasks.map(({ task, before, after }) => [task, cell(before), cell(after)]),
    ]),
    ...(data === null
      ? []
      : [`Data: ${data.episodes} episodes, ${data.pc_success.toFixed(0)} % of them solved.`]),
    `${report === null ? "So far" : "In all"} ${(seconds.together / 60).toFixed(1)} minutes.`,
    report === null ? `Stopped: ${run} keeps what is done.` : `Report: ${report}`,
  ].join("\n");
}

function cell(score: Evaluated | null): string {
  if (score === null) return "not yet";
  const { pc_success, ci95 } = score.aggregated;
  return `${pc_success.toFixed(0)} % (${ci95.map((bound) => bound.toFixed(0)).join(" to ")})`;
}
