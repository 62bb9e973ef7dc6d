/** @file A data set of any size, made as fast as the disk takes it: one shard of random episodes, again and again. */
import { join } from "node:path";
import { Random, vectorSpace } from "../../src/base/index.ts";
import { DatasetWriter } from "../../src/data/index.ts";
import { readManifest, writeManifest } from "../../src/data/manifest.ts";
import { readTensors, writeTensors } from "../../src/platform/index.ts";

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
  const writer = await DatasetWriter.create(folder, { by: "a bench: one random shard, again and again" });
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
  const { tensors } = await readTensors(join(folder, first.file));
  const shards = [first];
  while (shards.length < Math.ceil(steps / first.steps)) {
    signal?.throwIfAborted();
    const file = `data/shard-${String(shards.length).padStart(5, "0")}.safetensors`;
    const { episode_index } = tensors; // counts over the whole set: no shard is another's copy
    for (let row = 0; row < first.steps; row++) (episode_index.data as Int32Array)[row] += first.episodes;
    shards.push({ ...first, file, ...(await writeTensors(join(folder, file), tensors)) });
  }
  await writeManifest(folder, { ...manifest, shards });
}
