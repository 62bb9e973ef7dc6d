/**
 * @file Whether the quickstart does what it promises, whatever the seed: five runs of it, one after another, as a table.
 * Finished runs are not run again.
 *
 *     npm run build
 *     npx tsx experiments/quickstart/run.ts outputs/quickstart-seeds
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Job } from "../../src/jobs/index.ts";
import { runJobs } from "../shared/jobs.ts";

const [, , root] = process.argv;
if (root === undefined) throw new Error("usage: npx tsx experiments/quickstart/run.ts <output folder>");

interface Score {
  readonly pc_success: number;
  readonly ci95: readonly [number, number];
}
interface Result {
  readonly data: { readonly pc_success: number };
  readonly tasks: readonly { readonly task: string; readonly before: Score; readonly after: Score }[];
  readonly seconds: Readonly<Record<string, number>>;
}

const seeds = [7, 1, 2, 3, 4];
const jobs = seeds.map((seed): Job => {
  const folder = join(root, `${seed}`);
  return {
    id: `${seed}`,
    command: "quickstart",
    folder,
    goesOn: "repeat",
    config: { seed, output_dir: folder },
  };
});
const states = await runJobs(root, jobs, 1);

const score = ({ pc_success, ci95 }: Score) => [pc_success, ...ci95].map((value) => value.toFixed(1));
const rows = states.flatMap(({ result }, i) => {
  const { data, tasks, seconds } = result as Result;
  return tasks.map(({ task, before, after }) => [
    seeds[i],
    task,
    data.pc_success.toFixed(1),
    ...score(before),
    ...score(after),
    seconds.together.toFixed(0),
  ]);
});
const header = "seed,task,data,before,before_low,before_high,after,after_low,after_high,seconds";
const table = [header, ...rows.map((row) => row.join(","))].map((line) => `${line}\n`).join("");
writeFileSync(new URL("results.csv", import.meta.url), table);
console.log(table);
