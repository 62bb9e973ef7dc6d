/** @file The thread that reads damaged files. Its parent ends it where it does not come back, and starts another. */
import { parentPort, workerData } from "node:worker_threads";
import { Inputs } from "./inputs.ts";

const { top, seed, names, from, to } = workerData as {
  readonly top: string;
  readonly seed: number;
  readonly names: readonly string[];
  readonly from: number;
  readonly to: number;
};
const inputs = new Inputs(top, seed, names);
await inputs.prepare();
for (let index = from; index < to; index++) {
  const judged = await inputs.judge(index, (subject, damage) =>
    parentPort?.postMessage({ index, subject, damage }),
  );
  parentPort?.postMessage({ index, judged });
}
