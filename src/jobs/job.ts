/** @file A job: one command of `sodp` with its configuration, run once under its id. */
import { refuseRepeated, UserError } from "../base/index.ts";

export interface Job {
  /** Unique in its list: words of letters, digits, ".", "_" and "-", joined by "/". Equal ids are the same job. */
  readonly id: string;
  /** Words after `sodp`: "data collect". */
  readonly command: string;
  /** Values of flags by their names: { "env.task": "push", steps: 100 }. */
  readonly config: JobConfig;
  /** Folder that the command writes. */
  readonly folder: string;
  /** Ids of jobs that are finished before this one starts. */
  readonly needs?: readonly string[];
  /**
   * Continuation of a job that was begun. "resume": its run is resumed; without a run the command is repeated (default).
   * "repeat": the same command goes on where it was. "restart": the folder is removed first.
   */
  readonly goesOn?: "resume" | "repeat" | "restart";
}

export type JobConfig = Readonly<Record<string, JobValue>>;
export type JobValue =
  | string
  | number
  | boolean
  | null
  | readonly JobValue[]
  | { readonly [key: string]: JobValue };

/** Words of a command line, after `sodp`, that start the job. */
export function wordsOf({ command, config }: Job): readonly string[] {
  return [...command.split(" "), ...Object.entries(config).flatMap(([name, value]) => flag(name, value))];
}

/** Words that resume the job's run. */
export function resumingWords({ command, folder }: Job): readonly string[] {
  return [...command.split(" "), "--resume=true", "--config_path", folder];
}

function flag(name: string, value: JobValue): readonly string[] {
  if (typeof value === "boolean") return [`--${name}=${value}`];
  return [`--${name}`, typeof value === "string" ? value : JSON.stringify(value)];
}

/** Throws UserError for a list with repeated or malformed ids, unknown needs, or jobs that need each other. */
export function checkJobs(jobs: readonly Job[]): void {
  const ids = jobs.map(({ id }) => id);
  refuseRepeated(ids, "a job has an id of its own");
  for (const { id, needs = [] } of jobs) {
    if (!/^[\w.-]*\w[\w.-]*(\/[\w.-]*\w[\w.-]*)*$/.test(id))
      throw new UserError(
        `"${id}" is no id of a job: expected words of letters, digits, ".", "_" and "-", joined by "/".`,
      );
    const unknown = needs.find((need) => !ids.includes(need));
    if (unknown !== undefined) throw new UserError(`Job ${id} needs ${unknown}, which is not in the list.`);
  }
  const ordered = new Set<string>();
  for (let left = jobs; left.length > 0; ) {
    const ready = left.filter(({ needs = [] }) => needs.every((need) => ordered.has(need)));
    if (ready.length === 0)
      throw new UserError(`Jobs need each other: ${left.map(({ id }) => id).join(", ")}.`);
    for (const { id } of ready) ordered.add(id);
    left = left.filter(({ id }) => !ordered.has(id));
  }
}
