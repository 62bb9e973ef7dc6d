/**
 * Planners whose guess is a constant centre b are Gaussian in closed form; what an update does to b is held against
 * the paper's formulas, evaluated here by hand in float64.
 */
import { describe, expect, test } from "vitest";
import { centerAt, gaussianPlanner, thetaOf } from "../../test/gaussian-planner.ts";
import { Random } from "../base/index.ts";
import type { Windows } from "../data/index.ts";
import { cpu } from "../devices/index.ts";
import { FinetuneConfig, type finetune } from "./finetune.ts";
import { initPlanner, type Planner } from "./planner.ts";
import { PlannerPolicy } from "./planner-policy.ts";
import { type CreditedChain, PolicyUpdate } from "./policy-update.ts";

const device = cpu({ threads: 1 });
const patience = { timeout: 60_000 };

type Settings = Parameters<typeof finetune>[0];
/** One pass, nothing but the policy gradient, ranges that nothing leaves. */
function configOf({ learningRate = 1e-3, ...settings }: Settings): FinetuneConfig {
  const plain = { regularizer: "none", epochs: 1, clip: [10, 10], emaDecay: 0 };
  return { ...FinetuneConfig.parse({ ...plain, ...settings }), learningRate };
}
const compile = (settings: Settings, planner: Planner, pretrained = planner) =>
  PolicyUpdate.compile(configOf(settings), planner, thetaOf(pretrained), device);

/** Chains of any numbers: of steps from anywhere to anywhere. */
function chainsOf(count: number, steps: number, size: number, advantage?: (i: number) => number) {
  const random = new Random(count + steps);
  return Array.from({ length: count }, (_, i): CreditedChain => {
    const plans = random.fillNormal(new Float32Array((steps + 1) * size)).map((x) => 0.5 * x);
    const condition = Float32Array.of(random.normal());
    return { chain: { plans, condition }, advantage: advantage?.(i) ?? random.normal() + 0.3 };
  });
}

/** Windows that all hold these actions, (H, A). */
const windowsOf = (plan: readonly number[], actionSize: number): Windows => ({
  observationSize: 1,
  actionSize,
  observationRange: { low: [-1], high: [1] },
  actionRange: { low: [-1], high: [1] },
  count: 1,
  sample(_, size, { plans }) {
    for (let row = 0; row < size; row++) plans.set(plan, row * plan.length);
  },
});

/** beta and abar of the cosine schedule, by noise level. Source: Nichol and Dhariwal 2021, eq. 17. */
function cosine(levels: number) {
  const f = (t: number) => Math.cos(((t / levels + 0.008) / 1.008) * (Math.PI / 2)) ** 2;
  const beta = Array.from({ length: levels }, (_, i) => Math.min(1 - f(i + 1) / f(i), 0.999));
  const abar = beta.map((_, i) => beta.slice(0, i + 1).reduce((product, each) => product * (1 - each), 1));
  return { beta, abar };
}

/** Slope of every number's log-probability in b, of the step of `round`, by the paper's Eq. 4: (size,). */
function slopes(
  { plans }: CreditedChain["chain"],
  round: number,
  center: readonly number[],
  { levels, prediction, floor }: { levels: number; prediction: "noise" | "sample"; floor: number },
): number[] {
  const { beta, abar } = cosine(levels);
  const k = levels - 1 - round;
  const before = k === 0 ? 1 : abar[k - 1];
  const variance = Math.max(Math.sqrt((beta[k] * (1 - before)) / (1 - abar[k])), floor) ** 2;
  const size = center.length;
  return center.map((b, d) => {
    const [x, y] = [plans[round * size + d], plans[(round + 1) * size + d]];
    const alpha = 1 - beta[k];
    const [mean, slope] =
      prediction === "noise"
        ? [
            (x - (beta[k] / Math.sqrt(1 - abar[k])) * b) / Math.sqrt(alpha),
            -beta[k] / Math.sqrt(1 - abar[k]) / Math.sqrt(alpha),
          ]
        : [
            (Math.sqrt(before) * beta[k] * b + Math.sqrt(alpha) * (1 - before) * x) / (1 - abar[k]),
            (Math.sqrt(before) * beta[k]) / (1 - abar[k]),
          ];
    return ((y - mean) / variance) * slope;
  });
}

const norm = (numbers: readonly number[]) => Math.hypot(...numbers);

describe("the policy gradient is -E[A d log p], Eq. 11 and 12", patience, () => {
  const center = [0.2, -0.1, 0.4, 0.3, -0.5, 0.1]; // H = 3, A = 2
  const executed = [2, 3, 4, 5]; // T_o = 2 and T_a = 2: the last two actions
  const cases = (["noise", "sample"] as const).flatMap((prediction) =>
    [1, 5].flatMap((levels) =>
      (["mean", "sum"] as const).flatMap((logProb) => [
        { prediction, levels, logProb, ftDenoisingSteps: null },
      ]),
    ),
  );
  test.each([
    ...cases,
    { prediction: "noise" as const, levels: 5, logProb: "mean" as const, ftDenoisingSteps: 2 },
  ])("%j", async ({ prediction, levels, logProb, ftDenoisingSteps }) => {
    const planner = gaussianPlanner(center, {
      horizon: 3,
      nObsSteps: 2,
      nActionSteps: 2,
      levels,
      prediction,
    });
    const tuned = ftDenoisingSteps ?? levels;
    const [count, floor] = [3, 0.1];
    const chains = chainsOf(count, levels, center.length).map(({ chain, advantage }) => ({
      chain: { ...chain, condition: Float32Array.of(0.5, -0.5) },
      advantage,
    }));
    await using update = await compile(
      { logProb, ftDenoisingSteps, minibatchSize: count * tuned, denoising: { floor } },
      planner,
    );
    const before = update.theta.slice();
    const report = await update.update(chains, undefined, new Random(0));

    const gradient = center.map((_, d) => {
      if (!executed.includes(d)) return 0;
      const terms = chains.flatMap(({ chain, advantage }) =>
        Array.from(
          { length: tuned },
          (_, i) => advantage * slopes(chain, levels - tuned + i, center, { levels, prediction, floor })[d],
        ),
      );
      const share = logProb === "mean" ? 1 / executed.length : 1;
      return (-share * terms.reduce((a, b) => a + b, 0)) / (count * tuned);
    });
    expect(Math.abs(report.gradientNorm / norm(gradient) - 1)).toBeLessThan(1e-4);
    expect(report.loss).toBeCloseTo(-chains.reduce((sum, { advantage }) => sum + advantage, 0) / count, 5);
    // Adam's first step has the learning rate's length in each parameter, against the gradient's sign.
    const at = centerAt(planner);
    for (const [i, moved] of update.theta.map((x, i) => x - before[i]).entries()) {
      const slope = gradient[i - at] ?? 0;
      expect(moved).toBeCloseTo(slope === 0 ? 0 : -1e-3 * Math.sign(slope), 6);
    }
  });
});

describe("of one decision, the second pass", patience, () => {
  // b = 0, sigma = 0.1, executed 0.1: the first pass moves b by the learning rate.
  const decision = (advantage: number): CreditedChain[] => [
    { chain: { plans: Float32Array.of(3, 0.1), condition: Float32Array.of(0) }, advantage },
  ];
  const second = async (advantage: number, clip: number) => {
    const settings = { epochs: 2, clip: [clip, clip], minibatchSize: 1, learningRate: 0.05, targetKl: 100 };
    await using update = await compile(settings as never, gaussianPlanner([0], { horizon: 1 }));
    return await update.update(decision(advantage), undefined, new Random(0));
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

describe("the regularizer", patience, () => {
  const center = [0.2, -0.4];
  const sizes = { horizon: 2 } as const;
  const chains = chainsOf(4, 1, 2);
  const update = async (settings: Settings, planner: Planner, pretrained: Planner, windows?: Windows) => {
    await using update = await compile({ minibatchSize: 4, ...settings }, planner, pretrained);
    return await update.update(chains, windows, new Random(7));
  };

  test.each(["bc", "pl"] as const)(
    "%s pulls towards the windows, Eq. 14 on clean plans",
    async (regularizer) => {
      const planner = gaussianPlanner(center, sizes);
      const settings = { regularizer, regularizerWeight: 3, policyGradient: false } as const;
      const report = await update(settings, planner, planner, windowsOf([0.7, 0.1], 1));
      // mean over H A of (b - m)^2, times lambda
      expect(report.loss).toBeCloseTo((3 * (0.5 ** 2 + 0.5 ** 2)) / 2, 5);
      expect(report.gradientNorm).toBeCloseTo(norm([3 * (0.2 - 0.7), 3 * (-0.4 - 0.1)]), 5);
    },
  );

  test("bc of noise is Eq. 14 itself: the squared error of the guess at the noise", async () => {
    const planner = gaussianPlanner(center, { ...sizes, levels: 5, prediction: "noise" });
    const settings = {
      regularizer: "bc",
      policyGradient: false,
      minibatchSize: 20,
      regularizerBatchSize: 64,
    };
    await using compiled = await compile(settings as never, planner);
    const report = await compiled.update(chainsOf(4, 5, 2), windowsOf([0.7, 0.1], 1), new Random(7));
    const random = new Random(7);
    random.permutation(20); // the order of the denoising steps is drawn first, then the noise
    const noise = random.fillNormal(new Float32Array(64 * 2));
    const errors = [...noise].map((eps, i) => center[i % 2] - eps);
    expect(report.loss).toBeCloseTo(errors.reduce((sum, each) => sum + each ** 2, 0) / 128, 5);
    const slope = (d: number) => errors.reduce((sum, each, i) => sum + (i % 2 === d ? 2 * each : 0), 0) / 128;
    expect(report.gradientNorm).toBeCloseTo(norm([slope(0), slope(1)]), 5);
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
    await using compiled = await compile({ ...settings, learningRate: 0 }, planner, pretrained);
    const report = await compiled.update(quiet, undefined, new Random(0));
    const sigma = 0.1;
    expect(report.klToPretrained).toBeCloseTo(0.3 ** 2 / (2 * sigma ** 2), 4);
    expect(report.loss).toBeCloseTo((2 * 0.3 ** 2) / (2 * sigma ** 2), 4);
    expect(report.gradientNorm).toBeCloseTo((2 * 0.3) / sigma ** 2, 3);
  });

  test("and the policy gradient add up, Eq. 15", async () => {
    const planner = gaussianPlanner(center, sizes);
    const windows = windowsOf([0.7, 0.1], 1);
    const [reward, both, imitation] = [
      await update({ regularizer: "none" }, planner, planner),
      await update({ regularizer: "bc", regularizerWeight: 3 }, planner, planner, windows),
      await update(
        { regularizer: "bc", regularizerWeight: 3, policyGradient: false },
        planner,
        planner,
        windows,
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
    await using update = await compile(
      { ...settings, learningRate: 0.02 },
      gaussianPlanner([0], { horizon: 1 }),
    );
    const at = centerAt(gaussianPlanner([0], { horizon: 1 }));
    const random = new Random(1);
    let [late, rounds] = [0, 0];
    for (let iteration = 0; iteration < 150; iteration++) {
      const b = update.theta[at];
      if (iteration >= 75) [late, rounds] = [late + b, rounds + 1];
      const credited = Array.from({ length: count }, (): CreditedChain => {
        const action = b + sigma * random.normal();
        // Less its mean, which changes no gradient.
        const advantage = -((action - best) ** 2) + (b - best) ** 2 + sigma ** 2;
        const plans = Float32Array.of(random.normal(), action);
        return { chain: { plans, condition: Float32Array.of(0) }, advantage };
      });
      await update.update(credited, windowsOf([imitated], 1), random);
    }
    expect(late / rounds).toBeCloseTo((best + regularizerWeight * imitated) / (1 + regularizerWeight), 1);
  },
);

describe("an update", patience, () => {
  const networks = {
    unet: { kind: "unet", width: 8, multiples: [1, 2] },
    mlp: { kind: "mlp", width: 32, blocks: 1, embeddingSize: 8 },
  } as const;
  const plannerOf = (network: keyof typeof networks) =>
    initPlanner(
      {
        observationSize: 1,
        actionSize: 2,
        horizon: 4,
        nObsSteps: 1,
        nActionSteps: 4,
        levels: 6,
        network: networks[network],
      },
      { observations: { low: [-1], high: [1] }, actions: { low: [-1, -1], high: [1, 1] } },
      new Random(3),
    );
  /** Chains that the planner made, in batches of 3. */
  const played = async (planner: Planner, count: number): Promise<CreditedChain[]> => {
    await using policy = await PlannerPolicy.compile(planner, {
      batchSize: 3,
      denoising: { floor: 0.1 },
      device,
    });
    const random = new Random(5);
    const credited: CreditedChain[] = [];
    while (credited.length < count) {
      const rows = [0.1, -0.7, 0.9].map((seen, i) => ({
        episode: { seed: i + 1, random: random.split(`${credited.length + i + 1}`) },
        observations: Float32Array.of(seen),
        state: undefined,
      }));
      const { traces = [] } = await policy.act(rows);
      credited.push(...traces.map((chain) => ({ chain, advantage: random.normal() })));
    }
    return credited.slice(0, count);
  };

  test.each(Object.keys(networks) as (keyof typeof networks)[])(
    "that changes nothing sees ratios of exactly 1, %s",
    async (network) => {
      const planner = plannerOf(network);
      const chains = await played(planner, 7);
      await using update = await compile({ minibatchSize: 16, epochs: 2, learningRate: 0 }, planner);
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

  test("makes good decisions likelier and bad ones less likely, with each pass more", async () => {
    const planner = plannerOf("mlp");
    const chains = await played(planner, 24);
    const loss = async (epochs: number) => {
      await using update = await compile({ minibatchSize: 48, epochs, clip: [0.2, 0.2] }, planner);
      return (await update.update(chains, undefined, new Random(0))).loss;
    };
    const [first, later] = [await loss(1), await loss(8)];
    expect(later).toBeLessThan(first - 0.01);
  });

  test("that runs away stops", async () => {
    const planner = plannerOf("mlp");
    const chains = await played(planner, 8);
    const settings = { minibatchSize: 48, epochs: 50, learningRate: 0.01, targetKl: 0.05 };
    await using update = await compile(settings, planner);
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
    await using update = await compile(settings as never, planner);
    expect((await update.update(chains, undefined, new Random(0))).clipFraction).toBe(0.5);
  });

  test("goes on from its tensors with the same bits", async () => {
    const planner = plannerOf("mlp");
    const chains = await played(planner, 9);
    const settings = { minibatchSize: 16, epochs: 2, emaDecay: 0.9, clip: [0.1, 0.1] } as never;
    await using whole = await compile(settings, planner);
    await using second = await compile(settings, planner);
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
    await using update = await compile(settings, planner);
    for (let i = 0; i < 20; i++) await update.update(chains, undefined, new Random(i));
    await update.restart(fresh);
    expect([update.theta, update.average]).toEqual([fresh, fresh]);
    await using first = await compile(settings, planner);
    await first.restart(fresh);
    const reports = [update, first].map((each) => each.update(chains, undefined, new Random(0)));
    expect(await reports[0]).toEqual(await reports[1]);
    expect(update.theta).toEqual(first.theta);
    const moved = update.theta.map((x, i) => Math.abs(x - fresh[i]));
    expect(Math.max(...moved)).toBeLessThan(4 * 1.1e-3); // four minibatches of Adam from rest, none faster than its rate
  });

  test("needs a decision, and no more tuned steps than there are", async () => {
    const planner = plannerOf("mlp");
    await using update = await compile({ minibatchSize: 4 }, planner);
    await expect(update.update([], undefined, new Random(0))).rejects.toThrow(
      "An update takes at least one decision.",
    );
    await expect(compile({ ftDenoisingSteps: 7 }, planner)).rejects.toThrow(
      "The chain has 6 denoising steps; ftDenoisingSteps asked to tune the last 7. Use at most 6.",
    );
    await expect(compile({ denoising: { steps: 9 } }, planner)).rejects.toThrow("Use at most 6.");
  });
});
