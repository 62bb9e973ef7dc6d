/** @file Several data sets as one. */
import { requireSameSpaces } from "../base/index.ts";
import { canonicalTask } from "../envs/index.ts";
import { Dataset } from "./dataset.ts";
import { faultOf } from "./episodes/index.ts";
import { DatasetWriter } from "./writer.ts";

/**
 * Copies the usable episodes of data sets, one set after another, into a new one. Throws UserError, before anything is
 * written, if their spaces differ, one cannot be read or has damage that is not in quarantine, or `into` holds a data set;
 * and, of which nothing stays, where a shard is not what was written. Its tasks are spelled as they are today.
 * onProgress: told of the episodes that are copied, and of all
 * Returns what stayed behind: shards in quarantine, and episodes with numbers that are not finite, in a sentence each.
 */
export async function mergeDatasets(
  folders: readonly string[],
  into: string,
  {
    onProgress = () => {},
  }: {
    readonly onProgress?: (episodes: number, all: number) => void;
  } = {},
): Promise<readonly string[]> {
  const datasets: Dataset[] = [];
  try {
    for (const folder of folders) datasets.push(await Dataset.openWhole(folder));
    const [{ folder, spaces }] = datasets;
    for (const other of datasets)
      requireSameSpaces(
        `Data sets of different spaces cannot be merged: ${folder}`,
        spaces,
        other.folder,
        other.spaces,
      );
    const writer = await DatasetWriter.create(
      into,
      { merged: datasets.map(({ origin }) => origin) },
      "merge",
    );
    const all = datasets.reduce((sum, { episodes }) => sum + episodes, 0);
    const behind = datasets.flatMap(({ damage }) => damage.map(({ reason }) => reason));
    let done = 0;
    try {
      for (const dataset of datasets)
        for (let i = 0; i < dataset.episodes; i++) {
          const episode = dataset.episode(i);
          const fault = faultOf(episode, dataset.spaces, dataset.about(i).number);
          if (fault === undefined)
            await writer.add({ ...episode, task: canonicalTask(episode.task) }, spaces);
          else behind.push(`${dataset.folder}: ${fault}`);
          onProgress(++done, all);
        }
      await writer.close();
    } catch (error) {
      await writer.discard();
      throw error;
    }
    return behind;
  } finally {
    for (const dataset of datasets) dataset[Symbol.dispose]();
  }
}
