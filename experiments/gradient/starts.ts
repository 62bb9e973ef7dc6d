/**
 * @file Shift of the starts in a target buffer against all starts of its task: whether hard ones were crowded out. Markdown on stdout.
 *
 *     npx tsx experiments/gradient/starts.ts outputs/gradient
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { bufferedEpisodes } from "../../src/algorithms/index.ts";
import { deviationOf, mean, momentsOf } from "../../src/base/index.ts";
import { makeEnv } from "../../src/envs.ts";
import { readState } from "../../src/runs/index.ts";
import { type ArmName, arms, regimes, seeds } from "./arms.ts";

const [, , root] = process.argv;
if (root === undefined) throw new Error("usage: npx tsx experiments/gradient/starts.ts <output folder>");

console.log("| regime | arm | runs | shift, deviations | spread, of all |\n|---|---|---|---|---|");
for (const [regime, { title, task }] of Object.entries(regimes)) {
  let all: Awaited<ReturnType<typeof startsOf>> | undefined;
  for (const arm of Object.keys(arms) as ArmName[]) {
    const folders = seeds
      .map((seed) => join(root, regime, arm, `${seed}`, "checkpoints", "last"))
      .filter(existsSync);
    if (folders.length === 0) continue;
    all ??= await startsOf(task, 400);
    const { space, varying } = all;
    const found = await Promise.all(
      folders.map(async (folder) => {
        const { tensors } = await readState(folder);
        const held = bufferedEpisodes(tensors, task).map(({ observations }) => observations);
        const own = varying.map((i) => momentsOf(held.map((observations) => observations[i])));
        return {
          shift: Math.sqrt(
            mean(own.map((each, k) => ((each.mean - space[k].mean) / deviationOf(space[k])) ** 2)),
          ),
          spread: mean(own.map((each, k) => deviationOf(each) / deviationOf(space[k]))),
        };
      }),
    );
    const [shift, spread] = [mean(found.map((run) => run.shift)), mean(found.map((run) => run.spread))];
    console.log(
      `| ${title} | ${arms[arm].title} | ${found.length} | ${shift.toFixed(2)} | ${spread.toFixed(2)} |`,
    );
  }
}

/** Moments of the numbers that differ from start to start, and which they are. */
async function startsOf(task: string, count: number) {
  using env = await makeEnv({ env: task });
  const starts = Array.from({ length: count }, (_, seed) => env.reset(seed).observation);
  const moments = Array.from(starts[0], (_, i) => momentsOf(starts.map((start) => start[i])));
  const varying = [...moments.keys()].filter((i) => deviationOf(moments[i]) > 1e-3);
  return { varying, space: varying.map((i) => moments[i]) };
}
