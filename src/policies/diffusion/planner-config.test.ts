import { describe, expect, test } from "vitest";
import { Random, vectorSpaces } from "../../base/index.ts";
import { initPlanner } from "./planner.ts";
import { plannerConfig } from "./planner-config.ts";

describe("a configuration", () => {
  const least = { spaces: vectorSpaces(3, 2) };
  test("has the defaults of the published planners", () =>
    expect(plannerConfig(least)).toMatchObject({
      horizon: 16,
      nObsSteps: 2,
      nActionSteps: 8,
      numTrainTimesteps: 20,
      schedule: "cosine",
      prediction: "noise",
      clipSampleRange: 1,
      encoders: { state: { kind: "identity" } },
      denoiser: { kind: "unet", width: 256, multiples: [1, 2, 4] },
    }));
  test("DP3's short predictions fit: 4 actions, 2 observations, 3 executed", () =>
    expect(plannerConfig({ ...least, horizon: 4, nObsSteps: 2, nActionSteps: 3 }).horizon).toBe(4));

  const denoiser = { kind: "unet", width: 64, multiples: [1, 2, 4, 8] } as const;
  test.each<[string, object]>([
    [
      "horizon 10 is not a multiple of 8, which the denoiser's 3 halvings need. Use 8 or 16.",
      { horizon: 10, denoiser },
    ],
    [
      "horizon 6 is not a multiple of 8, which the denoiser's 3 halvings need. Use 8.",
      { horizon: 6, nActionSteps: 2, denoiser },
    ],
    [
      "nActionSteps 16 is more than 16 predicted actions hold from the present on, with 2 observations. Use at most 15.",
      { nActionSteps: 16 },
    ],
    ["nObsSteps 17 leaves none of 16 predicted actions. Use at most 16.", { nObsSteps: 17, nActionSteps: 1 }],
    [
      "The denoiser's width 30 does not divide among 4 attention heads.",
      { denoiser: { kind: "transformer", width: 30 } },
    ],
    ['planner: Unrecognized key: "horizn".', { horizn: 8 }],
    ["planner: numTrainTimesteps: Too small: expected number to be >0.", { numTrainTimesteps: 0 }],
    [
      "planner: denoiser.kind: Invalid discriminator value. Expected 'unet' | 'mlp' | 'transformer'.",
      { denoiser: { kind: "cnn" } },
    ],
  ])("%s", (sentence, input) =>
    expect(() => plannerConfig({ ...least, ...input } as never)).toThrow(sentence),
  );
  test("and normalizers that fit", () => {
    const range = (size: number) => ({ low: Array(size).fill(-1), high: Array(size).fill(1) });
    const init = (observation: Record<string, ReturnType<typeof range>>, actionSize: number) => () =>
      initPlanner(
        { ...least, denoiser: { kind: "mlp", width: 8 } },
        { observation, action: range(actionSize) },
        new Random(0),
      );
    expect(init({ state: range(3) }, 2)().config.horizon).toBe(16);
    expect(init({ state: range(3) }, 3)).toThrow(
      "The planner's action has 2 dimensions, its normalizer 3 lows and 3 highs.",
    );
    expect(init({ state: range(4) }, 2)).toThrow(
      `The planner's "state" has 3 dimensions, its normalizer 4 lows and 4 highs.`,
    );
    expect(init({}, 2)).toThrow("its normalizer 0 lows and 0 highs.");
  });
});
