/**
 * @file Formats that are put to damage: every one that this package reads.
 *
 * A sealed format has checksums: what is read is what was written, or it is refused. Others cannot tell one number from
 * another: what is read has the sizes and types that it says, and its numbers are finite.
 */
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { z } from "zod";
import { loadPolicy } from "../../src/algorithms/index.ts";
import { parse, Random, type Spaces, UserError, vectorSpace } from "../../src/base/index.ts";
import { configured } from "../../src/cli/config.ts";
import { openTrainingData } from "../../src/cli/training-data.ts";
import { openExternalDataset } from "../../src/data/import/index.ts";
import { checkEpisode, DatasetWriter, type Episode } from "../../src/data/index.ts";
import { parseRecording } from "../../src/envs/metaworld/verify.ts";
import type { Job } from "../../src/jobs/index.ts";
import { readRecord, writeRecord } from "../../src/jobs/records.ts";
import { readTensors, readText, writeTensors } from "../../src/platform/index.ts";
import { loadPlanner, savePlanner } from "../../src/policies/files/index.ts";
import { thetaOf } from "../../src/policies/index.ts";
import {
  findPolicy,
  Run,
  readEpisodes,
  readRun,
  readState,
  writeEpisodes,
  writeState,
} from "../../src/runs/index.ts";
import { EvaluationInfo } from "../../src/wire/index.ts";
import { writeRuns } from "../fixture-runs.ts";
import { seeingPlanner } from "../seeing-planner.ts";

export interface Subject {
  readonly sealed: boolean;
  /** Writes a sound one into an empty folder. */
  make(folder: string): Promise<void>;
  /** Digest of all that is read. Throws UserError if it is refused, any other error if what was read is not sound. */
  read(folder: string): Promise<string>;
}

const fixtures = join(import.meta.dirname, "../fixtures");

/** Digest of values and arrays. Throws for a number that is not finite. */
function digest(...values: readonly unknown[]): string {
  const hash = createHash("sha256");
  for (const value of values) {
    if (ArrayBuffer.isView(value))
      hash.update(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
    else hash.update(JSON.stringify(value) ?? "none");
    hash.update("\0");
  }
  return hash.digest("hex");
}

const copied = (path: string) => async (folder: string) =>
  cpSync(join(fixtures, path), folder, { recursive: true });

const numbersOf = (episode: Episode, spaces: Spaces) => {
  checkEpisode(episode, spaces, "An episode that was accepted");
  return Object.values(episode);
};

/** Another program's data set. path: from the folder   options: as `openExternalDataset` takes them */
const external = (
  fixture: string,
  path = "",
  options: Parameters<typeof openExternalDataset>[1] = {},
  sealed = false,
): Subject => ({
  sealed,
  make: async (folder) =>
    cpSync(join(fixtures, "interchange", fixture), join(folder, path), { recursive: true }),
  async read(folder) {
    const set = await openExternalDataset(join(folder, path), options);
    const episodes: unknown[] = [];
    for await (const episode of set.episodes()) episodes.push(...numbersOf(episode, set.spaces));
    if (episodes.length === 0) throw new UserError("No episode.");
    return digest(set.spaces, ...episodes);
  },
});

/** One of each format of data that is imported. */
export const importSubjects: Readonly<Record<string, Subject>> = {
  d4rl: external("d4rl/door.hdf5", "door.hdf5"),
  minari: external("minari/box/fixture-v0"),
  "minari dict": external("minari/dict/fixture-v0"),
  robomimic: external("robomimic/lift.hdf5", "lift.hdf5"),
  zarr: external("zarr/replay.zarr", "replay.zarr"),
  lerobot: external("lerobot"),
  "lerobot 2": external("lerobot-v2.1"),
  npz: external("npz/stacked.npz", "stacked.npz", { task: "toy/reach" }, true),
  "episode-files": external("npz/episodes"),
};

const spaces = { observation: vectorSpace("state", 3), action: vectorSpace("action", 2) };
const episodeOf = (seed: number): Episode => {
  const random = new Random(seed);
  const uniform = (count: number) => random.fillUniform(new Float32Array(count));
  return {
    task: `toy/${seed % 2 ? "reach" : "around"}`,
    seed,
    observations: uniform(15),
    finalObservation: uniform(3),
    actions: uniform(10),
    rewards: uniform(5),
    successes: Uint8Array.of(0, 0, 0, 0, seed % 2),
    terminated: seed % 2 === 1,
  };
};

const dataset: Subject = {
  sealed: true,
  async make(folder) {
    for (const shard of [1, 2]) {
      const writer = await (shard === 1 ? DatasetWriter.create(folder) : DatasetWriter.append(folder));
      for (const i of [0, 1, 2]) await writer.add(episodeOf(10 * shard + i), spaces);
      await writer.close();
    }
  },
  async read(folder) {
    using set = await openTrainingData(folder);
    const episodes = Array.from({ length: set.episodes }, (_, i) => set.episode(i));
    const statistics = ["observation.state", "action"].map((column) => set.statistics(column));
    return digest(
      set.spaces,
      set.tasks,
      statistics,
      ...episodes.flatMap((each) => numbersOf(each, set.spaces)),
    );
  },
};

const planner: Subject = {
  sealed: false, // the weights are, the configuration is not
  make: (folder) => savePlanner(seeingPlanner(1), folder),
  async read(folder) {
    const loaded = await loadPlanner(folder);
    return digest(loaded.config, loaded.normalizers, thetaOf(loaded));
  },
};

const oldPlanner: Subject = {
  ...planner,
  make: async (folder) =>
    cpSync(join(import.meta.dirname, "../../src/policies/files/fixtures/planner-0.1-mlp"), folder, {
      recursive: true,
    }),
};

const start = {
  kind: "toy",
  config: { env: { task: "toy/reach" }, steps: 3 },
  overrides: {},
  command: "sodp toy",
  seed: 1,
};

const checkpoint: Subject = {
  sealed: true,
  async make(folder) {
    await using run = await Run.start(join(folder, "run"), start);
    for (const step of [1, 2, 3]) {
      const state = { dtype: "F32", shape: [4], data: Float32Array.of(step, 2, 3, 4) } as const;
      await run.checkpoint(
        step,
        async (into) => {
          await savePlanner(seeingPlanner(step), run.policyIn(into));
          await writeState(into, { state, best: state }, { step, random: new Random(step).state() });
        },
        { score: step },
      );
    }
  },
  async read(folder) {
    const { folder: found } = await findPolicy(join(folder, "run"));
    const { model } = await loadPolicy(found);
    const { tensors, json } = await readState(join(found, ".."));
    return digest(model, tensors, json);
  },
};

const run: Subject = {
  sealed: false,
  make: (folder) =>
    writeRuns(folder, [
      { folder: "run", seed: 1, config: start.config, success: { 10: 0.1, 20: 0.5, 30: 0.9 } },
    ]),
  read: async (folder) => digest(await readRun(join(folder, "run"))),
};

const evaluation = {
  n: 2,
  avg_sum_reward: 3,
  avg_max_reward: 1,
  pc_success: 50,
  ci95: [9, 91],
  pc_success_last: 50,
  eval_s: 1,
  eval_ep_s: 0.5,
};
const job: Job = {
  id: "evaluation/before",
  command: "eval",
  config: { "env.task": "toy/reach" },
  folder: "out",
};
const jobRecord: Subject = {
  sealed: false,
  async make(folder) {
    const per_episode = [0, 1].map((episode_ix) => ({
      ...{ episode_ix, sum_reward: 3, max_reward: 1, success: episode_ix === 1, success_last: false },
      ...{ steps: 5, seed: episode_ix },
    }));
    const result = {
      ...{ format: "sodp evaluation", version: 2, seed: 0, env: { task: ["toy/reach"] } },
      protocol: { name: "metaworld", rule: "any step", max_steps: 5 },
      policy: {
        type: "random",
        path: null,
        weights_sha256: null,
        n_obs_steps: 1,
        n_action_steps: 1,
        denoising: null,
      },
      per_task: [{ task_group: "toy", task: "toy/reach", per_episode, aggregated: evaluation }],
      ...{ per_group: {}, overall: { ...evaluation, tasks: 1 } },
      latency: { batch_size: 1, calls: 1, median_ms: 1, p95_ms: 1 },
    };
    await writeRecord(folder, job, { status: "finished", attempts: 1, seconds: 2, result });
  },
  async read(folder) {
    const record = await readRecord(folder, job);
    if (record === undefined) throw new UserError("No record.");
    return digest(record, parse(EvaluationInfo, record.result, "The record"));
  },
};

const Config = z.strictObject({
  dataset: z.strictObject({ root: z.string() }),
  learningRate: z.number().positive().max(10).default(1e-4),
  hiddenSizes: z.array(z.int().positive()).default([8]),
  network: z
    .discriminatedUnion("kind", [
      z.strictObject({ kind: z.literal("mlp"), width: z.int().positive().max(4096).default(8) }),
      z.strictObject({ kind: z.literal("unet"), channels: z.array(z.int()).default([8, 16]) }),
    ])
    .prefault({ kind: "mlp" }),
});

/** A file of a command's configuration. */
const config = (text: string): Subject => ({
  sealed: false,
  make: async (folder) => writeFileSync(join(folder, "config.yaml"), text),
  async read(folder) {
    const read = configured(new Command("train"), { schema: Config });
    return digest((await read(join(folder, "config.yaml"))).config);
  },
});
const yaml = `# what is trained
dataset: {root: data}
learning_rate: 0.001
base: &base
hidden_sizes:
  - 8
  - 16
network:
  kind: unet
  channels: [8, 16]
`.replace("base: &base\n", "");
const json =
  '{"dataset": {"root": "data"}, "learning_rate": 0.001, "network": {"kind": "mlp", "width": 32}}\n';

const tensors: Subject = {
  sealed: true,
  make: async (folder) => {
    const a = { dtype: "F32", shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) } as const;
    await writeTensors(join(folder, "a.safetensors"), { a, b: a });
  },
  // Its header has no checksum: the numbers count, in their order.
  async read(folder) {
    const { tensors } = await readTensors(join(folder, "a.safetensors"));
    return digest(...Object.values(tensors).map(({ data }) => data));
  },
};

const recording: Subject = {
  sealed: false,
  make: async (folder) => {
    const source = join(import.meta.dirname, "../../src/envs/metaworld/fixtures");
    const name = readdirSync(source).find((each) => each.startsWith("reach-v3")) ?? "";
    const { episodes, ...rest } = JSON.parse(await readText(join(source, name)));
    const short = episodes
      .slice(0, 1)
      .map((episode: Record<string, unknown>) =>
        Object.fromEntries(
          Object.entries(episode).map(([key, value]) => [
            key,
            ["actions", "obs", "rewards", "info"].includes(key) ? (value as unknown[]).slice(0, 3) : value,
          ]),
        ),
      );
    writeFileSync(join(folder, "reach-v3.json"), JSON.stringify({ ...rest, episodes: short }));
  },
  async read(folder) {
    const path = join(folder, "reach-v3.json");
    return digest(parseRecording(await readText(path), path));
  },
};

/** Episodes of an evaluation. */
const evaluated: Subject = {
  sealed: true,
  make: (folder) =>
    writeEpisodes(folder, {
      policy: { type: "random", path: null, weights_sha256: null },
      tasks: [{ env: { env: "toy/reach" }, episodes: [1, 2].map(episodeOf) }],
    }),
  async read(folder) {
    const episodes = await readEpisodes(folder);
    if (episodes === undefined) throw new UserError(`${folder} has no episodes.`);
    return digest(episodes);
  },
};

export const subjects: Readonly<Record<string, Subject>> = {
  ...importSubjects,
  dataset,
  "dataset 0.1": { ...dataset, sealed: false, make: copied("dataset-0.1") },
  planner,
  "planner 0.1": oldPlanner,
  checkpoint,
  run,
  job: jobRecord,
  "config yaml": config(yaml),
  "config json": config(json),
  safetensors: tensors,
  recording,
  evaluated,
};

/** Files below a folder, and their content. */
function filesIn(folder: string): Map<string, Buffer> {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true });
  return new Map(
    names
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
      .map((path) => [path, readFileSync(path)]),
  );
}

/** A sound one of a subject, in a new folder. */
export async function made(subject: Subject, folder: string): Promise<Map<string, Buffer>> {
  mkdirSync(folder, { recursive: true });
  await subject.make(folder);
  return filesIn(folder);
}
