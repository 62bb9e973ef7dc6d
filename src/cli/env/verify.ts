/** @file `sodp env verify`: recorded official episodes, replayed in our environments. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { Command } from "commander";
import { z } from "zod";
import { UserError } from "../../base/index.ts";
import {
  complaints,
  type Engine,
  envsNamed,
  limits,
  loadEngine,
  parseRecording,
  type TaskReport,
  taskOf,
  verify,
} from "../../envs/index.ts";
import { isHidden, readText } from "../../platform/index.ts";
import { configured } from "../config.ts";
import { startProgress } from "../progress.ts";
import { folder, tasksFlag } from "../shared-flags.ts";
import { columns } from "../table.ts";
import { jsonText, print } from "../terminal.ts";

const Flags = z.strictObject({
  golden: folder().describe("recordings, one TASK-v3.json.gz or .json per task, of any seed"),
  env: z.strictObject({ task: tasksFlag().optional() }).prefault({}),
});

/** A task's report, or why there is none. */
type Verdict =
  | (TaskReport & { readonly complaints: readonly string[] })
  | { readonly task: string; readonly complaints: readonly string[] };

export function verifyCommand(): Command {
  const command = new Command("verify").description(
    "Replay recorded official episodes in our environments and compare. Exit code 1 if they differ by more than the limits.",
  );
  const read = configured(command, { schema: Flags });
  return command.action(async ({ json }: { json?: boolean }) => {
    const { config, checked } = await read();
    const { golden, env } = config;
    const names = env.task && checked(() => envsNamed(env.task ?? []).map(taskOf));
    const files = chooseFiles(golden, await recordingsIn(golden), names);
    const engine = await loadEngine();
    const progress = startProgress(files.length);
    const verdicts: Verdict[] = [];
    for (const { name, path } of files) {
      verdicts.push(await compare(engine, name, path));
      progress(name);
    }
    const faults = verdicts.flatMap((verdict) => verdict.complaints);
    print(json ? jsonText({ limits, tasks: verdicts }) : [table(verdicts), ...faults].join("\n"));
    if (faults.length > 0) process.exitCode = 1;
  });
}

/** Paths by task name. */
async function recordingsIn(folder: string): Promise<ReadonlyMap<string, string>> {
  const names = await readdir(folder).catch(() => {
    throw new UserError(`${folder} is no folder that can be read. Expected recordings, <task>-v3.json.gz.`);
  });
  const found = names
    .filter((name) => !isHidden(name))
    .flatMap((file): [string, string][] => {
      const name = file.match(/^(.*)-v3\.json(\.gz)?$/)?.[1];
      return name === undefined ? [] : [[name, join(folder, file)]];
    });
  return new Map(found.sort());
}

/** All recordings, or those of the tasks called `names`. */
function chooseFiles(folder: string, found: ReadonlyMap<string, string>, names = [...found.keys()]) {
  if (names.length === 0) throw new UserError(`${folder} holds no recordings. Expected <task>-v3.json.gz.`);
  return names.map((name) => {
    const path = found.get(name);
    if (path !== undefined) return { name, path };
    throw new UserError(`${folder} holds no recording of ${name}: expected ${name}-v3.json.gz.`);
  });
}

async function compare(engine: Engine, name: string, path: string): Promise<Verdict> {
  try {
    const report = verify(engine, parseRecording(await readText(path), path));
    return { ...report, complaints: complaints(report) };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { task: name, complaints: [`${name}: ${error.message}`] };
  }
}

function table(verdicts: readonly Verdict[]): string {
  const header = [
    "task",
    "vector",
    "reset",
    "observation",
    "reward",
    "success",
    "action",
    "solved",
    "return",
  ];
  return columns([[...header, "", "steps compared"], ...verdicts.map(row)]);
}

function row(verdict: Verdict): string[] {
  const word = verdict.complaints.length === 0 ? "equal" : "differs";
  if (!("episodes" in verdict)) return [verdict.task, ...new Array<string>(8).fill("-"), word, "-"];
  const { vectorError, resetError, observationError, rewardError, actionError } = verdict;
  const [vector, reset, observation, reward, action] = [
    vectorError,
    resetError,
    observationError,
    rewardError,
    actionError,
  ].map((error) => error.toExponential(1));
  const percent = [verdict.expertSuccess, verdict.recordedSuccess].map((share) => Math.round(100 * share));
  return [
    verdict.task,
    vector,
    reset,
    observation,
    reward,
    String(verdict.successMismatches),
    verdict.expertDiffers === undefined ? action : "own expert",
    `${percent.join("/")} %`,
    `${verdict.returnDifference.toFixed(2)} %`,
    word,
    verdict.episodes.map(({ compared, steps }) => `${compared}/${steps}`).join(" "),
  ];
}
