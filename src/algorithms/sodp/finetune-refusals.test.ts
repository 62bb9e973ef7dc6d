/** @file Refusals of fine-tuning, each in a sentence that says what to do. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { gaussianPlanner } from "../../../test/gaussian-planner.ts";
import { type ToyDynamics, toyPool } from "../../../test/toy-pool.ts";
import { finetuneIn, windowsOf } from "../../../test/trainings.ts";
import { vectorSpaces } from "../../base/index.ts";
import { cpu } from "../../devices/index.ts";
import type { Planner } from "../../policies/index.ts";
import type { EnvPool } from "../../rollout/index.ts";
import { Run } from "../../runs/index.ts";

const patience = { timeout: 120_000 };
const top = mkdtempSync(join(tmpdir(), "sodp-refused-"));
afterAll(() => rmSync(top, { recursive: true }));

type Input = object;
type Options = Partial<Parameters<typeof finetuneIn>[4]>;

let runs = 0;
async function refused(config: Input, planner: Planner, pool: EnvPool, options: Options = {}) {
  const start = { kind: "finetune", config, overrides: {}, command: "sodp finetune", seed: 0 };
  await using run = await Run.start(join(top, `${runs++}`), start);
  return await finetuneIn(config, planner, pool, run, { device: cpu({ threads: 1 }), ...options });
}

describe("what cannot work is refused in a sentence", patience, () => {
  const spec = { spaces: vectorSpaces(1, 1), maxSteps: 1 };
  const still = (): ToyDynamics => ({ reset: () => [0], step: () => ({ observation: [0], reward: 0 }) });
  const planner = gaussianPlanner([0.3], { horizon: 1 });
  const data = (observationSize: number) =>
    windowsOf(
      [
        {
          observations: new Float32Array(2 * observationSize),
          finalObservation: new Float32Array(observationSize),
          actions: new Float32Array(2),
        },
      ],
      planner.config,
    );

  test.each<[string, Input, Options]>([
    ['Regularizer "pl" learns from the pre-training data: give its folder.', { regularizer: "pl" }, {}],
    [
      "The planner observes state (1) and acts with action (1); the data set observes state (5) and acts with action (1).",
      { regularizer: "pl" },
      { data: data(5) },
    ],
    [
      'Regularizer "bc" imitates a buffer of trajectories: initialEpisodes must be at least 1.',
      { initialEpisodes: 0 },
      {},
    ],
    [
      'Without the policy gradient, regularizer "kl" leaves nothing to learn.',
      { policyGradient: false, regularizer: "kl" },
      {},
    ],
    [
      'Regularizer "none" has no gradient to be as long as the policy gradient: regularizerBalance must be none.',
      { regularizer: "none", regularizerBalance: "norm" },
      {},
    ],
    [
      'Until rewards are followed, regularizer "kl" leaves nothing to learn: policyGradientFrom must be 0.',
      { regularizer: "kl", policyGradientFrom: 0.1 },
      {},
    ],
    [
      "Rollouts explore by the noise of denoising, and its last step has none",
      { denoising: { minSamplingStd: 0 } },
      {},
    ],
    [
      "The planner was trained with 1 denoising steps; sampling asked for 3.",
      { denoising: { numInferenceSteps: 3 } },
      {},
    ],
    [
      "The chain has 1 denoising steps; ftDenoisingSteps asked to tune the last 2.",
      { ftDenoisingSteps: 2 },
      {},
    ],
    ['finetune: Unrecognized key: "lamda".', { lamda: 1 } as Input, {}],
    ["finetune: discount: Too big: expected number to be <=1.", { discount: 2 }, {}],
  ])("%s", async (sentence, config, options) => {
    await expect(refused(config, planner, toyPool(spec, still), options)).rejects.toThrow(sentence);
  });

  test("a task of other sizes", async () => {
    const pool = toyPool({ spaces: vectorSpaces(3, 2), maxSteps: 1 }, still);
    await expect(refused({}, planner, pool)).rejects.toThrow(
      "The planner observes state (1) and acts with action (1); toy observes state (3) and acts with action (2).",
    );
  });

  test("environments in which nothing can be played", async () => {
    const broken = (): ToyDynamics => ({
      ...still(),
      step: () => ({ observation: [0], reward: 0, fault: "Dead." }),
    });
    const config: Input = { regularizer: "none", initialEpisodes: 0, episodes: 2, eval: { nEpisodes: 2 } };
    await expect(refused(config, planner, toyPool(spec, broken))).rejects.toThrow(
      "The simulation diverged at the first actions of all episodes: Dead.",
    );
  });
});
