/** @file A data set to train on. */
import { UserError } from "../base/index.ts";
import { Dataset } from "../data/index.ts";
import { tell } from "./terminal.ts";

/**
 * Opens a data set; what is in quarantine is left out, and told. Throws UserError for other damage, so that nobody trains
 * on less than they think.
 */
export async function openTrainingData(folder: string): Promise<Dataset> {
  const dataset = await Dataset.open(folder);
  const unknown = dataset.damage.find(({ shard }) => shard.quarantined === undefined);
  if (unknown !== undefined) {
    dataset[Symbol.dispose]();
    throw new UserError(
      `${unknown.reason} To train on the rest, run sodp data check ${folder} --quarantine.`,
    );
  }
  for (const { reason } of dataset.damage) tell(`Left out: ${reason}`);
  return dataset;
}
