/** @file Commands on stored policies: each works with that of every algorithm, by its run, checkpoint or folder. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { algorithms } from "../src/algorithms/index.ts";
import { UserError } from "../src/base/index.ts";
import { UsageError } from "../src/cli/usage-error.ts";
import { documentOf } from "./commands.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 240_000 }); // threads, on machines that may be busy

const top = mkdtempSync(join(tmpdir(), "sodp-any-policy-"));
afterAll(() => rmSync(top, { recursive: true }));
const at = (name: string) => join(top, name);
const words = (text: string) => text.split(" ");

const denoiser = "--planner.denoiser.kind mlp --planner.denoiser.width 16 --planner.num_train_timesteps 4";
const offline = `--dataset.root ${at("data")} --batch_size 8 --steps 4 --save_every 2 --threads 1`;
const diffusing =
  "--width 8 --layers 1 --heads 2 --inner_size 8 --horizon 2 --num_train_timesteps 3 --target_value 0.5";
const online = "--env.num_envs 2 --env_steps 120 --eval.n_episodes 2 --threads 1";
const sequences = "--context_steps 2 --width 8 --layers 1 --heads 2";
const beside = `${online} --env.task toy/reach --dataset.root ${at("data")} --utd_ratio 1 --batch_size 8 --hidden_sizes 16`;
/** Trainings in order, for one may start from another's policy. */
const trainings: Readonly<Record<keyof typeof algorithms, string>> = {
  pretrain: `${offline} ${denoiser}`,
  mtbc: `${offline} --hidden_sizes 16`,
  mtdt: `${offline} ${sequences}`,
  "prompt-dt": `${offline} ${sequences} --prompt_steps 2`,
  harmodt: `${offline} ${sequences} --prompt_steps 2 --mask_interval 2`,
  mtiql: `${offline} --hidden_sizes 16`,
  mtdql: `${offline} --width 16 --candidates 3`,
  "mtdiff-p": `${offline} ${diffusing} --prompt_steps 2 --prompts_per_task 3`,
  "mtdiff-onehot": `${offline} ${diffusing}`,
  finetune: `${online} --env.task toy/reach --policy.path ${at("pretrain")} --episodes 2 --initial_episodes 2 --minibatch_size 8`,
  sac: `${online} --env.task toy/corner --learning_starts 100 --batch_size 8 --hidden_sizes 16`,
  ibrl: `${beside} --policy.path ${at("mtbc")} --learning_starts 100 --critic_steps 1`,
  calql: `${beside} --offline_steps 20 --actor_hidden_sizes 16 --sampled_actions 2`,
  rlpd: `${beside} --learning_starts 100 --critics 2 --critic_steps 1`,
};

beforeAll(async () => {
  const collecting = `data collect --env.task toy/reach,toy/corner --episodes 24 --success 0.5 --threads 1`;
  await documentOf(...words(`${collecting} --dataset.root ${at("data")}`));
  for (const [name, flags] of Object.entries(trainings))
    await documentOf("train", name, "--output_dir", at(name), ...words(flags));
});

describe.each(Object.keys(algorithms) as (keyof typeof algorithms)[])("a policy of %s", (name) => {
  const { format } = algorithms[name].policy;
  const checkpoint = join(at(name), "checkpoints", "last");

  test("is shown, by its run, its checkpoint and its folder", async () => {
    const shown = await documentOf("info", at(name));
    expect(shown).toMatchObject({ format, parameters: expect.any(Number), spaces: expect.any(Object) });
    const folder = join(checkpoint, "pretrained_model");
    for (const path of [checkpoint, folder]) expect(await documentOf("info", path)).toMatchObject({ format });
  });

  test("is exported, and the file acts as it does", async () => {
    const out = at(`${name}.onnx`);
    if (name === "harmodt") {
      await expect(documentOf("export", at(name), "--out", out)).rejects.toThrow(
        "other parameters for each task",
      );
      return;
    }
    const report = (await documentOf("export", at(name), "--out", out, "--batch_size", "2")) as {
      readonly maximumRelativeError: number;
    };
    expect(report.maximumRelativeError).toBeLessThan(1e-5);
    expect(existsSync(out)).toBe(true);
  });

  test("is evaluated", async () => {
    const flags = words("--env.task toy/reach --eval.n_episodes 3 --threads 1");
    expect(await documentOf("eval", "--policy.path", at(name), ...flags)).toMatchObject({
      policy: { type: format.replace("sodp ", ""), path: at(name) },
      per_task: [{ task: "toy/reach" }],
      overall: { n: 3 },
    });
  });
});

test("a run goes on in its task, however that is spelled, and in no other", async () => {
  const goOn = (task: string) =>
    documentOf("sac", "--resume=true", "--config_path", at("sac"), "--env.task", task);
  expect(await goOn("corner")).toMatchObject({ status: "finished" });
  await expect(goOn("around")).rejects.toThrow('--env.task is ["toy/corner"], not ["around"]');
});

test.each(["mtbc", "sac"])("denoising means nothing to %s: a mistake of the command line", async (name) => {
  for (const command of [["export"], ["eval", "--env.task", "toy/reach", "--policy.path"]]) {
    const refused = documentOf(...command, at(name), "--denoising.eta", "0");
    await expect(refused).rejects.toThrow(UsageError);
    await expect(refused).rejects.toThrow("--denoising means nothing to this policy: it does not denoise.");
  }
});

test("a kind of policy that is no file of ONNX is refused in a sentence", async () => {
  using _ = vi
    .spyOn(algorithms.mtbc.policy as { export: unknown }, "export", "get")
    .mockReturnValue(undefined);
  const refused = documentOf("export", at("mtbc"));
  await expect(refused).rejects.toThrow(UserError);
  await expect(refused).rejects.toThrow("holds a sodp mtbc, which cannot be written as one ONNX file.");
});
