/**
 * @file Whether the quickstart does what it promises, whatever the seed: five runs of it, one after another, as a table.
 * What is there already is not run again.
 *
 *     npm run build
 *     npx tsx experiments/quickstart/run.ts outputs/quickstart-seeds
 */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

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

const score = ({ pc_success, ci95 }: Score) => [pc_success, ...ci95].map((value) => value.toFixed(1));
const rows = [7, 1, 2, 3, 4].flatMap((seed) => {
  const { data, tasks, seconds } = quickstart(seed);
  return tasks.map(({ task, before, after }) => [
    seed,
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

function quickstart(seed: number): Result {
  const folder = join(root, `${seed}`);
  const options = ["dist/cli/main.js", "quickstart", "--seed", `${seed}`, "--output_dir", folder, "--json"];
  return JSON.parse(
    execFileSync(process.execPath, options, { stdio: ["ignore", "pipe", "inherit"] }).toString(),
  );
}
