/** @file The result of a quickstart, in numbers. */
import { join } from "node:path";
import { z } from "zod";
import { maximum, parse } from "../../base/index.ts";
import type { JobState } from "../../jobs/index.ts";
import { EvaluationInfo } from "../../wire/index.ts";
import { columns } from "../table.ts";
import { names, type Part, type QuickstartConfig, tasksOf } from "./parts.ts";

/** A task's evaluation. */
export type TaskEvaluation = EvaluationInfo["per_task"][number];

export interface Result {
  /** The folder. */
  readonly run: string;
  readonly status: "finished" | "interrupted";
  /** null, as below, while there is none. */
  readonly data: { readonly episodes: number; readonly steps: number; readonly pc_success: number } | null;
  /** Evaluated on the same seeds before and after fine-tuning. */
  readonly tasks: readonly {
    readonly task: string;
    readonly before: TaskEvaluation | null;
    readonly after: TaskEvaluation | null;
  }[];
  /** Of each part that was begun, which is the time of its slowest job, and of all together. */
  readonly seconds: Readonly<Record<string, number>>;
  /** The report's file. */
  readonly report: string | null;
}

const Collected = z.object({ episodes: z.int(), steps: z.int(), meanSuccess: z.number() });

/** The result so far. reportSeconds: that writing the report took; undefined: it is not written */
export function resultOf(
  config: QuickstartConfig,
  run: string,
  parts: readonly Part[],
  states: readonly JobState[],
  reportSeconds: number | undefined,
): Result {
  const printed = (id: string) => states.find(({ job }) => job.id === id)?.result;
  const data = printed(names.data);
  const collected = data === undefined ? null : parse(Collected, data, `The record of ${names.data}`);
  const seconds = Object.fromEntries(
    parts.flatMap(({ name, jobs }) => {
      const own = states.filter(({ job, seconds }) => seconds > 0 && jobs.some(({ id }) => id === job.id));
      return own.length === 0 ? [] : [[name, maximum(own.map((state) => state.seconds))]];
    }),
  );
  if (reportSeconds !== undefined) seconds.report = reportSeconds;
  return {
    run,
    status: reportSeconds === undefined ? "interrupted" : "finished",
    data: collected && {
      episodes: collected.episodes,
      steps: collected.steps,
      pc_success: 100 * collected.meanSuccess,
    },
    tasks: tasksOf(config).map((task) => ({
      task,
      before: evaluationOf(printed(names.before(task)), task),
      after: evaluationOf(printed(names.after(task)), task),
    })),
    seconds: { ...seconds, together: Object.values(seconds).reduce((sum, each) => sum + each, 0) },
    report: reportSeconds === undefined ? null : join(run, names.report),
  };
}

function evaluationOf(printed: unknown, task: string): TaskEvaluation | null {
  if (printed === undefined) return null;
  return (
    parse(EvaluationInfo, printed, `The record of the evaluation of ${task}`).per_task.find(
      (each) => each.task === task,
    ) ?? null
  );
}

/** The document that `--json` prints: success in percent, with 95 % intervals after Wilson. */
export function resultDocument(result: Result) {
  const short = (evaluation: TaskEvaluation | null) => {
    if (evaluation === null) return null;
    const { n, pc_success, ci95 } = evaluation.aggregated;
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

function cell(evaluation: TaskEvaluation | null): string {
  if (evaluation === null) return "not yet";
  const { pc_success, ci95 } = evaluation.aggregated;
  return `${pc_success.toFixed(0)} % (${ci95.map((bound) => bound.toFixed(0)).join(" to ")})`;
}
