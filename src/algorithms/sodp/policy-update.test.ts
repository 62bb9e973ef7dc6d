/**
 * Planners whose prediction is a constant center b are Gaussian in closed form; what an update does to b is held against
 * the paper's formulas, evaluated here by hand in float64.
 */
import { describe, expect, test } from "vitest";
import { centerAt, gaussianPlanner } from "../../../test/gaussian-planner.ts";
import { chainsOf, compileUpdate } from "../../../test/policy-updates.ts";
import { Random, vectorSpaces } from "../../base/index.ts";
import { cpu } from "../../devices/index.ts";
import { type Prediction, predictionNames } from "../../diffusion/index.ts";
import { DiffusionPolicy, initPlanner, type Planner, thetaOf } from "../../policies/index.ts";
import type { ChainAdvantage } from "./step-batch.ts";

const device = cpu({ threads: 1 });
const patience = { timeout: 60_000 };

/** beta and abar of the cosine schedule, by timestep. Source: Nichol and Dhariwal 2021, eq. 17. */
function cosine(count: number) {
  const f = (t: number) => Math.cos(((t / count + 0.008) / 1.008) * (Math.PI / 2)) ** 2;
  const beta = Array.from({ length: count }, (_, i) => Math.min(1 - f(i + 1) / f(i), 0.999));
  const abar = beta.map((_, i) => beta.slice(0, i + 1).reduce((product, each) => product * (1 - each), 1));
  return { beta, abar };
}

/** Slope of every number's log-probability in b, of denoising step `step`, by the paper's Eq. 4: (size,). */
function slopes(
  { samples }: ChainAdvantage["chain"],
  step: number,
  center: readonly number[],
  { timesteps, prediction, least }: { timesteps: number; prediction: Prediction; least: number },
): number[] {
  const { beta, abar } = cosine(timesteps);
  const k = timesteps - 1 - step;
  const before = k === 0 ? 1 : abar[k - 1];
  const variance = Math.max(Math.sqrt((beta[k] * (1 - before)) / (1 - abar[k])), least) ** 2;
  const size = center.length;
  return center.map((b, d) => {
    const [x, y] = [samples[step * size + d], samples[(step + 1) * size + d]];
    const alpha = 1 - beta[k];
    const posterior = (x0: number) =>
      (Math.sqrt(before) * beta[k] * x0 + Math.sqrt(alpha) * (1 - before) * x) / (1 - abar[k]);
    const clean = {
      noise: (x - Math.sqrt(1 - abar[k]) * b) / Math.sqrt(abar[k]),
      sample: b,
      velocity: Math.sqrt(abar[k]) * x - Math.sqrt(1 - abar[k]) * b,
    }[prediction];
    const slopes = {
      noise: -beta[k] / Math.sqrt(1 - abar[k]) / Math.sqrt(alpha),
      sample: (Math.sqrt(before) * beta[k]) / (1 - abar[k]),
      velocity: -(Math.sqrt(before) * beta[k]) / Math.sqrt(1 - abar[k]),
    };
    const [mean, slope] = [posterior(clean), slopes[prediction]];
    return ((y - mean) / variance) * slope;
  });
}

const norm = (numbers: readonly number[]) => Math.hypot(...numbers);

describe("the policy gradient is -E[A d log p], Eq. 11 and 12", patience, () => {
  const center = [0.2, -0.1, 0.4, 0.3, -0.5, 0.1]; // H = 3, A = 2
  const executed = [2, 3, 4, 5]; // T_o = 2 and T_a = 2: the last two actions
  const cases = predictionNames.flatMap((prediction) =>
    [1, 5].flatMap((timesteps) =>
      (["mean", "sum"] as const).flatMap((logProb) => [
        { prediction, timesteps, logProb, ftDenoisingSteps: null, denoisingDiscount: 1 },
      ]),
    ),
  );
  test.each([
    ...cases,
    ...[1, 0.7].map((denoisingDiscount) => ({
      prediction: "noise" as const,
      timesteps: 5,
      logProb: "mean" as const,
      ftDenoisingSteps: 2,
      denoisingDiscount,
    })),
  ])("%j", async ({ prediction, timesteps, logProb, ftDenoisingSteps, denoisingDiscount }) => {
    const planner = gaussianPlanner(center, {
      horizon: 3,
      nObsSteps: 2,
      nActionSteps: 2,
      numTrainTimesteps: timesteps,
      prediction,
    });
    const tuned = ftDenoisingSteps ?? timesteps;
    const [count, least] = [3, 0.1];
    const chains = chainsOf(count, timesteps, center.length).map(({ chain, advantage }) => ({
      chain: { ...chain, observations: Float32Array.of(0.5, -0.5) },
      advantage,
    }));
    await using update = await compileUpdate(
      {
        logProb,
        ftDenoisingSteps,
        denoisingDiscount,
        minibatchSize: count * tuned,
        denoising: { minSamplingStd: least },
      },
      planner,
    );
    const before = update.theta.slice();
    const report = await update.update(chains, undefined, new Random(0));

    const gradient = center.map((_, d) => {
      if (!executed.includes(d)) return 0;
      const terms = chains.flatMap(({ chain, advantage }) =>
        Array.from(
          { length: tuned },
          (_, i) =>
            advantage *
            denoisingDiscount ** (tuned - 1 - i) *
            slopes(chain, timesteps - tuned + i, center, { timesteps, prediction, least })[d],
        ),
      );
      const share = logProb === "mean" ? 1 / executed.length : 1;
      return (-share * terms.reduce((a, b) => a + b, 0)) / (count * tuned);
    });
    expect(Math.abs(report.gradientNorm / norm(gradient) - 1)).toBeLessThan(1e-4);
    const discounts = Array.from({ length: tuned }, (_, i) => denoisingDiscount ** i / tuned);
    const kept = discounts.reduce((sum, each) => sum + each, 0);
    expect(report.loss).toBeCloseTo(
      (-kept * chains.reduce((sum, { advantage }) => sum + advantage, 0)) / count,
      5,
    );
    // Adam's first step has the learning rate's length in each parameter, against the gradient's sign.
    const at = centerAt(planner);
    for (const [i, moved] of update.theta.map((x, i) => x - before[i]).entries()) {
      const slope = gradient[i - at] ?? 0;
      expect(moved).toBeCloseTo(slope === 0 ? 0 : -1e-3 * Math.sign(slope), 6);
    }
  });
});

describe("of one action chunk, the second pass", patience, () => {
  // b = 0, sigma = 0.1, executed 0.1: the first pass moves b by the learning rate.
  const chunk = (advantage: number): ChainAdvantage[] => [
    { chain: { samples: Float32Array.of(3, 0.1), observations: Float32Array.of(0) }, advantage },
  ];
  const second = async (advantage: number, clip: number) => {
    const settings = { epochs: 2, clip: [clip, clip], minibatchSize: 1, learningRate: 0.05, targetKl: 100 };
    await using update = await compileUpdate(settings as never, gaussianPlanner([0], { horizon: 1 }));
    return await update.update(chunk(advantage), undefined, new Random(0));
  };
  const logProb = (b: number) => -((0.1 - b) ** 2) / (2 * 0.1 ** 2);
  const ratio = (b: number) => Math.exp(logProb(b) - logProb(0));

  test.each([2, -2])("is held by the clip range, advantage %d", async (advantage) => {
    expect((await second(advantage, 0.2)).gradientNorm).toBe(0);
  });

  test.each([2, -2])("is weighted by the ratio within it, advantage %d", async (advantage) => {
    const b = 0.05 * Math.sign(advantage);
    const slope = (advantage * ratio(b) * (0.1 - b)) / 0.1 ** 2;
    const { gradientNorm } = await second(advantage, 5);
    expect(Math.abs(gradientNorm / Math.abs(slope) - 1)).toBeLessThan(1e-3);
  });
});

describe("an update", patience, () => {
  const denoisers = {
    unet: { kind: "unet", width: 8, multiples: [1, 2] },
    mlp: { kind: "mlp", width: 32, blocks: 1, embeddingSize: 8 },
  } as const;
  const plannerOf = (kind: keyof typeof denoisers) =>
    initPlanner(
      {
        spaces: vectorSpaces(1, 2),
        horizon: 4,
        nObsSteps: 1,
        nActionSteps: 4,
        numTrainTimesteps: 6,
        denoiser: denoisers[kind],
      },
      { observation: { state: { low: [-1], high: [1] } }, action: { low: [-1, -1], high: [1, 1] } },
      new Random(3),
    );
  /** Chains that the planner made, in batches of 3. */
  const played = async (planner: Planner, count: number): Promise<ChainAdvantage[]> => {
    await using policy = await DiffusionPolicy.compile(planner, {
      batchSize: 3,
      denoising: { minSamplingStd: 0.1 },
      device,
    });
    const random = new Random(5);
    const chains: ChainAdvantage[] = [];
    while (chains.length < count) {
      const rows = [0.1, -0.7, 0.9].map((seen, i) => ({
        episode: { seed: i + 1, random: random.split(`${chains.length + i + 1}`) },
        observations: Float32Array.of(seen),
        state: undefined,
      }));
      const { traces = [] } = await policy.act(rows);
      chains.push(...traces.map((chain) => ({ chain, advantage: random.normal() })));
    }
    return chains.slice(0, count);
  };

  test.each(Object.keys(denoisers) as (keyof typeof denoisers)[])(
    "that changes nothing sees ratios of exactly 1, %s",
    async (network) => {
      const planner = plannerOf(network);
      const chains = await played(planner, 7);
      await using update = await compileUpdate({ minibatchSize: 16, epochs: 2, learningRate: 0 }, planner);
      expect(await update.update(chains, undefined, new Random(0))).toMatchObject({
        mean: 1,
        max: 1,
        clipFraction: 0,
        approximateKl: 0,
        klToPretrained: 0,
        epochs: 2,
      });
      expect(update.theta).toEqual(thetaOf(planner));
    },
  );

  test("makes good actions likelier and bad ones less likely, with each pass more", async () => {
    const planner = plannerOf("mlp");
    const chains = await played(planner, 24);
    const loss = async (epochs: number) => {
      await using update = await compileUpdate({ minibatchSize: 48, epochs, clip: [0.2, 0.2] }, planner);
      return (await update.update(chains, undefined, new Random(0))).loss;
    };
    const [first, later] = [await loss(1), await loss(8)];
    expect(later).toBeLessThan(first - 0.01);
  });

  test("that runs away stops", async () => {
    const planner = plannerOf("mlp");
    const chains = await played(planner, 8);
    const settings = { minibatchSize: 48, epochs: 50, learningRate: 0.01, targetKl: 0.05 };
    await using update = await compileUpdate(settings, planner);
    const { epochs, approximateKl } = await update.update(chains, undefined, new Random(0));
    expect(epochs).toBeLessThan(20);
    expect(approximateKl).toBeGreaterThan(0.05);
  });

  test("gives the noisiest and the last of the tuned steps the clip ranges asked for", async () => {
    // DPPO counts the position along the steps that are tuned. The narrow range is left at once, the wide one never.
    const planner = plannerOf("mlp");
    const chains = await played(planner, 12);
    const settings = {
      ftDenoisingSteps: 2,
      clip: [1e-9, 1e6],
      minibatchSize: 24,
      learningRate: 1e-3,
    } as const;
    await using update = await compileUpdate(settings as never, planner);
    expect((await update.update(chains, undefined, new Random(0))).clipFraction).toBe(0.5);
  });

  test("goes on from its tensors with the same bits", async () => {
    const planner = plannerOf("mlp");
    const chains = await played(planner, 9);
    const settings = { minibatchSize: 16, epochs: 2, emaDecay: 0.9, clip: [0.1, 0.1] } as never;
    await using whole = await compileUpdate(settings, planner);
    await using second = await compileUpdate(settings, planner);
    await whole.update(chains, undefined, new Random(1));
    await second.restore(await whole.tensors(), whole.steps);
    const [a, b] = [whole, second].map((each) => each.update(chains, undefined, new Random(2)));
    expect(await b).toEqual(await a);
    expect(await second.tensors()).toEqual(await whole.tensors());
  });

  test("after a restart is the first of a planner with these parameters", async () => {
    const [planner, other] = [plannerOf("mlp"), plannerOf("mlp")];
    const chains = await played(planner, 9);
    const settings = { minibatchSize: 16, emaDecay: 0.9 };
    const fresh = thetaOf(other).map((x) => 0.9 * x);
    await using update = await compileUpdate(settings, planner);
    for (let i = 0; i < 20; i++) await update.update(chains, undefined, new Random(i));
    await update.restart(fresh);
    expect([update.theta, update.average]).toEqual([fresh, fresh]);
    await using first = await compileUpdate(settings, planner);
    await first.restart(fresh);
    const reports = [update, first].map((each) => each.update(chains, undefined, new Random(0)));
    expect(await reports[0]).toEqual(await reports[1]);
    expect(update.theta).toEqual(first.theta);
    const moved = update.theta.map((x, i) => Math.abs(x - fresh[i]));
    expect(Math.max(...moved)).toBeLessThan(4 * 1.1e-3); // four minibatches of Adam from rest, none faster than its rate
  });

  test("needs a chunk, and no more tuned steps than there are", async () => {
    const planner = plannerOf("mlp");
    await using update = await compileUpdate({ minibatchSize: 4 }, planner);
    await expect(update.update([], undefined, new Random(0))).rejects.toThrow(
      "An update takes at least one chunk.",
    );
    await expect(compileUpdate({ ftDenoisingSteps: 7 }, planner)).rejects.toThrow(
      "The chain has 6 denoising steps; ftDenoisingSteps asked to tune the last 7. Use at most 6.",
    );
    await expect(compileUpdate({ denoising: { numInferenceSteps: 9 } }, planner)).rejects.toThrow(
      "Use at most 6.",
    );
  });
});
