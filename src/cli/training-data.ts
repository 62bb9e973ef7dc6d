/** @file A data set to train on. */
import { bytesText } from "../base/index.ts";
import { Dataset } from "../data/index.ts";
import type { Run } from "../runs/index.ts";
import { tell } from "./terminal.ts";

/** Opens a data set; what is in quarantine is left out, and told. Throws UserError as `Dataset.openWhole` does. */
export async function openTrainingData(folder: string): Promise<Dataset> {
  const dataset = await Dataset.openWhole(folder);
  for (const { reason } of dataset.damage) tell(`Left out: ${reason}`);
  return dataset;
}

/**
 * Trains on a data set while its shards are compared with their checksums, where that takes long; the run is told what is
 * not compared yet. train: returns false if it was interrupted   Throws UserError if a shard is not what was written.
 */
export async function trainVerified(
  { folder, verification }: Dataset,
  run: Run,
  train: () => Promise<boolean>,
): Promise<boolean> {
  const note = (when: string) => {
    const { pendingBytes } = verification;
    if (pendingBytes > 0)
      run.note(`Not compared with its checksums ${when}: ${bytesText(pendingBytes)} of ${folder}.`);
  };
  note("yet, while training begins");
  const finished = await train();
  if (finished) await verification.end();
  else note("when training stopped");
  return finished;
}
