/**
 * @file `sodp data collect --agent sac`: an agent is trained on each task, in processes of their own, and the first part of
 * each replay becomes a data set. The runs lie in the data set's folder: ROOT/sac/TASK.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { replayOf } from "../../algorithms/index.ts";
import { refuseRepeated } from "../../base/index.ts";
import { Dataset, type Origin } from "../../data/index.ts";
import { taskOf } from "../../envs/index.ts";
import { openCollection } from "../../rollout/local/index.ts";
import type { ProgressLine } from "../../wire/index.ts";
import type { Children } from "../children.ts";
import type { Tree } from "../flags.ts";
import type { Progress } from "../progress.ts";

export interface SacCollection {
  /** Where the data set comes to lie. */
  readonly root: string;
  /** Names of tasks, in order of the data set. */
  readonly tasks: readonly string[];
  readonly maxSteps: number;
  /** Share of each replay that is kept, its first part. */
  readonly keep: number;
  readonly seed: number;
  /** `SacConfig`, as flags spell it. */
  readonly sac: Tree;
  /** Agents that are trained at the same time. The data is the same whatever their number. */
  readonly processes: number;
}

/** Changes when equal configurations begin to give other data. */
const recipe = "replays of soft actor-critic, 1";

/**
 * Collects, or goes on where an interrupted collection stopped: the data set is the same, byte for byte. Returns whether it
 * is complete. Throws UserError if the folder holds another data set, or a training fails.
 */
export async function collectSac(
  collection: SacCollection,
  children: Children,
  progress: Progress,
): Promise<boolean> {
  const { root, tasks, keep, processes } = collection;
  refuseRepeated(tasks, "more of a task is --sac.env_steps");
  const { writer, outcomes } = await openCollection(root, originOf(collection));
  const written = outcomes.map(({ task }) => task);
  const begun = tasks.indexOf(written.at(-1) ?? tasks[0]); // all before it are complete
  const show = together(collection, progress);
  const lanes = new Array<Promise<unknown>>(processes).fill(Promise.resolve());
  const trained = tasks.map((task, i) => {
    if (i < begun) return Promise.resolve(true);
    const training = lanes[i % processes].then(() => train(collection, task, children, show));
    lanes[i % processes] = training;
    training.catch(() => children.stop()); // told below, when it is this task's turn
    return training;
  });
  for (const [i, task] of tasks.entries()) {
    if (!(await trained[i])) return false;
    if (i < begun) continue;
    using replay = await Dataset.open(replayOf(folderOf(root, task)));
    const kept = Math.ceil(keep * replay.episodes);
    const already = written.filter((one) => one === task).length;
    for (let episode = already; episode < kept; episode++)
      await writer.add(replay.episode(episode), replay.spaces);
    await writer.flush();
  }
  await writer.close();
  return true;
}

const folderOf = (root: string, task: string) => join(root, "sac", taskOf(task));

/** The configuration as the data set keeps it. */
function originOf({ tasks, maxSteps, keep, seed, sac }: SacCollection): Origin {
  return { recipe, tasks: [...tasks], max_steps: maxSteps, keep, seed, sac: sac as Origin };
}

/** Trains an agent, or goes on with its run. Returns false if it was stopped. */
async function train(
  { root, maxSteps, seed, sac }: SacCollection,
  task: string,
  children: Children,
  show: (task: string, line: ProgressLine | string) => void,
): Promise<boolean> {
  const folder = folderOf(root, task);
  const flags = { "env.task": task, "env.max_steps": maxSteps, output_dir: folder, ...sac, seed };
  const begun = existsSync(join(folder, "run.json"));
  const command = begun
    ? ["--resume=true", "--config_path", folder]
    : Object.entries(flags).flatMap(([flag, value]) => [
        `--${flag}`,
        typeof value === "string" ? value : JSON.stringify(value),
      ]);
  // One thread whatever runs beside it: another number would give other bits.
  const outcome = await children.run(["sac", ...command, "--threads", "1"], {
    note: (text) => show(task, text),
    progress: (line) => show(task, line),
  });
  return outcome !== undefined;
}

/** Shows how far all trainings have come, and how each of those that run does. */
function together({ tasks, sac }: SacCollection, progress: Progress) {
  const told = new Map<string, ProgressLine>();
  return (task: string, line: ProgressLine | string): void => {
    if (typeof line === "string") {
      progress.note(`${task}: ${line}`);
      return;
    }
    told.set(task, line);
    const all = [...told.values()].reduce((sum, { done, total }) => sum + Math.min(done, total), 0);
    const values = [...told]
      .filter(([, { done, total }]) => done < total)
      .map(([name, { done, total, values: own }]) => {
        const words = Object.entries(own).map(([key, value]) => `${key} ${value}`);
        return [name, [`${Math.floor((100 * done) / total)} %`, ...words].join(" ")];
      });
    progress.progress(all, Number(sac.env_steps) * tasks.length, Object.fromEntries(values));
  };
}
