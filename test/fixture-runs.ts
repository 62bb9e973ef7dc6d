/** @file Folders of small runs, for tests. */
import { join } from "node:path";
import { Run } from "../src/runs/index.ts";

export interface FixtureRun {
  readonly folder: string;
  readonly seed: number;
  readonly config: unknown;
  /** Success rates by environment steps. */
  readonly success: Readonly<Record<number, number>>;
}

/** Writes runs below `top`, as an algorithm does. */
export async function writeRuns(top: string, runs: readonly FixtureRun[]): Promise<void> {
  for (const { folder, seed, config, success } of runs) {
    const start = { kind: "finetune", config, overrides: {}, command: "sodp finetune", seed };
    await using run = await Run.start(join(top, folder), start);
    for (const [steps, rate] of Object.entries(success)) {
      run.log({ env_steps: Number(steps), grad_steps: Number(steps) / 10 }, { "train/loss": 1 - rate });
      run.log({ env_steps: Number(steps) }, { "eval/success_rate": rate });
    }
  }
}
