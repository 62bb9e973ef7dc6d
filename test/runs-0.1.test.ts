/** @file Runs of sodp 0.1: their planners are still policies; to go on they are refused, with what to do. */
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { loadPolicy } from "../src/algorithms/index.ts";
import { algorithmCommand } from "../src/cli/train.ts";
import { UsageError } from "../src/cli/usage-error.ts";
import { findPolicy } from "../src/runs/index.ts";

const top = mkdtempSync(join(tmpdir(), "sodp-0.1-"));
afterAll(() => rmSync(top, { recursive: true }));
cpSync(join(import.meta.dirname, "fixtures/runs-0.1"), top, { recursive: true });

test.each([
  ["pretrain", "planner.observation_steps is now planner.n_obs_steps"],
  ["finetune", "env.worlds is now env.num_envs"],
  ["sac", "target_decay is now tau (tau is 1 - target_decay)"],
])("%s does not go on, and says why and what else can be done", async (name, change) => {
  const folder = join(top, name);
  const resume = algorithmCommand(name).parseAsync(["--resume=true", "--config_path", folder], {
    from: "user",
  });
  const error = await resume.catch((error) => error);
  expect(error).toBeInstanceOf(UsageError);
  expect(error.message).toContain(`${join(folder, "config.json")} is of sodp 0.1: `);
  expect(error.message).toContain(change);
  expect(error.message).toContain(
    "the run goes on with sodp 0.1 only, another can be started with the new names.",
  );
});

test("a planner of 0.1 is found in its run, and read", async () => {
  const { folder, run } = await findPolicy(join(top, "pretrain"));
  expect(run?.kind).toBe("pretrain");
  const { kind, model } = await loadPolicy(folder);
  expect(kind.format).toBe("sodp planner");
  expect(kind.describe(model)).toMatchObject({ nObsSteps: 2, nActionSteps: 3, numTrainTimesteps: 3 });
});
