/** @file The policy gradient with DPPO's settings is DPPO's: held against numbers of its own code (test/oracles/torch_dppo.py). */
import { join } from "node:path";
import { expect, test } from "vitest";
import { backends } from "../../../test/both-backends.ts";
import { centerAt, gaussianPlanner } from "../../../test/gaussian-planner.ts";
import { readTensors } from "../../platform/index.ts";
import { type TracedNetwork, thetaOf } from "../../policies/index.ts";
import { float32, grad, layoutOf, unpack, type Value } from "../../tensor/index.ts";
import { standardized } from "./advantage.ts";
import { clipRanges, denoisingDiscounts, ppoLoss, ratioStatistics } from "./ppo.ts";
import { emptySteps, fillSteps } from "./step-batch.ts";
import { type UpdateInputs, type UpdateLoss, updateSpecs, updateTerms } from "./update-programs.ts";

const { tensors } = await readTensors(
  join(import.meta.dirname, "../../../test/fixtures/torch/dppo.safetensors"),
);
const stored = (name: string) => tensors[name].data as Float32Array;
const [chunks, tuned, timesteps, size] = [24, 10, 20, 8];
const sizes = { rows: chunks * tuned, chunks };
const loss: UpdateLoss = {
  denoising: { minSamplingStd: 0.1 },
  logProb: "mean",
  policyGradient: ppoLoss,
  regularizer: { weight: 0, batchSize: 1 },
};
const planner = gaussianPlanner([...stored("center")], {
  horizon: 4,
  nActionSteps: 3,
  numTrainTimesteps: timesteps,
  clipSampleRange: 1,
});
const layout = layoutOf(planner.network);

/** All tuned steps of all chains; of what came before them nothing is stored, and nothing is asked. */
function minibatch() {
  const batch = emptySteps(planner.config, sizes);
  // DPPO divides by the deviation of a sample, we by that of all there are.
  const advantages = standardized([...stored("advantages")]).map((x) => x * Math.sqrt((chunks - 1) / chunks));
  const chains = Array.from({ length: chunks }, (_, i) => {
    const samples = new Float32Array((timesteps + 1) * size);
    const length = (tuned + 1) * size;
    samples.set(stored("chains").subarray(i * length, (i + 1) * length), (timesteps - tuned) * size);
    return { chain: { samples, observations: new Float32Array(1) }, advantage: advantages[i] };
  });
  const steps = Array.from({ length: tuned }, (_, i) => timesteps - tuned + i);
  const ranges = clipRanges(tuned, 0.001, 0.01);
  const discounts = denoisingDiscounts(tuned, 0.99);
  const oldLogProb = stored("old_log_prob");
  fillSteps(batch, { chains, steps, clipRanges: ranges, discounts, oldLogProb }, (row) => row);
  return batch;
}

const { policyOf, logProbOf } = updateTerms(planner, loss);
const batch = minibatch();
const unused = {
  observation: 1,
  action: size,
  noise: size,
  timestep: 1,
  pretrained: layout.size,
  balance: 1,
};
const found = await backends["on the processor, in float32"].run(
  { ...updateSpecs(planner, loss, sizes), theta: float32(layout.size) },
  ({ theta, ...inputs }: Readonly<Record<string, Value>>) => {
    const network = unpack(layout, theta) as TracedNetwork;
    const value = policyOf(network, inputs as UpdateInputs) as Value;
    const logProb = logProbOf(network, inputs as UpdateInputs);
    return { loss: value, gradient: grad(value, [theta])[0], logProb };
  },
  {
    ...Object.fromEntries(Object.entries(unused).map(([name, count]) => [name, new Float32Array(count)])),
    ...batch,
    theta: thetaOf(planner),
  },
);

test("its loss", () => expect(found.loss[0]).toBeCloseTo(stored("loss")[0], 6));

test("its gradient", () => {
  const own = found.gradient.subarray(centerAt(planner), centerAt(planner) + size);
  const truth = stored("gradient");
  for (const [i, slope] of own.entries())
    expect(Math.abs(slope - truth[i])).toBeLessThan(1e-5 * Math.hypot(...truth));
});

test("its statistics of the ratio", () => {
  const statistics = ratioStatistics(found.logProb as Float32Array, batch.oldLogProb, batch.clipRange);
  expect(statistics.clipFraction).toBeCloseTo(stored("clip_fraction")[0], 6);
  expect(statistics.mean).toBeCloseTo(stored("ratio_mean")[0], 6);
  expect(statistics.approximateKl).toBeCloseTo(stored("approx_kl")[0], 7);
});
