import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { type ToyDynamics, toyGroup } from "../../../test/toy-pool.ts";
import {
  noiseEpisodes,
  pretrainOn,
  type ToyWindows,
  tinyPlanner,
  windowsOf,
} from "../../../test/trainings.ts";
import { Random, vectorSpaces } from "../../base/index.ts";
import type { Episode } from "../../data/index.ts";
import { cpu } from "../../devices/index.ts";
import { loadPlanner } from "../../policies/files/index.ts";
import {
  DiffusionPolicy,
  drawBatch,
  emptyBatch,
  type Planner,
  plannerConfig,
  thetaOf,
} from "../../policies/index.ts";
import { playEpisodes, type Row } from "../../rollout/index.ts";
import { Run } from "../../runs/index.ts";
import { pretrainPresets } from "./pretrain.ts";

const device = cpu({ threads: 1 });
const patience = { timeout: 240_000 };
const top = mkdtempSync(join(tmpdir(), "sodp-pretrain-"));
afterAll(() => rmSync(top, { recursive: true }));

let runs = 0;
async function train(config: object, windows: ToyWindows, more = {}) {
  const folder = join(top, `${runs++}`);
  const start = { kind: "pretrain", config, overrides: {}, command: "sodp pretrain", seed: 0 };
  await using run = await Run.start(folder, start);
  const planner = await pretrainOn(config, windows, run, { device, ...more });
  if (planner === null || run.last === undefined) throw new Error("The pre-training was interrupted.");
  const lines = readFileSync(join(folder, "metrics.jsonl"), "utf8").trim().split("\n");
  const saved = await loadPlanner(run.policyIn(run.last));
  return { planner, saved, metrics: lines.map((line): Record<string, number> => JSON.parse(line)) };
}

describe("an expert's one trajectory", patience, () => {
  // Ranges unlike each other and unlike [-1, 1]: whoever forgets to scale is far off.
  const steps = 24;
  const push = (time: number) => [0.3 + 0.25 * Math.sin(0.9 * time), -0.5 + 0.4 * Math.cos(0.7 * time)];
  /** Two numbers drift by what is done, one counts, one never changes. */
  function drifting(): ToyDynamics {
    let place = [20, -3, 0, 7];
    return {
      reset() {
        place = [20, -3, 0, 7];
        return place;
      },
      step([x, y], time) {
        place = [place[0] + 4 * x, place[1] + 0.5 * y, time + 1, 7];
        return { observation: place, reward: 0 };
      },
    };
  }
  const spec = { spaces: vectorSpaces(4, 2), maxSteps: steps };
  const request = { seed: 0, random: new Random(0) };
  async function expertEpisode(): Promise<Episode> {
    const expert = {
      nObsSteps: 1,
      nActionSteps: 1,
      start: () => undefined,
      async act([{ observations }]: readonly Row[]) {
        return { actions: Float32Array.from(push(observations[2])) };
      },
    };
    const [episode] = await playEpisodes([toyGroup(spec, [drifting()])], expert, [request], {
      stopAtSuccess: false,
    });
    return episode;
  }

  test.each([
    { nObsSteps: 2, horizon: 8, nActionSteps: 4 },
    { nObsSteps: 1, horizon: 4, nActionSteps: 4 },
    { nObsSteps: 3, horizon: 8, nActionSteps: 5 },
  ])("is repeated in closed loop by the planner that learned it, %j", async (shape) => {
    const expert = await expertEpisode();
    const { planner } = await train(
      {
        planner: {
          ...shape,
          numTrainTimesteps: 5,
          prediction: "sample",
          denoiser: { kind: "mlp", width: 64, blocks: 1, embeddingSize: 8 },
        },
        steps: 1200,
        batchSize: 64,
        learningRate: 3e-3,
        warmupSteps: 50,
        weightDecay: 0,
        emaDecay: 0.98,
      },
      windowsOf([expert], shape),
    );
    await using policy = await DiffusionPolicy.compile(planner, { batchSize: 1, device });
    const [played] = await playEpisodes([toyGroup(spec, [drifting()])], policy, [request], {
      stopAtSuccess: false,
    });
    /** Root mean square distance to the expert's actions, so many steps later. */
    const distance = (shift: number) => {
      const terms = Array.from({ length: steps - 4 }, (_, time) =>
        [0, 1].map(
          (i) => (played.actions[2 * (time + 2) + i] - expert.actions[2 * (time + 2 + shift) + i]) ** 2,
        ),
      ).flat();
      return Math.sqrt(terms.reduce((a, b) => a + b, 0) / terms.length);
    };
    expect(distance(0)).toBeLessThan(0.04);
    // Executed one step early or late, the same actions would be this far off.
    for (const shift of [-1, 1]) expect(distance(shift)).toBeGreaterThan(0.12);
    // The first step of all, where there is no history yet.
    for (const i of [0, 1]) expect(Math.abs(played.actions[i] - expert.actions[i])).toBeLessThan(0.1);
  });
});

describe("a pre-training", patience, () => {
  const shape = { nObsSteps: 2, horizon: 4, nActionSteps: 2 };
  const windows = windowsOf(noiseEpisodes(3, new Random(4)), shape);
  const config = {
    planner: tinyPlanner(shape),
    steps: 60,
    batchSize: 16,
    logEvery: 10,
    evalEvery: 30,
    saveEvery: 30,
    learningRate: 3e-3,
    warmupSteps: 5,
  } as const;

  test("is the same from the same seed, another from another", async () => {
    const [a, b, c] = [
      await train(config, windows),
      await train(config, windows),
      await train({ ...config, seed: 1 }, windows),
    ];
    expect(thetaOf(b.planner)).toEqual(thetaOf(a.planner));
    expect(thetaOf(c.planner)).not.toEqual(thetaOf(a.planner));
  });

  test("logs the loss and its gradient, the held-out loss, and what its watcher finds; saves what it returns", async () => {
    const evaluated: Planner[] = [];
    const evaluate = async (planner: Planner) => ({ "eval/count": evaluated.push(planner) });
    const { planner, saved, metrics } = await train(config, windows, { evaluate });
    expect(thetaOf(saved)).toEqual(thetaOf(planner));
    expect(thetaOf(evaluated[1])).toEqual(thetaOf(planner));
    expect(metrics.map(({ grad_steps }) => grad_steps)).toEqual([10, 20, 30, 30, 40, 50, 60, 60]);
    const held = metrics.filter((line) => "eval/loss" in line);
    expect(held.map((line) => line["eval/count"])).toEqual([1, 2]);
    expect(held[1]["eval/loss"]).toBeLessThan(held[0]["eval/loss"]);
    expect(metrics[0]["train/gradient_norm"]).toBeGreaterThan(0);
  });

  test("scales by the range of the data", async () => {
    const { planner } = await train({ ...config, steps: 1 }, windows);
    expect(planner.normalizers).toEqual({
      observation: { state: windows.observationRange },
      action: windows.actionRange,
    });
    expect(planner.config.spaces).toEqual(windows.spaces);
  });

  test.each([
    ["pretrain: steps: Too small: expected number to be >0.", { steps: 0 }],
    ['pretrain: Unrecognized key: "step".', { step: 5 }],
    [
      "nActionSteps 4 is more than 4 predicted actions hold",
      { planner: { ...config.planner, nActionSteps: 4 } },
    ],
    [
      "horizon 6 is not a multiple of 4, which the denoiser's 2 halvings need. Use 4 or 8.",
      { planner: { horizon: 6, nActionSteps: 2 } },
    ],
  ])("refuses, in a sentence: %s", async (sentence, wrong) => {
    await expect(train({ ...config, ...wrong } as never, windows)).rejects.toThrow(sentence);
  });

  test("has a preset for laptops that makes sense", () => {
    const { planner } = pretrainPresets.laptop;
    expect(plannerConfig({ ...planner, spaces: vectorSpaces(39, 4) })).toMatchObject({
      numTrainTimesteps: 10,
    });
  });
});

describe("a batch of what is learned", () => {
  test("holds windows, standard normal noise and every timestep alike", async () => {
    const config = plannerConfig({
      spaces: vectorSpaces(1, 1),
      horizon: 2,
      nObsSteps: 1,
      nActionSteps: 1,
      numTrainTimesteps: 4,
      denoiser: { kind: "mlp" },
    });
    const episode = {
      observations: Float32Array.of(10, 11, 12),
      finalObservation: Float32Array.of(13),
      actions: Float32Array.of(0.1, 0.2, 0.3),
    };
    const batch = emptyBatch(config, 4000);
    await drawBatch(config, windowsOf([episode], config), new Random(0), batch);
    const seen = new Map<string, number>();
    for (let row = 0; row < 4000; row++) {
      const key = [batch.observation[row], ...batch.action.subarray(2 * row, 2 * row + 2)]
        .map((x) => x.toFixed(1))
        .join(" ");
      seen.set(key, (seen.get(key) ?? 0) + 1);
    }
    // The action beside the observation comes first: T_o is 1.
    expect([...seen.keys()].sort()).toEqual(["10.0 0.1 0.2", "11.0 0.2 0.3"]);
    for (const timestep of [0, 1, 2, 3]) {
      const share = batch.timestep.filter((each) => each === timestep).length / 4000;
      expect(share).toBeCloseTo(0.25, 1);
    }
    const mean = batch.noise.reduce((a, b) => a + b, 0) / 8000;
    const square = batch.noise.reduce((sum, x) => sum + x ** 2, 0) / 8000;
    expect(mean).toBeCloseTo(0, 1);
    expect(square).toBeCloseTo(1, 1);
  });
});
