/**
 * @file `sodp data collect --agent sac`: an agent is trained on each task, as a job of its own, and the first part of each
 * replay becomes a data set. The runs are kept in the data set's folder: ROOT/sac/TASK.
 */
import { join } from "node:path";
import { replayOf } from "../../algorithms/index.ts";
import { refuseRepeated } from "../../base/index.ts";
import { Dataset, type DatasetWriter, type Origin } from "../../data/index.ts";
import { taskOf } from "../../envs/index.ts";
import { type Job, runLocally } from "../../jobs/index.ts";
import { openCollection } from "../../rollout/local/index.ts";
import type { Tree } from "../flags.ts";
import { jobConfig } from "../job-config.ts";
import { showJobs } from "../jobs-progress.ts";
import type { Progress } from "../progress.ts";

export interface SacCollection {
  /** Folder of the data set. */
  readonly root: string;
  /** Names of tasks, in order of the data set. */
  readonly tasks: readonly string[];
  /** Options of the environments, as flags spell them. */
  readonly env: Tree;
  /** Share of each replay that is kept, its first part. */
  readonly keep: number;
  readonly seed: number;
  /** `SacConfig`, as flags spell it. */
  readonly sac: Tree;
  /** Agents that are trained at the same time. The data is the same whatever their number. */
  readonly processes: number;
}

/** Changes when equal configurations begin to give other data. */
const recipe = "replays of soft actor-critic, 2";

/**
 * Collects, or goes on where an interrupted collection stopped: the data set is the same, byte for byte. Returns true once
 * it is complete. Throws UserError if the folder holds another data set, or a training fails.
 */
export async function collectSac(
  collection: SacCollection,
  signal: AbortSignal,
  progress: Progress,
): Promise<boolean> {
  const { root, tasks, processes } = collection;
  refuseRepeated(tasks, "more of a task is --sac.env_steps");
  const { writer, outcomes } = await openCollection(root, originOf(collection));
  const written = outcomes.map(({ task }) => task);
  let next = tasks.indexOf(written.at(-1) ?? tasks[0]); // all before it are complete
  const trained = new Set(tasks.slice(0, next));
  let writing = Promise.resolve();
  /** Adds the replays of those tasks whose turn it is. */
  const addReplays = async () => {
    for (; next < tasks.length && trained.has(tasks[next]); next++)
      await addReplay(collection, tasks[next], written, writer);
  };
  const states = await runLocally(
    tasks.slice(next).map((task) => training(collection, task)),
    {
      records: join(root, "sac", "jobs"),
      processes,
      signal,
      onProgress: (all) => showJobs(progress, all),
      onNote: ({ id }, text) => progress.note(`${id}: ${text}`),
      onFinish: ({ id }) => {
        trained.add(id);
        writing = writing.then(addReplays);
        return writing;
      },
    },
  );
  if (states.some(({ status }) => status !== "finished")) return false;
  await writer.close();
  return true;
}

const folderOf = (root: string, task: string) => join(root, "sac", taskOf(task));

/** The configuration as the data set keeps it. */
function originOf({ tasks, env, keep, seed, sac }: SacCollection): Origin {
  return { recipe, tasks: [...tasks], env: env as Origin, keep, seed, sac: sac as Origin };
}

/** The job that trains an agent. Its one thread is fixed: another number gives other bits. */
function training({ root, env, seed, sac }: SacCollection, task: string): Job {
  const folder = folderOf(root, task);
  const config = {
    ...jobConfig(env, "env."),
    "env.task": task,
    output_dir: folder,
    ...jobConfig(sac),
    seed,
    threads: 1,
  };
  return { id: task, command: "sac", folder, config };
}

/** Adds the first part of a task's replay. written: the tasks of the episodes that the data set has already */
async function addReplay(
  { root, keep }: SacCollection,
  task: string,
  written: readonly string[],
  writer: DatasetWriter,
): Promise<void> {
  using replay = await Dataset.open(replayOf(folderOf(root, task)));
  const kept = Math.ceil(keep * replay.episodes);
  const already = written.filter((one) => one === task).length;
  for (let episode = already; episode < kept; episode++)
    await writer.add(replay.episode(episode), replay.spaces);
  await writer.flush();
}
