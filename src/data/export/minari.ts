/**
 * @file Writes a Minari data set, as HDF5.
 * Source: minari 0.5.4, dataset/_storages/hdf5_storage.py and serialization.py. Differs: flags are bytes of 0 and 1, since
 * the library that writes knows no HDF5 enumerations, which h5py's booleans are; numpy counts them the same.
 */
import { mkdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../../base/index.ts";
import { checkEpisode, type Episode } from "../episode.ts";
import { pythonJson } from "../import/python-json.ts";
import { newFolder } from "./new-folder.ts";
import { type Episodes, type Sizes, sizesOf, spacesOf } from "./sizes.ts";

export interface MinariExport {
  /** Minari's name of the set: (namespace/)name-vN. Minari finds it if the folder is <its data sets>/<id>. */
  readonly id: string;
}

/** Minari has other patterns for what it reads; what it creates must match this. */
const idPattern = /^(?:[-_\w][-_\w/]*[-_\w]+\/)?[-_\w]+?-v\d+$/;
/** The version of Minari that writes such sets, and whose successors read them. */
const minariVersion = "0.5.3";

/**
 * Writes `episodes`, one in memory at a time, into `folder`, which must be empty or new. Each episode's task is among its
 * reset options, the world's success among its infos.
 * Until data/metadata.json is there, which comes last, no reader takes the folder for a set.
 * Throws UserError for no episodes, for an episode that is not whole or of another size, or for an id that Minari would not take.
 */
export async function exportMinari(episodes: Episodes, folder: string, { id }: MinariExport): Promise<void> {
  if (!idPattern.test(id)) throw new UserError(`Minari's names are like "namespace/name-v0"; got "${id}".`);
  await newFolder(folder);
  const data = join(folder, "data");
  await mkdir(data);
  const path = join(data, "main_data.hdf5");
  const totals = await writeEpisodes(episodes, `${path}.tmp`).catch(async (error) => {
    await rm(`${path}.tmp`, { force: true });
    throw error;
  });
  await rename(`${path}.tmp`, path);
  const { size } = await stat(path);
  await writeFile(
    join(data, "metadata.json"),
    pythonJson({
      total_episodes: totals.episodes,
      total_steps: totals.steps,
      data_format: "hdf5",
      jpeg_encoding: true,
      observation_space: box(totals.observationSize, Number.POSITIVE_INFINITY),
      action_space: box(totals.actionSize, 1),
      dataset_id: id,
      minari_version: minariVersion,
      dataset_size: Math.round(size / 1e5) / 10,
      tasks: totals.tasks,
    }),
  );
}

/** A space of vectors between -bound and bound, as Minari writes it: JSON in a string. */
const box = (size: number, bound: number) =>
  pythonJson({
    type: "Box",
    dtype: "float32",
    shape: [size],
    low: Array(size).fill(-bound),
    high: Array(size).fill(bound),
  });

async function writeEpisodes(episodes: Episodes, path: string) {
  const { default: h5wasm } = await import("h5wasm/node");
  const core = await h5wasm.ready;
  core.activate_throwing_error_handler();
  const file = new h5wasm.File(path, "w", { track_order: true });
  const tasks = new Set<string>();
  let sizes: Sizes | undefined;
  let count = 0;
  let steps = 0;
  try {
    for await (const episode of episodes) {
      sizes ??= sizesOf(episode);
      checkEpisode(episode, spacesOf(sizes), `Episode ${count}`);
      writeEpisode(file, episode, sizes, count);
      tasks.add(episode.task);
      steps += episode.rewards.length;
      count++;
    }
  } finally {
    file.close();
  }
  if (!sizes) throw new UserError("There are no episodes to write.");
  return { ...sizes, episodes: count, steps, tasks: [...tasks] };
}

type Hdf5Group = InstanceType<typeof import("h5wasm/node").Group>;

function writeEpisode(file: Hdf5Group, episode: Episode, sizes: Sizes, index: number): void {
  const { observations, finalObservation, actions, rewards, successes } = episode;
  const { observationSize, actionSize } = sizes;
  const steps = rewards.length;
  const group = file.create_group(`episode_${index}`);
  group.create_attribute("id", index, null, "<q");
  group.create_attribute("total_steps", steps, null, "<q");
  group.create_attribute("seed", episode.seed, null, "<q");
  group.create_attribute("options/task", episode.task);
  const lastStep = (flag: boolean) =>
    Uint8Array.from({ length: steps }, (_, i) => Number(flag && i === steps - 1));
  const all = new Float32Array((steps + 1) * observationSize);
  all.set(observations);
  all.set(finalObservation, steps * observationSize);
  group.create_dataset({ name: "observations", data: all, shape: [steps + 1, observationSize] });
  group.create_dataset({ name: "actions", data: actions, shape: [steps, actionSize] });
  group.create_dataset({ name: "rewards", data: rewards, shape: [steps] });
  group.create_dataset({ name: "terminations", data: lastStep(episode.terminated), shape: [steps] });
  group.create_dataset({ name: "truncations", data: lastStep(!episode.terminated), shape: [steps] });
  group.create_group("infos").create_dataset({ name: "success", data: successes, shape: [steps] });
}
