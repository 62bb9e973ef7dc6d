/** @file An agent's own episodes, in memory and as a data set in order of collection: RUN/replay. */
import { join } from "node:path";
import { type Spaces, UserError } from "../../base/index.ts";
import { Dataset, DatasetWriter, EpisodeList, findManifest, type Origin } from "../../data/index.ts";
import type { PlayedEpisode } from "../../rollout/index.ts";

/** Folder of a run's replay: a data set in order of collection. */
export const replayOf = (runFolder: string): string => join(runFolder, "replay");

export class Replay {
  readonly list: EpisodeList;
  readonly #folder: string;
  readonly #origin: Origin;
  #writer: DatasetWriter | undefined;

  /** origin: of the data set */
  constructor(runFolder: string, spaces: Spaces, tasks: readonly string[], origin: Origin) {
    this.list = new EpisodeList(spaces, { tasks });
    this.#folder = replayOf(runFolder);
    this.#origin = origin;
  }

  /**
   * Opens the replay on disk, new or as an interrupted run left it; its first `episodes` are remembered.
   * Throws UserError if it is damaged.
   */
  async open(episodes: number): Promise<void> {
    if ((await findManifest(this.#folder)) === undefined) {
      this.#writer = await DatasetWriter.create(this.#folder, this.#origin);
      return;
    }
    using dataset = await Dataset.open(this.#folder);
    if (dataset.damage.length > 0)
      throw new UserError(`${dataset.damage[0].reason} Its run cannot go on; start it anew.`);
    for (let i = 0; i < episodes; i++) this.list.add(dataset.episode(i));
    this.#writer = await DatasetWriter.append(this.#folder);
  }

  /** Adds episodes, but those that broke the simulation. Throws UserError if all of the first did. */
  async add(played: readonly PlayedEpisode[]): Promise<void> {
    for (const episode of played.filter(({ fault }) => fault === undefined)) {
      this.list.add(episode);
      // else an interrupted run has written it
      if (this.list.episodes > (this.#writer?.episodes ?? 0))
        await this.#writer?.add(episode, this.list.spaces);
    }
    if (this.list.episodes === 0)
      throw new UserError(
        `${played[0].task}: the simulation diverged in all of the first ${played.length} episodes: ${played[0].fault}`,
      );
  }

  /** Waits until all episodes are on disk. */
  async flush(): Promise<void> {
    await this.#writer?.flush();
  }
}
