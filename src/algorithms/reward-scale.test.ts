import { expect, test } from "vitest";
import { Random } from "../base/index.ts";
import { rewardColumns, rewardScales } from "./reward-scale.ts";

test("the range of each task's rewards becomes 1; equal rewards stay", async () => {
  const sampler = {
    tasks: ["a", "b", "c"],
    emptyBatch: (rows: number) => ({ reward: new Float32Array(rows), task: new Int32Array(rows) }),
    sample(random: Random, batch: { reward: Float32Array; task: Int32Array }) {
      for (let row = 0; row < batch.task.length; row++) {
        const task = row % 3;
        batch.task[row] = task;
        const coin = random.integer(2);
        batch.reward[row] = [10 * coin, 3 + 0.5 * coin, 7][task];
      }
    },
    spec: rewardColumns,
  };
  const scales = await rewardScales(sampler as never, new Random(1));
  expect([...scales]).toEqual([Math.fround(0.1), 2, 1]);
});
