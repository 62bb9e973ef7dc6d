/** @file `sodp pretrain` and `sodp finetune`: what they refuse, and what is left then. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CommanderError } from "commander";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { parse as parseYaml } from "yaml";
import { Random, UserError, vectorSpace } from "../base/index.ts";
import { checkDataset, DatasetWriter, quarantine } from "../data/index.ts";
import { algorithmCommand } from "./train.ts";
import { UsageError } from "./usage-error.ts";

/** While it is full, nothing of the checkpoint of this name can be written. */
const disk = vi.hoisted(() => ({ fullAt: undefined as string | undefined }));
vi.mock("node:fs/promises", async (original) => {
  const module = await original<typeof import("node:fs/promises")>();
  const writeFile: typeof module.writeFile = async (path, ...rest) => {
    if (disk.fullAt !== undefined && String(path).includes(disk.fullAt))
      throw Object.assign(new Error("ENOSPC: no space left on device, write"), {
        code: "ENOSPC",
        syscall: "write",
      });
    return module.writeFile(path, ...rest);
  };
  return { ...module, writeFile };
});

vi.setConfig({ testTimeout: 120_000 }); // trainings and environments, on machines that may be busy

const top = mkdtempSync(join(tmpdir(), "sodp-training-"));
const at = (...names: string[]) => join(top, ...names);
const data = at("data");
const out = at("run");
const trained = at("trained");
afterAll(() => rmSync(top, { recursive: true }));

/** Output of a command; rejects as the command does. */
async function sodp(verb: string, ...flags: string[]): Promise<string> {
  const command = algorithmCommand(verb);
  const printed: string[] = [];
  const log = vi.spyOn(console, "log").mockImplementation((text) => void printed.push(text));
  const errors: string[] = [];
  const { outputError = () => {} } = command.configureOutput();
  command
    .exitOverride()
    .configureOutput({ outputError: (text) => outputError(text, (more) => void errors.push(more)) });
  try {
    await command.parseAsync(flags, { from: "user" });
    return printed.join("\n");
  } catch (error) {
    throw error instanceof CommanderError ? new UsageError(errors.join("").trim()) : error;
  } finally {
    log.mockRestore();
  }
}

const tiny = [
  "--planner.denoiser.kind",
  "mlp",
  "--planner.denoiser.width",
  "16",
  "--planner.num_train_timesteps",
  "4",
];
const small = [
  ...tiny,
  "--batch_size",
  "8",
  "--steps",
  "4",
  "--log_every",
  "1",
  "--save_every",
  "2",
  "--threads",
  "1",
];
const pretrain = (...flags: string[]) =>
  sodp("pretrain", "--dataset.root", data, "--output_dir", out, ...small, ...flags);
const finetune = (...flags: string[]) =>
  sodp(
    "finetune",
    "--policy.path",
    trained,
    "--env.task",
    "reach-v3",
    "--output_dir",
    out,
    "--env.num_envs",
    "1",
    ...flags,
  );

/** Episodes of the size of Meta-World's. */
async function writeData(folder: string, shards: number): Promise<void> {
  const random = new Random(0);
  const numbers = (count: number) => random.fillUniform(new Float32Array(count));
  const writer = await DatasetWriter.create(folder);
  for (let i = 0; i < 20 * shards; i++) {
    await writer.add(
      {
        task: "reach",
        seed: i,
        observations: numbers(20 * 39),
        finalObservation: numbers(39),
        actions: numbers(20 * 4),
        rewards: numbers(20),
        successes: new Uint8Array(20),
        terminated: false,
      },
      { observation: vectorSpace("state", 39), action: vectorSpace("action", 4) },
    );
    if (i % 20 === 19) await writer.flush();
  }
  await writer.close();
}

beforeAll(async () => {
  await writeData(data, 2);
  await sodp("pretrain", "--dataset.root", data, "--output_dir", trained, ...small);
}, 120_000);
beforeEach(() => rmSync(out, { recursive: true, force: true }));

const json = (path: string) => JSON.parse(readFileSync(path, "utf8"));

describe("pretrain", () => {
  describe("encoders by the names of parts", () => {
    const shown = async (...flags: string[]) =>
      JSON.parse(await pretrain(...flags, "--dry_run", "--json")).planner;

    test.each(["hidden_sizes", "hiddenSizes"])("have keys in one spelling, given as %s", async (key) => {
      const given = `{nearCloud: {kind: pointNet, ${key}: [8], size: 4}}`;
      const encoders = { nearCloud: { kind: "pointNet", hidden_sizes: [8], size: 4 } };
      expect((await shown("--planner.encoders", given)).encoders).toEqual(encoders);
      const file = at("encoders.yaml");
      writeFileSync(file, `planner: {encoders: ${given}}`);
      expect((await shown("--config_path", file)).encoders).toEqual(encoders);
    });

    test("are refused with the name of the part that is wrong", async () => {
      await expect(shown("--planner.encoders", "{nearCloud: {kind: mlp, strides: [2]}}")).rejects.toThrow(
        "--planner.encoders.nearCloud.strides means nothing where planner.encoders.nearCloud.kind is mlp.",
      );
    });
  });

  test("prints one document, and leaves a run", async () => {
    const printed = JSON.parse(await pretrain("--json"));
    expect(printed).toMatchObject({
      run: out,
      status: "finished",
      policy: join(out, "checkpoints", "000000004", "pretrained_model"),
      metrics: { grad_steps: 4, "train/loss": expect.any(Number), "eval/loss": expect.any(Number) },
    });
    expect(json(join(out, "run.json"))).toMatchObject({ id: printed.id, kind: "pretrain", parent: null });
    expect(json(join(out, "config.json"))).toMatchObject({
      batch_size: 8,
      planner: { n_obs_steps: 2 },
    });
    expect(json(join(out, "overrides.json"))).not.toHaveProperty("planner.n_obs_steps");
  });

  test("--dry-run shows the configuration as a file that can be given, and makes nothing", async () => {
    const shown = await pretrain("--dry-run");
    expect(parseYaml(shown)).toMatchObject({ batch_size: 8, dataset: { root: data }, learning_rate: 1e-4 });
    writeFileSync(at("shown.yaml"), shown);
    expect(await sodp("pretrain", "--config_path", at("shown.yaml"), "--dry-run")).toBe(shown);
    expect(existsSync(out)).toBe(false);
  });

  test("watches success in environments", async () => {
    const flags = ["--env.task", "reach-v3", "--env.num_envs", "1", "--eval.n_episodes", "1", "--json"];
    const { metrics } = JSON.parse(await pretrain(...flags));
    expect(metrics).toMatchObject({ "eval/success_rate": 0, "eval/success_rate/metaworld/reach": 0 });
  });

  test("a run that is over goes on with nothing", async () => {
    await pretrain();
    const numbers = readFileSync(join(out, "metrics.jsonl"), "utf8");
    await sodp("pretrain", "--resume=true", "--config_path", out);
    await pretrain("--resume");
    expect(readFileSync(join(out, "metrics.jsonl"), "utf8")).toBe(numbers);
  });

  test("a disk that fills up is told in a sentence; what was there stays, and goes on", async () => {
    await pretrain("--output_dir", at("sound"));
    disk.fullAt = "000000004";
    const error = await pretrain().catch((error) => error);
    disk.fullAt = undefined;
    expect(error).toBeInstanceOf(UserError);
    expect(error.message).toBe(
      `The disk is full: checkpoint 4 of ${out} could not be written. Checkpoint 2 is kept; make room, then resume it ` +
        `(--resume=true --config_path ${out}).`,
    );
    await sodp("pretrain", "--resume=true", "--config_path", out);
    const weights = join("checkpoints", "last", "pretrained_model", "model.safetensors");
    expect(readFileSync(join(out, weights))).toEqual(readFileSync(at("sound", weights)));
  });
});

describe("finetune", () => {
  test("starts from a run, whose child it becomes", async () => {
    const flags = [
      "--env_steps",
      "1",
      "--episodes",
      "1",
      "--initial_episodes",
      "1",
      "--eval.n_episodes",
      "1",
      "--json",
    ];
    const printed = JSON.parse(await finetune(...flags, "--epochs", "1", "--threads", "1"));
    expect(printed).toMatchObject({ status: "finished", metrics: { "eval/success_rate": 0 } });
    const planner = join(trained, "checkpoints", "000000004", "pretrained_model");
    expect(json(join(out, "config.json")).policy.path).toBe(planner);
    expect(json(join(out, "run.json")).parent).toBe(json(join(trained, "run.json")).id);
  });
});

describe("what cannot be is one sentence and makes no folder", () => {
  const empty = at("empty");
  const torn = at("torn");
  const flipped = at("flipped");
  beforeAll(async () => {
    mkdirSync(empty);
    await writeData(torn, 2);
    truncateSync(join(torn, "data", readdirSync(join(torn, "data"))[1]), 5000);
    await writeData(flipped, 1);
    const shard = join(flipped, "data", readdirSync(join(flipped, "data"))[0]);
    const bytes = readFileSync(shard);
    bytes[bytes.length >> 1] ^= 1;
    writeFileSync(shard, bytes);
  }, 120_000);

  test.each<[string, () => Promise<unknown>, typeof UserError, string]>([
    ["an unknown flag", () => pretrain("--horizon", "8"), UsageError, "(Did you mean --planner.horizon?)"],
    [
      "a horizon the network cannot halve",
      () =>
        pretrain(
          "--planner.denoiser.kind",
          "unet",
          "--planner.denoiser.width",
          "8",
          "--planner.horizon",
          "10",
        ),
      UsageError,
      "horizon 10 is not a multiple of 4, which the denoiser's 2 halvings need. Use 8 or 12.",
    ],
    [
      "more actions than the horizon holds",
      () => pretrain("--planner.n_action_steps", "16"),
      UsageError,
      "--planner.n_action_steps 16 is more than 16 predicted actions hold from the present on, with 2 observations. Use " +
        "at most 15.",
    ],
    [
      "a task that is not",
      () => pretrain("--env.task", "reach-v3,reech"),
      UsageError,
      'Unknown task or suite "reech". Known: ',
    ],
    ["data that are not there", () => pretrain("--dataset.root", at("none")), UserError, "none"],
    ["a folder without data", () => pretrain("--dataset.root", empty), UserError, "empty"],
    [
      "torn data",
      () => pretrain("--dataset.root", torn),
      UserError,
      `run sodp data check ${torn} --quarantine.`,
    ],
    [
      "data with a flipped bit",
      () => pretrain("--dataset.root", flipped),
      UserError,
      "shard-00000.safetensors is damaged: its data has sha256 ",
    ],
    ["a planner that is not there", () => finetune("--policy.path", at("none")), UserError, "No file"],
    [
      "more denoising steps than timesteps",
      () => finetune("--denoising.num_inference_steps", "9"),
      UsageError,
      "trained with 4 denoising steps; sampling asked for 9. Use at most 4.",
    ],
    [
      "an unknown task",
      () => finetune("--env.task", "reech"),
      UsageError,
      'Unknown task or suite "reech". Known: ',
    ],
    ["nothing to resume", () => pretrain("--resume"), UsageError, `there is no ${out}`],
    [
      "resuming what is not named",
      () => sodp("pretrain", "--resume"),
      UsageError,
      "which run? Name its folder by --config_path.",
    ],
    [
      "an answer that is none",
      () => pretrain("--resume=perhaps"),
      UsageError,
      "--resume: expected true or false",
    ],
  ])("%s", async (_, run, kind, message) => {
    const error = await run().then(
      () => undefined,
      (error) => error,
    );
    expect(error).toBeInstanceOf(kind);
    expect(error.message).toContain(message);
    expect(existsSync(out)).toBe(false);
  });
});

describe("a run goes on as it was started", () => {
  const resume = (...flags: string[]) => sodp("pretrain", "--resume=true", "--config_path", out, ...flags);

  test.each([
    ["another network", ["--planner.denoiser.width", "32"], "--planner.denoiser.width is 16, not 32"],
    ["another K", ["--planner.num_train_timesteps", "8"], "--planner.num_train_timesteps is 4, not 8"],
    ["a shorter length", ["--steps", "3"], "--steps is 4, not 3"],
  ])("%s is refused", async (_, flags, change) => {
    await pretrain();
    await expect(resume(...flags)).rejects.toThrow(
      new UsageError(`${out} goes on as it was started: ${change}. Start another run for that.`),
    );
  });

  test("a folder that was moved goes on", async () => {
    await pretrain("--output_dir", at("here"));
    await sodp("pretrain", "--resume=true", "--config_path", at("here"), "--output_dir", at("there"));
    expect(existsSync(at("there"))).toBe(false);
  });

  test("torn data in quarantine is left out, and training goes on with the rest", async () => {
    const half = at("half");
    await writeData(half, 2);
    truncateSync(join(half, "data", readdirSync(join(half, "data"))[1]), 5000);
    await quarantine(half, (await checkDataset(half)).damage);
    const told = vi.spyOn(console, "error").mockImplementation(() => {});
    await pretrain("--dataset.root", half);
    expect(told.mock.calls.flat()).toContainEqual(
      expect.stringMatching(/^Left out: .*shard-00001\.safetensors is in quarantine: /),
    );
    told.mockRestore();
    expect(existsSync(join(out, "checkpoints", "000000004"))).toBe(true);
  });

  test("a checkpoint that is damaged is named", async () => {
    await pretrain();
    const state = join(out, "checkpoints", "000000004", "training_state", "state.safetensors");
    truncateSync(state, 200);
    const error = await resume().catch((error) => error);
    expect(error).toBeInstanceOf(UserError);
    expect(error.message).toContain(state);
  });
});
