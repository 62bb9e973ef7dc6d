/** @file Records of jobs: a file per job, which makes running a list of jobs again harmless. */
import { dirname, isAbsolute, join, relative } from "node:path";
import { type FileFormat, UserError } from "../base/index.ts";
import { makeFolder, readVersioned, replaceJson } from "../platform/index.ts";
import { JobRecord } from "../wire/index.ts";
import type { Job, JobValue } from "./job.ts";

const format: FileFormat<JobRecord> = { format: "sodp job", version: 1, schema: JobRecord };

/** Path of a job's record. */
const pathOf = (folder: string, id: string) => join(folder, `${id}.json`);

/**
 * The job's record in `folder`; undefined if it was never started. Throws UserError if the record is of a job with this
 * id and another command or configuration, damaged, or of a newer version. Paths below the folder of `folder` may have
 * moved with it.
 */
export async function readRecord(folder: string, job: Job): Promise<JobRecord | undefined> {
  const path = pathOf(folder, job.id);
  const record = await readVersioned(path, format).catch((error: unknown) => {
    throw error instanceof UserError
      ? new UserError(`${error.message} Without this file, ${job.id} begins anew.`)
      : error;
  });
  if (record === undefined) return undefined;
  const change = firstChange(record, { command: job.command, config: movable(folder, job).config });
  if (change === undefined) return record;
  throw new UserError(
    `${job.id} was run with ${change}. Choose another folder, or remove ${path} and ${job.folder} to run it anew.`,
  );
}

/** Writes the job's record: whole, or not at all. */
export async function writeRecord(
  folder: string,
  job: Job,
  progress: Pick<JobRecord, "status" | "attempts" | "seconds" | "result" | "error">,
): Promise<JobRecord> {
  const path = pathOf(folder, job.id);
  await makeFolder(dirname(path));
  const { id, command } = job;
  const record: JobRecord = {
    format: "sodp job",
    version: 1,
    id,
    command,
    ...movable(folder, job),
    ...progress,
  };
  await replaceJson(path, record);
  return record;
}

/** The job's paths, from the folder that holds `folder`, where they lie below it. */
function movable(folder: string, job: Job): Pick<JobRecord, "config" | "folder"> {
  const top = dirname(folder);
  const moved = (value: JobValue): JobValue => {
    if (typeof value !== "string") return value;
    const path = relative(top, value);
    const below = value.startsWith(top) && !isAbsolute(path) && !path.startsWith("..");
    return below ? `./${path}` : value;
  };
  const config = Object.entries(job.config).map(([name, value]) => [name, moved(value)]);
  return { config: Object.fromEntries(config), folder: String(moved(job.folder)) };
}

/** The first thing in which two jobs differ, in words. */
function firstChange(
  before: Pick<JobRecord, "command" | "config">,
  now: Pick<JobRecord, "command" | "config">,
): string | undefined {
  if (before.command !== now.command) return `sodp ${before.command}, not sodp ${now.command}`;
  const names = new Set([...Object.keys(before.config), ...Object.keys(now.config)]);
  const text = (value: unknown) => JSON.stringify(value) ?? "its default";
  const changed = [...names].find((name) => text(before.config[name]) !== text(now.config[name]));
  if (changed === undefined) return undefined;
  return `--${changed} ${text(before.config[changed])}, not ${text(now.config[changed])}`;
}
