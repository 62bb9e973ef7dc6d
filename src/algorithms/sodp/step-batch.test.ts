/**
 * Steps of one chunk share its encoded observations. Loss and gradient are held against those of a minibatch in which every
 * step has observations of its own.
 */
import { describe, expect, test } from "vitest";
import { backends, relativeError } from "../../../test/both-backends.ts";
import { seeingPlanner } from "../../../test/seeing-planner.ts";
import { Random } from "../../base/index.ts";
import { type Planner, type TracedNetwork, thetaOf } from "../../policies/index.ts";
import { float32, grad, layoutOf, unpack, type Value } from "../../tensor/index.ts";
import { ppoLoss } from "./ppo.ts";
import { type ChainAdvantage, emptySteps, fillSteps } from "./step-batch.ts";
import { type UpdateInputs, type UpdateLoss, updateSpecs, updateTerms } from "./update-programs.ts";

const [chunks, steps, rows] = [4, 3, 8];
const random = new Random(5);
const noise = (size: number) => random.fillNormal(new Float32Array(size)).map((x) => 0.5 * x);
/** Chains of T_o 17 observed and H A = 8 predicted numbers: of steps from anywhere to anywhere. */
const chains = Array.from(
  { length: chunks },
  (): ChainAdvantage => ({
    chain: { samples: noise((steps + 1) * 8), observations: noise(2 * 17) },
    advantage: random.normal(),
  }),
);
/** Some denoising steps, of some chunks twice and more. */
const order = [7, 0, 8, 2, 6, 1, 10, 9];
const tuned = {
  chains,
  steps: [0, 1, 2],
  clipRanges: new Float32Array(steps).fill(10),
  discounts: new Float32Array(steps).fill(1),
  oldLogProb: new Float32Array(chunks * steps).fill(-2),
};

function filled({ config }: Planner, chunks: number) {
  const batch = emptySteps(config, { rows, chunks });
  fillSteps(batch, tuned, (row) => order[row]);
  return batch;
}

test("every denoising step finds the observations of its chunk, which are there once", () => {
  const { observations, chunk, step, advantage } = filled(seeingPlanner(3), 3);
  for (const [row, index] of order.entries()) {
    const { chain, advantage: own } = chains[Math.floor(index / steps)];
    const at = chunk[row] * 2 * 17;
    expect(observations.subarray(at, at + 2 * 17)).toEqual(chain.observations);
    expect([step[row], advantage[row]]).toEqual([index % steps, Math.fround(own)]);
  }
  expect(new Set(chunk).size).toBe(3);
});

const identity = { kind: "identity" } as const;
const planners: Readonly<Record<string, Planner>> = {
  "of encoded parts": seeingPlanner(3),
  "of encoded parts, a transformer": seeingPlanner(3, {
    denoiser: { kind: "transformer", width: 8, heads: 2, layers: 1 },
  }),
  "of parts as they are": seeingPlanner(3, { encoders: { state: identity, pointCloud: identity } }),
};
const regularizer = { weight: 2, batchSize: 1 };
const losses: Readonly<Record<string, UpdateLoss>> = {
  "the policy gradient": {
    denoising: { minSamplingStd: 0.1 },
    logProb: "mean",
    policyGradient: ppoLoss,
    regularizer,
  },
  "the divergence from the pre-trained planner": {
    denoising: { minSamplingStd: 0.1 },
    logProb: "sum",
    policyGradient: null,
    regularizer: { ...regularizer, loss: ({ kl }) => kl() },
  },
};

const cases = Object.entries(planners).flatMap(([which, planner]) =>
  Object.entries(losses).flatMap(([term, loss]) =>
    Object.keys(backends).map((backend) => ({ which, term, backend, planner, loss })),
  ),
);
describe.each(cases)("$term of a planner $which, $backend", ({ which, backend, planner, loss }) => {
  test("is that of steps with observations of their own, and so is its gradient", async () => {
    const { run, tolerance } = backends[backend];
    const layout = layoutOf(planner.network);
    const { lossOf } = updateTerms(planner, loss);
    const lossAndGradient = (chunks: number, batch: ReturnType<typeof filled>) => {
      const specs = { ...updateSpecs(planner, loss, { rows, chunks }), theta: float32(layout.size) };
      const unused = { observation: 2 * 17, action: 8, noise: 8, timestep: 1 };
      const zeros = Object.entries(unused).map(([name, size]) => [name, new Float32Array(size)]);
      const traced = ({ theta, ...inputs }: Readonly<Record<string, Value>>) => {
        const value = lossOf(unpack(layout, theta) as TracedNetwork, inputs as UpdateInputs);
        return { value, gradient: grad(value, [theta])[0] };
      };
      return run(specs, traced, {
        ...Object.fromEntries(zeros),
        ...batch,
        theta: thetaOf(planner),
        pretrained: thetaOf(planner).map((x) => 0.9 * x),
        balance: [1],
      });
    };
    const shared = filled(planner, 3);
    const own = emptySteps(planner.config, { rows, chunks: rows });
    fillSteps(own, tuned, (row) => order[row]);
    for (const [row, index] of order.entries()) {
      own.chunk[row] = row;
      own.observations.set(chains[Math.floor(index / steps)].chain.observations, row * 2 * 17);
    }
    const [a, b] = [await lossAndGradient(3, shared), await lossAndGradient(rows, own)];
    expect(Math.hypot(...b.gradient)).toBeGreaterThan(1e-3);
    expect(relativeError(a.value, b.value)).toBeLessThan(tolerance);
    expect(relativeError(a.gradient, b.gradient)).toBeLessThan(tolerance);
    if (which === "of parts as they are") expect(a).toEqual(b);
  });
});
