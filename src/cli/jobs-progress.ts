/** @file The progress of several jobs as one bar. */
import type { Job, JobState } from "../jobs/index.ts";
import type { Progress, Values } from "./progress.ts";

/**
 * Shows how far jobs have come together, and beside it how each of those that run stands. Jobs of one command are counted
 * in its pieces of work, where one without a report counts as the others; jobs of several commands are counted in jobs.
 * label: the name of a job among the others
 */
export function showJobs(
  progress: Progress,
  states: readonly JobState[],
  label: (job: Job) => string = ({ id }) => id,
): void {
  const told = states.flatMap((state) => (state.progress ? [state.progress] : []));
  if (told.length === 0) return;
  if (states.length === 1) {
    progress.progress(told[0].done, told[0].total, told[0].values);
    return;
  }
  const sameCommand = states.every(({ job }) => job.command === states[0].job.command);
  const total = sameCommand
    ? (sum(told.map((each) => each.total)) * states.length) / told.length
    : states.length;
  const share = sum(states.map(shareOf)) / states.length;
  const running = states.filter(({ status }) => status === "running");
  const values = running.flatMap((state): [string, string][] => {
    if (state.progress === undefined) return [];
    const name = label(state.job);
    const own = Object.entries(state.progress.values).map(([key, value]) =>
      key === name ? value : `${key} ${value}`,
    );
    return [[name, [`${Math.floor(100 * shareOf(state))} %`, ...own].join(" ")]];
  });
  const done = sameCommand ? Math.round(share * total) : Math.floor(10 * share * total) / 10;
  progress.progress(done, total, Object.fromEntries(values) satisfies Values);
}

/** Share of a job that is done, 0 to 1. */
function shareOf({ status, progress }: JobState): number {
  if (status === "finished") return 1;
  return progress === undefined || progress.total === 0 ? 0 : Math.min(1, progress.done / progress.total);
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, each) => total + each, 0);
