/** @file An evaluation as text. */
import type { EpisodesScore } from "../../rollout/index.ts";
import type { EvaluationInfo } from "../../wire/index.ts";
import { columns } from "../table.ts";
import { intervalText, percent } from "../text.ts";

/** A table with intervals, then the protocol and the latency. */
export function evaluationText({
  protocol,
  seed,
  per_task,
  per_group,
  overall,
  latency,
}: EvaluationInfo): string {
  const groups = Object.entries(per_group);
  const episodes = per_task.flatMap(({ per_episode }) => per_episode);
  const steps = episodes.reduce((sum, episode) => sum + episode.steps, 0);
  const faults = episodes.filter(({ fault }) => fault !== undefined).length;
  return [
    columns([
      ["task", "solved", "success", "95 % interval", "at last step", "return"],
      ...per_task.map(({ task, aggregated }) => row(task, aggregated)),
      ...(groups.length > 1 ? groups.map(([name, group]) => row(`${name} (${group.tasks})`, group)) : []),
      ...(per_task.length > 1 ? [row(`all (${overall.tasks})`, overall)] : []),
    ]),
    ...iqmText(overall),
    `Protocol ${protocol.name}: ${protocol.rule}. At most ${protocol.max_steps} steps, seeds from ${seed} on.`,
    `A call of the policy at batch size ${latency.batch_size}: ${milliseconds(latency.median_ms)} (median), ` +
      `95 % of them at most ${milliseconds(latency.p95_ms)}. ${(steps / overall.eval_s).toFixed(0)} env steps/s.`,
    ...(faults > 0 ? [`In ${faults} episodes the simulation diverged; they count as they stood.`] : []),
  ].join("\n");
}

function row(
  name: string,
  { n, pc_success, ci95, pc_success_last, avg_sum_reward }: EpisodesScore,
): string[] {
  const solved = Math.round((pc_success * n) / 100);
  const success = [
    `${solved}/${n}`,
    percent(pc_success / 100),
    interval(ci95),
    percent(pc_success_last / 100),
  ];
  return [name, ...success, avg_sum_reward.toFixed(0)];
}

/** No interval is told where the bootstrap finds none: all episodes of each task ended alike. */
function iqmText({ iqm_success, iqm_ci95 }: EvaluationInfo["overall"]): string[] {
  if (iqm_success === undefined || iqm_ci95 === undefined) return [];
  const sure = iqm_ci95[0] < iqm_ci95[1] ? ` (95 % interval ${interval(iqm_ci95)}, bootstrap)` : "";
  return [`Interquartile mean over tasks: ${percent(iqm_success / 100)}${sure}.`];
}

/** bounds: per cent */
const interval = ([low, high]: readonly [number, number]) => intervalText([low / 100, high / 100]);
const milliseconds = (value: number) => `${value.toFixed(1)} ms`;
