/** @file Folders of finished and running runs, read for charts and dashboards. */
import { existsSync } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { type FileFormat, parseJson, UserError } from "../base/index.ts";
import { readJson, readText, readVersioned } from "../platform/index.ts";
import { type ConfigValue, MetricsLine, type RunFiles, RunRecord } from "../wire/index.ts";
import { bestOf, readCheckpoints, requireIntact } from "./checkpoint.ts";
import { modelFolder, pathsIn, policyIn } from "./paths.ts";

/** The run in `folder`. Throws UserError if it holds none. */
export async function readRun(folder: string): Promise<RunFiles> {
  const record = await readRunRecord(folder);
  const config = leaves(await readJson(pathsIn(folder).config), "");
  return { folder, record, config: Object.fromEntries(config), metrics: await readMetrics(folder) };
}

const format: FileFormat<RunRecord> = { format: "sodp run", version: 1, schema: RunRecord };

/** `run.json` of a run's folder. Throws UserError if there is none. */
export async function readRunRecord(folder: string): Promise<RunRecord> {
  const record = await readVersioned(pathsIn(folder).record, format);
  if (record === undefined) throw new UserError(`${folder} holds no run: it has no run.json.`);
  return record;
}

/**
 * Folder of the policy that `path` names: of a run its best checkpoint's, else its last; of a checkpoint its own; else
 * `path` itself. run, runFolder: of the run that trained it, null if there is none
 * Throws UserError for a checkpoint whose policy is not what was written.
 */
export async function findPolicy(path: string): Promise<{
  readonly folder: string;
  readonly run: RunRecord | null;
  readonly runFolder: string | null;
}> {
  const { record, checkpoints: folder } = pathsIn(path);
  if (existsSync(record)) {
    const checkpoints = await readCheckpoints(folder);
    const chosen = bestOf(checkpoints) ?? checkpoints.at(-1);
    if (chosen === undefined) throw new UserError(`The run ${path} has no checkpoint yet.`);
    await requireIntact(chosen.folder, modelFolder);
    return { folder: policyIn(chosen.folder), run: await readRunRecord(path), runFolder: path };
  }
  const policy = existsSync(policyIn(path)) ? policyIn(path) : path;
  if (basename(policy) === modelFolder) await requireIntact(dirname(policy), modelFolder);
  const run = resolve(policy, "../../.."); // RUN/checkpoints/STEP/pretrained_model
  const found = existsSync(pathsIn(run).record);
  return { folder: policy, run: found ? await readRunRecord(run) : null, runFolder: found ? run : null };
}

/**
 * Folders of the runs that `patterns` name: a run's folder, or one that holds runs at any depth; in a pattern * stands
 * for any part of a name and ? for one letter. Sorted within a pattern. Throws UserError for a pattern without runs.
 */
export async function findRuns(patterns: readonly string[]): Promise<readonly string[]> {
  const found = new Set<string>();
  for (const pattern of patterns) {
    const matches = await expand(pattern);
    const runs = (await Promise.all(matches.map(runsBelow))).flat();
    if (runs.length === 0) throw new UserError(`${pattern} names no run: a run is a folder with a run.json.`);
    for (const run of runs) found.add(run);
  }
  return [...found];
}

async function readMetrics(folder: string): Promise<readonly MetricsLine[]> {
  const path = pathsIn(folder).metrics;
  const lines = (await readText(path)).split("\n");
  lines.pop(); // what follows the last line's end: nothing, or a line that is being written
  return lines.map((line, i) => {
    try {
      return MetricsLine.parse(parseJson(line, path));
    } catch {
      throw new UserError(
        `${path}, line ${i + 1}: expected one JSON object of numbers by name, time/elapsed among them.`,
      );
    }
  });
}

/** Leaves of a configuration by dotted keys. Lists are leaves too, written with commas. */
function leaves(value: unknown, path: string): [key: string, value: ConfigValue][] {
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean" || value === null)
    return [[path, value]];
  if (Array.isArray(value)) return [[path, value.join(", ")]];
  return Object.entries(value as object).flatMap(([key, entry]) =>
    leaves(entry, path === "" ? key : `${path}.${key}`),
  );
}

/** Paths that a pattern stands for, sorted. */
async function expand(pattern: string): Promise<readonly string[]> {
  if (!/[*?]/.test(pattern)) return [pattern];
  let paths = [pattern.startsWith("/") ? "/" : ""];
  for (const part of pattern.split(/[/\\]/).filter((name) => name !== "")) {
    if (!/[*?]/.test(part)) {
      paths = paths.map((path) => join(path, part));
      continue;
    }
    const shape = new RegExp(
      `^${part
        .replace(/[.+^${}()|[\]\\]/g, "\\$&")
        .replaceAll("*", ".*")
        .replaceAll("?", ".")}$`,
    );
    const below = await Promise.all(
      paths.map(async (path) => (await namesIn(path || ".")).map((name) => [path, name] as const)),
    );
    paths = below
      .flat()
      .filter(([, name]) => shape.test(name) && !name.startsWith("."))
      .map(([path, name]) => join(path, name));
  }
  return paths;
}

/** The run in `folder`, or all runs in folders below it. */
async function runsBelow(folder: string): Promise<readonly string[]> {
  const names = await namesIn(folder);
  if (names.includes("run.json")) return [folder];
  return (await Promise.all(names.map((name) => runsBelow(join(folder, name))))).flat();
}

/** Sorted; none for what is no folder. */
async function namesIn(path: string): Promise<readonly string[]> {
  const isFolder = (await stat(path).catch(() => undefined))?.isDirectory() ?? false;
  return isFolder ? (await readdir(path)).sort() : [];
}
