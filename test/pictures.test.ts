/** @file An environment that is seen as pictures, from the collection to the evaluation: bytes on disk, convolutions in the planner. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import { Dataset } from "../src/data/index.ts";
import { readTensors } from "../src/platform/index.ts";
import { loadPlanner } from "../src/policies/files/index.ts";
import { findPolicy } from "../src/runs/index.ts";
import { documentOf } from "./commands.ts";

vi.setConfig({ testTimeout: 240_000 }); // threads, on machines that may be busy

const top = mkdtempSync(join(tmpdir(), "sodp-pictures-"));
afterAll(() => rmSync(top, { recursive: true }));

test("pictures are stored as bytes, seen by convolutions, and trained from", async () => {
  const [data, run] = [join(top, "data"), join(top, "run")];
  const env = ["--env.module", join(import.meta.dirname, "fixtures/dot-family.mjs"), "--env.task", "dot/go"];
  const once = ["--threads", "1"];
  await documentOf("data", "collect", ...env, "--dataset.root", data, "--episodes", "24", ...once);

  using dataset = await Dataset.open(data);
  expect(dataset.spaces.observation).toEqual({ picture: { shape: [16, 16, 3], dtype: "uint8" } });
  const [file] = readdirSync(join(data, "data"));
  const { tensors } = await readTensors(join(data, "data", file));
  const stored = tensors["observation.picture"];
  expect([stored.dtype, stored.shape]).toEqual(["U8", [dataset.steps, 16, 16, 3]]);
  const { observations } = dataset.episode(0);
  expect(Array.from(stored.data.subarray(0, 768), Number)).toEqual([...observations.subarray(0, 768)]);
  expect(new Set(observations)).toEqual(new Set([0, 255]));

  const small = "--planner.horizon 4 --planner.n_action_steps 2 --planner.num_train_timesteps 4";
  const brief =
    "--planner.denoiser.kind mlp --planner.denoiser.width 16 --batch_size 4 --steps 3 --log_every 1";
  const flags = [...`${small} ${brief}`.split(" "), ...once];
  await documentOf("pretrain", "--dataset.root", data, "--output_dir", run, ...flags);
  const { config, network } = await loadPlanner((await findPolicy(run)).folder);
  expect(config.encoders.picture).toMatchObject({ kind: "image", channels: 32 });
  expect(
    JSON.stringify(network.encoders.picture, (key, value) => (key === "data" ? undefined : value)),
  ).toContain('"shape":[3,3,3,32]');
  const losses = readFileSync(join(run, "metrics.jsonl"), "utf8").match(/"train\/loss":[\d.]+/g) ?? [];
  expect(new Set(losses).size).toBe(3);

  const quick = ["--eval.n_episodes", "2", ...once];
  const evaluated = await documentOf("eval", "--policy.path", run, ...env, ...quick);
  expect(evaluated).toMatchObject({ policy: { type: "planner" }, overall: { n: 2 } });
});
