/** @file What tables of experiments have in common. Percentages are of episodes solved. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Random, wilsonInterval } from "../../src/base/index.ts";
import { interquartileMeanOfRuns, stratifiedBootstrap } from "../../src/rollout/index.ts";

/** Episodes of a judgement. */
const episodes = 50;

/** Per cent solved in an evaluation's folder; null if there is none. */
export function solved(folder: string): number | null {
  const file = join(folder, "eval_info.json");
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")).overall.pc_success : null;
}

/** Interquartile mean over tasks and seeds, with its 95 % interval. */
export function iqm(strata: readonly (readonly number[])[]): string {
  const [low, high] = stratifiedBootstrap(strata, interquartileMeanOfRuns, new Random(0));
  return `${interquartileMeanOfRuns(strata).toFixed(1)} (${low.toFixed(1)} to ${high.toFixed(1)})`;
}

/** A percentage of all runs' episodes with its 95 % interval. */
export function share(percent: number, runs: number): string {
  const all = runs * episodes;
  const [low, high] = wilsonInterval(Math.round((percent / 100) * all), all);
  return `${percent.toFixed(1)} % (${(100 * low).toFixed(0)} to ${(100 * high).toFixed(0)})`;
}

/** Names in a folder, sorted; none if there is no folder. */
export function list(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).sort() : [];
}

export function unique(names: readonly string[]): string[] {
  return [...new Set(names)];
}

export function signed(points: number): string {
  return `${points < 0 ? "−" : "+"}${Math.abs(points).toFixed(1)}`;
}
