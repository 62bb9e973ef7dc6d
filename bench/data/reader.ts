/**
 * @file A process that pre-trains: loads the runtime and the laptop preset's network, opens a data set, and draws a batch
 * for each training step. Arguments: folder, steps. Prints one line of JSON.
 */
import { pretrainPresets } from "../../src/algorithms/index.ts";
import { Random, vectorSpaces } from "../../src/base/index.ts";
import { Dataset, samplerOf } from "../../src/data/index.ts";
import { cpu } from "../../src/devices/index.ts";
import { createTrainer } from "../../src/nn/index.ts";
import {
  emptyBatch,
  imitationColumns,
  imitationLoss,
  imitationSpecs,
  initPlanner,
  type TracedNetwork,
} from "../../src/policies/index.ts";

const [folder, count] = process.argv.slice(2);
const batchSize = 256;

const limits = (size: number) => ({ low: Array(size).fill(-1), high: Array(size).fill(1) });
const planner = initPlanner(
  { ...pretrainPresets.laptop.planner, spaces: vectorSpaces(39, 4) },
  { observation: { state: limits(39) }, action: limits(4) },
  new Random(0),
);
const specs = imitationSpecs(planner.config, batchSize);
await using trainer = await createTrainer({
  network: planner.network,
  inputs: specs,
  loss: (network: TracedNetwork, inputs) => imitationLoss(planner, network, inputs),
  optimizer: {},
  device: cpu(),
});
const batch = emptyBatch(planner.config, batchSize);
const spec = imitationColumns(planner.config);

/** Resident bytes, at most, in turns of training. */
class Peak {
  bytes = 0;
  see(turn: number): void {
    if (turn % 20 === 0) this.bytes = Math.max(this.bytes, process.memoryUsage.rss());
  }
}
const ready = performance.now(); // since the process was started
const idle = new Peak(); // training itself leaves memory to be collected
for (let i = 0; i < 200; i++) {
  await trainer.step(batch, 1e-3);
  idle.see(i);
}
const begun = performance.now();
using dataset = await Dataset.open(folder);
const padAfter = planner.config.nActionSteps - 1;
const train = samplerOf(dataset, spec, { part: "train", padAfter });
const heldOut = samplerOf(dataset, spec, { part: "held-out", padAfter });
const random = new Random(0);
await heldOut.sample(random, batch);
await train.sample(random, batch);
const opened = performance.now() - begun;

const times: number[] = [];
const busy = new Peak();
for (let i = 0; i < Number(count); i++) {
  const asked = performance.now();
  await train.sample(random, batch);
  times.push(performance.now() - asked);
  await trainer.step(batch, 1e-3);
  busy.see(i);
}
const share = (of: number, among: readonly number[]) =>
  among.toSorted((a, b) => a - b)[Math.floor(of * (among.length - 1))];
const reading: Reading = {
  first: (ready + opened) / 1000,
  open: opened / 1000,
  median: share(0.5, times),
  slow: share(0.95, times),
  medianAtStart: share(0.5, times.slice(0, 200)),
  megabytes: (busy.bytes - idle.bytes) / 1e6,
};
console.log(JSON.stringify(reading));

/** Measurements. Times in seconds, of batches in milliseconds. */
export interface Reading {
  /** From the start of the process to the first batch, without the training that it is compared with. */
  readonly first: number;
  /** Of it: from opening the data set on. */
  readonly open: number;
  readonly median: number;
  /** 95 % of the batches take at most so long. */
  readonly slow: number;
  /** Of the first 200. */
  readonly medianAtStart: number;
  /** Resident, at most, above what the same process takes at most in 200 steps without data. */
  readonly megabytes: number;
}
