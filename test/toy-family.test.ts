/** @file The toy family, seen as points, through the four commands from nothing to a tuned planner: small and quick. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import { documentOf } from "./commands.ts";

vi.setConfig({ testTimeout: 120_000 }); // trainings, on machines that may be busy

const top = mkdtempSync(join(tmpdir(), "sodp-toy-family-"));
afterAll(() => rmSync(top, { recursive: true }));
const [data, planner, tuned] = ["data", "planner", "tuned"].map((name) => join(top, name));

const env = "--env.task toy/corner --env.observation pointCloud --threads 1";
const encoders = "{pointCloud: {kind: pointNet, hiddenSizes: [16], size: 16}}";
const sodp = (words: string, ...flags: string[]) => documentOf(...words.split(" "), ...flags);
const successOf = async (policy: string) => {
  const document = await sodp(`eval --policy.path ${policy} ${env} --eval.n_episodes 100`);
  return (document as { readonly overall: { readonly pc_success: number } }).overall.pc_success;
};

test("a point cloud is collected, learned from, tuned in and evaluated, and tuning solves more starts", async () => {
  expect(await sodp(`data collect ${env} --episodes 60 --success 0.5 --dataset.root ${data}`)).toMatchObject({
    complete: true,
  });
  const sizes = "--steps 800 --threads 1";
  await sodp(
    `pretrain --preset toy --dataset.root ${data} --output_dir ${planner} ${sizes}`,
    "--planner.encoders",
    encoders,
  );
  await sodp(`finetune --preset toy --policy.path ${planner} ${env} --env_steps 10000 --output_dir ${tuned}`);
  expect(await sodp(`info ${tuned}`)).toMatchObject({
    encoders: { pointCloud: { kind: "pointNet" } },
  });
  const [before, after] = [await successOf(planner), await successOf(tuned)];
  expect(after - before).toBeGreaterThan(15);
});
