/** @file A data set of any size, made as fast as the disk takes it: one shard of random episodes, and copies of it. */
import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { Random, vectorSpace } from "../../src/base/index.ts";
import { DatasetWriter } from "../../src/data/index.ts";
import { readManifest, writeManifest } from "../../src/data/manifest.ts";

/** Meta-World's sizes. */
const observationSize = 39;
const actionSize = 4;
const spaces = {
  observation: vectorSpace("state", observationSize),
  action: vectorSpace("action", actionSize),
};
/** Of an episode; the longest has twice as many as the shortest. */
const fewestSteps = 150;
/** As many steps as the writer puts into a shard. */
const shardSteps = 2 ** 19;

/** Bytes that a step takes on disk: observation, action, reward, two flags, three indices. */
export const stepBytes = 4 * (observationSize + actionSize + 1) + 2 + 3 * 4;

/** Writes a data set of at least `steps` transitions into a new folder. Every shard is a file of its own. */
export async function makeSet(folder: string, steps: number, signal?: AbortSignal): Promise<void> {
  const random = new Random(0);
  const writer = await DatasetWriter.create(folder, { by: "a bench: copies of one random shard" });
  for (let left = Math.min(steps, shardSteps); left > 0; ) {
    const own = Math.min(left, fewestSteps + random.integer(fewestSteps));
    const episode = {
      task: `task ${random.integer(50)}`,
      seed: random.integer(2 ** 31),
      observations: random.fillUniform(new Float32Array(own * observationSize)),
      finalObservation: random.fillUniform(new Float32Array(observationSize)),
      actions: random.fillUniform(new Float32Array(own * actionSize)),
      rewards: random.fillUniform(new Float32Array(own)),
      successes: new Uint8Array(own),
      terminated: false,
    };
    await writer.add(episode, spaces);
    left -= own;
  }
  await writer.flush();
  const manifest = await readManifest(folder);
  const [first] = manifest.shards;
  const shards = Array.from({ length: Math.ceil(steps / first.steps) }, (_, i) => ({
    ...first,
    file: `data/shard-${String(i).padStart(5, "0")}.safetensors`,
  }));
  for (const { file } of shards.slice(1)) {
    signal?.throwIfAborted();
    await copyFile(join(folder, first.file), join(folder, file));
  }
  await writeManifest(folder, { ...manifest, shards });
}
