/**
 * Regularizers of planners that are Gaussian in closed form, against the paper's formulas, evaluated here by hand in
 * float64.
 */
import { describe, expect, test } from "vitest";
import { centerAt, gaussianPlanner } from "../../../test/gaussian-planner.ts";
import { chainsOf, compileUpdate, type Settings, samplerOf } from "../../../test/policy-updates.ts";
import { Random } from "../../base/index.ts";
import type { ImitationSampler, Planner } from "../../policies/index.ts";
import type { ChainAdvantage } from "./step-batch.ts";

const patience = { timeout: 60_000 };

describe("the regularizer", patience, () => {
  const center = [0.2, -0.4];
  const sizes = { horizon: 2 } as const;
  const chains = chainsOf(4, 1, 2);
  const update = async (
    settings: Settings,
    planner: Planner,
    pretrained: Planner,
    sampler?: ImitationSampler,
  ) => {
    await using update = await compileUpdate({ minibatchSize: 4, ...settings }, planner, pretrained);
    return await update.update(chains, sampler, new Random(7));
  };

  test("imitation pulls towards the windows, Eq. 14 on clean actions", async () => {
    const planner = gaussianPlanner(center, sizes);
    const settings = { regularizer: "bc", regularizerWeight: 3, policyGradient: false } as const;
    const report = await update(settings, planner, planner, samplerOf([0.7, 0.1]));
    // mean over H A of (b - m)^2, times lambda
    expect(report.loss).toBeCloseTo((3 * (0.5 ** 2 + 0.5 ** 2)) / 2, 5);
    expect(report.gradientNorm).toBeCloseTo(Math.hypot(...[3 * (0.2 - 0.7), 3 * (-0.4 - 0.1)]), 5);
  });

  test("imitation of noise is Eq. 14 itself: the squared error of the prediction of the noise", async () => {
    const planner = gaussianPlanner(center, { ...sizes, numTrainTimesteps: 5, prediction: "noise" });
    const settings = {
      regularizer: "bc",
      policyGradient: false,
      minibatchSize: 20,
      regularizerBatchSize: 64,
    } as const;
    await using compiled = await compileUpdate(settings, planner);
    const report = await compiled.update(chainsOf(4, 5, 2), samplerOf([0.7, 0.1]), new Random(7));
    const random = new Random(7);
    random.permutation(20); // the order of the denoising steps is drawn first, then the noise
    const noise = random.fillNormal(new Float32Array(64 * 2));
    const errors = [...noise].map((eps, i) => center[i % 2] - eps);
    expect(report.loss).toBeCloseTo(errors.reduce((sum, each) => sum + each ** 2, 0) / 128, 5);
    const slope = (d: number) => errors.reduce((sum, each, i) => sum + (i % 2 === d ? 2 * each : 0), 0) / 128;
    expect(report.gradientNorm).toBeCloseTo(Math.hypot(...[slope(0), slope(1)]), 5);
  });

  describe("beside the policy gradient", () => {
    const planner = gaussianPlanner(center, sizes);
    const sampler = samplerOf([0.7, 0.1]);
    const both = { regularizer: "bc", regularizerWeight: 3 } as const;

    test("is told with both lengths and the angle between them", async () => {
      const { gradients, gradientNorm } = await update(both, planner, planner, sampler);
      const policy = await update({}, planner, planner);
      const regularizer = await update({ ...both, policyGradient: false }, planner, planner, sampler);
      expect([policy.gradients, regularizer.gradients]).toEqual([undefined, undefined]);
      const [a, b] = [policy.gradientNorm, regularizer.gradientNorm];
      expect(gradients?.policy).toBeCloseTo(a, 4);
      expect(gradients?.regularizer).toBeCloseTo(b, 4);
      const square = a ** 2 + b ** 2 + 2 * a * b * (gradients?.cosine ?? 0);
      expect(square / gradientNorm ** 2).toBeCloseTo(1, 4);
    });

    test("counts as if both gradients were equally long, where it is balanced", async () => {
      const { gradients, gradientNorm } = await update(
        { ...both, balanced: true },
        planner,
        planner,
        sampler,
      );
      const { policy, cosine } = gradients as NonNullable<typeof gradients>;
      expect((policy ** 2 * (2 + 2 * cosine)) / gradientNorm ** 2).toBeCloseTo(1, 4);
    });

    test("counts as it is, where there is no policy gradient to balance it by", async () => {
      const quiet = chains.map(({ chain }) => ({ chain, advantage: 0 }));
      await using alone = await compileUpdate({ ...both, balanced: true, minibatchSize: 4 }, planner);
      const { gradients, gradientNorm } = await alone.update(quiet, sampler, new Random(7));
      expect(gradients?.policy).toBe(0);
      expect(gradientNorm).toBeCloseTo(Math.hypot(...[3 * (0.2 - 0.7), 3 * (-0.4 - 0.1)]), 5);
    });
  });

  test("kl is nothing at the pre-trained planner, whatever its weight", async () => {
    const planner = gaussianPlanner(center, sizes);
    const plain = await update({ regularizer: "none" }, planner, planner);
    const kl = await update({ regularizer: "kl", regularizerWeight: 100 }, planner, planner);
    expect([kl.loss, kl.gradientNorm]).toEqual([plain.loss, plain.gradientNorm]);
  });

  test.each(["mean", "sum"] as const)("kl draws back to the pre-trained planner, %s", async (logProb) => {
    // T_a = 1 of H = 2: only the first number is executed. KL = (b - b')^2 / 2 sigma^2.
    const [planner, pretrained] = [center, [0.5, 0.5]].map((b) => gaussianPlanner(b, sizes));
    const quiet = chains.map(({ chain }) => ({ chain, advantage: 0 }));
    const settings = { regularizer: "kl", regularizerWeight: 2, logProb, minibatchSize: 4 } as const;
    await using compiled = await compileUpdate({ ...settings, learningRate: 0 }, planner, pretrained);
    const report = await compiled.update(quiet, undefined, new Random(0));
    const sigma = 0.1;
    expect(report.klToPretrained).toBeCloseTo(0.3 ** 2 / (2 * sigma ** 2), 4);
    expect(report.loss).toBeCloseTo((2 * 0.3 ** 2) / (2 * sigma ** 2), 4);
    expect(report.gradientNorm).toBeCloseTo((2 * 0.3) / sigma ** 2, 3);
  });

  test("and the policy gradient add up, Eq. 15", async () => {
    const planner = gaussianPlanner(center, sizes);
    const sampler = samplerOf([0.7, 0.1]);
    const [reward, both, imitation] = [
      await update({ regularizer: "none" }, planner, planner),
      await update({ regularizer: "bc", regularizerWeight: 3 }, planner, planner, sampler),
      await update(
        { regularizer: "bc", regularizerWeight: 3, policyGradient: false },
        planner,
        planner,
        sampler,
      ),
    ];
    expect(both.loss).toBeCloseTo(reward.loss + imitation.loss, 5);
  });
});

test.each([0, 1, 3])(
  "a Gaussian planner comes to the optimum of Eq. 15, lambda %d",
  patience,
  async (regularizerWeight) => {
    // r(a) = -(a - a*)^2, so J(b) = -(b - a*)^2 - sigma^2; L_BC(b) = (b - m)^2. The optimum is (a* + lambda m) / (1 + lambda).
    const [best, imitated, sigma, count] = [0.6, -0.4, 0.1, 256];
    const settings = {
      regularizer: "bc",
      regularizerWeight,
      minibatchSize: count,
      regularizerBatchSize: 4,
    } as const;
    await using update = await compileUpdate(
      { ...settings, learningRate: 0.02 },
      gaussianPlanner([0], { horizon: 1 }),
    );
    const at = centerAt(gaussianPlanner([0], { horizon: 1 }));
    const random = new Random(1);
    let [late, iterations] = [0, 0];
    for (let iteration = 0; iteration < 150; iteration++) {
      const b = update.theta[at];
      if (iteration >= 75) [late, iterations] = [late + b, iterations + 1];
      const chains = Array.from({ length: count }, (): ChainAdvantage => {
        const action = b + sigma * random.normal();
        // Less its mean, which changes no gradient.
        const advantage = -((action - best) ** 2) + (b - best) ** 2 + sigma ** 2;
        const samples = Float32Array.of(random.normal(), action);
        return { chain: { samples, observations: Float32Array.of(0) }, advantage };
      });
      await update.update(chains, samplerOf([imitated]), random);
    }
    expect(late / iterations).toBeCloseTo((best + regularizerWeight * imitated) / (1 + regularizerWeight), 1);
  },
);
