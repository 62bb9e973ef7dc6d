import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { Random, UserError } from "../base/index.ts";
import { cpu } from "../devices/index.ts";
import { float32, mean, mul, sqrt, square, sub, sum } from "../tensor/index.ts";
import { initMlp, mlp } from "./mlp.ts";
import type { OptimizerState } from "./optimizer.ts";
import { createTrainer } from "./trainer.ts";

/** A small regression with P = 17 217 parameters. */
const trainer = () =>
  createTrainer({
    network: initMlp([4, 128, 128, 1], new Random(1)),
    inputs: { x: float32(16, 4), y: float32(16, 1) },
    loss: (network, { x, y }) => mean(square(sub(mlp(network, x, "mish"), y))),
    optimizer: { emaDecay: 0.99, maxGradientNorm: 1 },
    device: cpu({ threads: 2 }),
  });

function batchOf(random: Random) {
  const x = random.fillNormal(new Float32Array(64));
  const y = Float32Array.from({ length: 16 }, (_, i) => Math.sin(x[4 * i]) * x[4 * i + 1]);
  return { x, y };
}

type SmallTrainer = Awaited<ReturnType<typeof trainer>>;
/** Trains on batches `from` ... `to` - 1 of one endless stream; returns the losses. */
async function train(small: SmallTrainer, from: number, to: number): Promise<number[]> {
  const losses: number[] = [];
  for (let step = from; step < to; step++) {
    const { loss } = await small.step(batchOf(new Random(2).split(`${step}`)), 3e-3);
    losses.push(loss);
  }
  return losses;
}

/** Steps, and a digest of each array's bits. */
const bitsOf = ({ steps, ...arrays }: OptimizerState) => [
  steps,
  ...Object.values(arrays).map((array) => createHash("sha256").update(array).digest("hex")),
];

test("learns", async () => {
  await using small = await trainer();
  const losses = await train(small, 0, 300);
  const average = (from: number, to: number) =>
    losses.slice(from, to).reduce((total, loss) => total + loss, 0) / (to - from);
  expect(average(280, 300)).toBeLessThan(average(0, 20) / 4);
  expect(small.steps).toBe(300);
});

test("two runs are the same, bit for bit", async () => {
  const run = async () => {
    await using small = await trainer();
    return { losses: await train(small, 0, 30), state: bitsOf(await small.state()) };
  };
  expect(await run()).toEqual(await run());
});

test("continues from a restored state, bit for bit", async () => {
  await using straight = await trainer();
  await train(straight, 0, 10);
  const middle = await straight.state();
  const losses = await train(straight, 10, 30);
  await using resumed = await trainer();
  await resumed.restore(middle);
  expect(resumed.steps).toBe(10);
  expect(await train(resumed, 10, 30)).toEqual(losses);
  expect(bitsOf(await resumed.state())).toEqual(bitsOf(await straight.state()));
});

test("refuses the state of another network and changes nothing", async () => {
  await using small = await trainer();
  await train(small, 0, 3);
  const before = await small.state();
  const other = { ...before, theta: before.theta.slice(1) };
  await expect(small.restore(other)).rejects.toThrow(UserError);
  expect(bitsOf(await small.state())).toEqual(bitsOf(before));
});

test("the network is a copy, of the weights or of their average", async () => {
  await using small = await trainer();
  await train(small, 0, 3);
  const weights = await small.network();
  const average = await small.network("average");
  const { theta, ema } = await small.state();
  expect(weights[0].weight.data).toEqual(theta.slice(0, 4 * 128));
  expect(average[0].weight.data).toEqual(ema?.slice(0, 4 * 128));
  expect(average[0].weight.data).not.toEqual(weights[0].weight.data);
  const before = weights[0].weight.data.slice();
  await train(small, 3, 6);
  expect(weights[0].weight.data).toEqual(before);
});

describe("what is not finite is never learned from", () => {
  test.each([Number.NaN, Number.POSITIVE_INFINITY])("a %d in the batch", async (poison) => {
    await using small = await trainer();
    await train(small, 0, 5);
    const before = await small.state();
    const batch = batchOf(new Random(3));
    const poisoned = { ...batch, y: batch.y.with(7, poison) };
    await expect(small.step(poisoned, 3e-3)).rejects.toThrow(
      `Step 6: the loss is ${poison}, and nothing was updated. Lower the learning rate or check the data.`,
    );
    expect(bitsOf(await small.state())).toEqual(bitsOf(before));

    // The run goes on as if it had never happened.
    await using untroubled = await trainer();
    await untroubled.restore(before);
    expect(await train(small, 5, 10)).toEqual(await train(untroubled, 5, 10));
  });

  test("an infinite slope at a finite loss", async () => {
    await using steep = await createTrainer({
      network: { weight: { shape: [2], data: Float32Array.of(0, 1) } },
      inputs: { x: float32(2) },
      loss: ({ weight }, { x }) => sum(sqrt(mul(weight, x))),
      device: cpu({ threads: 1 }),
    });
    await expect(steep.step({ x: Float32Array.of(1, 1) }, 0.1)).rejects.toThrow(UserError);
    expect((await steep.network()).weight.data).toEqual(Float32Array.of(0, 1));
    expect(steep.steps).toBe(0);
  });
});

test("a missing or misshapen input is named", async () => {
  await using small = await trainer();
  const { x, y } = batchOf(new Random(4));
  await expect(small.step({ x } as never, 1e-3)).rejects.toThrow(
    '"y": expected Float32Array of shape (16, 1)',
  );
  await expect(small.step({ x: x.slice(1), y }, 1e-3)).rejects.toThrow(
    '"x": shape (16, 4) holds 64 numbers, got 63',
  );
});

test("1000 steps leave no memory behind", async () => {
  await using small = await trainer();
  const batch = batchOf(new Random(5));
  const growth: number[] = [];
  let resident = 0;
  for (let round = 0; round < 4; round++) {
    for (let step = 0; step < 1000; step++) await small.step(batch, 1e-3);
    const now = process.memoryUsage.rss();
    if (round > 0) growth.push(now - resident); // the first round warms up
    resident = now;
  }
  // A vector of P floats left behind by each step would be 66 MiB a round; the garbage collector's own swings pass.
  expect(Math.min(...growth)).toBeLessThan(16 * 2 ** 20);
});
