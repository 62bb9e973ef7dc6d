/**
 * @file Writes a Minari data set, as HDF5.
 * Source: minari 0.5.4, dataset/_storages/hdf5_storage.py and serialization.py. Differs: flags are bytes of 0 and 1, since
 * the library that writes knows no HDF5 enumerations, which h5py's booleans are; numpy counts them the same.
 */
import { mkdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { type Part, type Space, type Spaces, sizeOfPart, UserError } from "../../base/index.ts";
import { checkEpisode, type Episode, partPlaces } from "../episodes/index.ts";
import { loadHdf5 } from "../import/hdf5-library.ts";
import { pythonJson } from "../import/python-json.ts";
import { type Episodes, type ExportFormat, onlyAction } from "./format.ts";
import { inNewFolder } from "./new-folder.ts";

/** Minari has other patterns for what it reads; what it creates must match this. */
const idPattern = /^(?:[-_\w][-_\w/]*[-_\w]+\/)?[-_\w]+?-v\d+$/;
const options = z.strictObject({
  id: z
    .string()
    .default("sodp/data-v0")
    .describe(
      "Minari: its name of the data set, (namespace/)name-vN; Minari finds it at <its data sets>/<id>",
    ),
});

/** Each episode's task is among its reset options, the environment's success among its infos. */
export const minari: ExportFormat<typeof options> = {
  summary: "Minari",
  options,
  async write(episodes, spaces, folder, given) {
    const { id } = options.parse(given);
    if (!idPattern.test(id)) throw new UserError(`Minari's names are like "namespace/name-v0"; got "${id}".`);
    const action = onlyAction(spaces.action, "Minari");
    await inNewFolder(folder, (temporary) => writeMinari(episodes, spaces, action, temporary, id));
  },
};

/** The version of Minari that writes such sets, and whose successors read them. */
const minariVersion = "0.5.3";

async function writeMinari(
  episodes: Episodes,
  spaces: Spaces,
  action: Part,
  folder: string,
  id: string,
): Promise<void> {
  const data = join(folder, "data");
  await mkdir(data);
  const path = join(data, "main_data.hdf5");
  const totals = await writeEpisodes(episodes, spaces, path);
  const { size } = await stat(path);
  await writeFile(
    join(data, "metadata.json"),
    pythonJson({
      total_episodes: totals.episodes,
      total_steps: totals.steps,
      data_format: "hdf5",
      jpeg_encoding: false,
      observation_space: pythonJson(observationSpace(spaces.observation)),
      action_space: pythonJson(box(action, 1)),
      dataset_id: id,
      minari_version: minariVersion,
      dataset_size: Math.round(size / 1e5) / 10,
      tasks: totals.tasks,
    }),
  );
}

/** A space of numbers between -bound and bound, or of bytes, as Minari writes it. */
function box(part: Part, bound: number) {
  const bytes = part.dtype === "uint8";
  const shape = shapeOf(part);
  const all = (value: number, [length, ...rest]: readonly number[]): unknown =>
    length === undefined ? value : Array.from({ length }, () => all(value, rest));
  return {
    type: "Box",
    dtype: bytes ? "uint8" : "float32",
    shape,
    low: all(bytes ? 0 : -bound, shape),
    high: all(bytes ? 255 : bound, shape),
  };
}

const shapeOf = ({ shape }: Part) => (shape.length === 0 ? [1] : shape);

/** One vector that is the "state" is a space of its own; other parts are a dictionary. */
const isOneVector = (space: Space) => Object.keys(space).join() === "state";

function observationSpace(space: Space) {
  if (isOneVector(space)) return box(space.state, Number.POSITIVE_INFINITY);
  const subspaces = Object.entries(space).map(([name, part]) => [name, box(part, Number.POSITIVE_INFINITY)]);
  return { type: "Dict", subspaces: Object.fromEntries(subspaces) };
}

async function writeEpisodes(episodes: Episodes, spaces: Spaces, path: string) {
  const h5wasm = await loadHdf5();
  const core = await h5wasm.ready;
  core.activate_throwing_error_handler();
  const file = new h5wasm.File(path, "w", { track_order: true });
  const tasks = new Set<string>();
  let count = 0;
  let steps = 0;
  try {
    for await (const episode of episodes) {
      checkEpisode(episode, spaces, `Episode ${count}`);
      writeEpisode(file, episode, spaces, count);
      tasks.add(episode.task);
      steps += episode.rewards.length;
      count++;
    }
  } finally {
    file.close();
  }
  if (count === 0) throw new UserError("There are no episodes to write.");
  return { episodes: count, steps, tasks: [...tasks] };
}

type Hdf5Group = InstanceType<typeof import("h5wasm/node").Group>;

function writeEpisode(file: Hdf5Group, episode: Episode, spaces: Spaces, index: number): void {
  const { observations, finalObservation, actions, rewards, successes } = episode;
  const steps = rewards.length;
  const group = file.create_group(`episode_${index}`);
  group.create_attribute("id", index, null, "<q");
  group.create_attribute("total_steps", steps, null, "<q");
  group.create_attribute("seed", episode.seed, null, "<q");
  group.create_attribute("options/task", episode.task);
  const lastStep = (flag: boolean) =>
    Uint8Array.from({ length: steps }, (_, i) => Number(flag && i === steps - 1));
  const all = new Float32Array(observations.length + finalObservation.length);
  all.set(observations);
  all.set(finalObservation, observations.length);
  writeObservations(group, all, spaces.observation);
  const action = onlyAction(spaces.action, "Minari");
  group.create_dataset({
    name: "actions",
    data: arrayOf(actions, action),
    shape: [steps, ...shapeOf(action)],
  });
  group.create_dataset({ name: "rewards", data: rewards, shape: [steps] });
  group.create_dataset({ name: "terminations", data: lastStep(episode.terminated), shape: [steps] });
  group.create_dataset({ name: "truncations", data: lastStep(!episode.terminated), shape: [steps] });
  group.create_group("infos").create_dataset({ name: "success", data: successes, shape: [steps] });
}

/** rows: (T + 1, O) */
function writeObservations(group: Hdf5Group, rows: Float32Array, space: Space): void {
  const places = partPlaces(space);
  const stride = places.reduce((sum, { size }) => sum + size, 0);
  const count = rows.length / stride;
  const parent = isOneVector(space) ? group : group.create_group("observations");
  for (const { name, part, offset, size } of places) {
    const own = new Float32Array(count * sizeOfPart(part));
    for (let row = 0; row < count; row++)
      own.set(rows.subarray(row * stride + offset, row * stride + offset + size), row * size);
    parent.create_dataset({
      name: isOneVector(space) ? "observations" : name,
      data: arrayOf(own, part),
      shape: [count, ...shapeOf(part)],
    });
  }
}

/** As the part is stored. */
const arrayOf = (numbers: Float32Array, { dtype }: Part) =>
  dtype === "uint8" ? Uint8Array.from(numbers) : numbers;
