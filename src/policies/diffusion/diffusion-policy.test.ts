import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Random, vectorSpaces } from "../../base/index.ts";
import { cpu } from "../../devices/index.ts";
import type { EpisodeRequest } from "../../rollout/index.ts";
import { DiffusionPolicy } from "./diffusion-policy.ts";
import { initPlanner, type Planner, thetaOf } from "./planner.ts";

const device = cpu({ threads: 1 });
const patience = 60_000;
const [timesteps, horizon, actionSize, observationSize] = [4, 8, 2, 3];
const size = horizon * actionSize;
const plannerOf = (seed: number): Planner =>
  initPlanner(
    {
      spaces: vectorSpaces(observationSize, actionSize),
      horizon,
      nObsSteps: 2,
      nActionSteps: 4,
      numTrainTimesteps: timesteps,
      denoiser: { kind: "mlp", width: 32, blocks: 1, embeddingSize: 8 },
    },
    {
      observation: { state: { low: [0, -4, 5], high: [10, 4, 5] } },
      action: { low: [-2, 0], high: [2, 1] },
    },
    new Random(seed),
  );
const planner = plannerOf(1);
const compile = (batchSize: number, denoising = {}, from = planner) =>
  DiffusionPolicy.compile(from, { batchSize, denoising: { minSamplingStd: 0.1, ...denoising }, device });

const request = (seed: number): EpisodeRequest => ({ seed, random: new Random(seed) });
/** Two observations, decided by the seed. */
const sight = (seed: number) =>
  new Random(seed).split("sight").fillUniform(new Float32Array(2 * observationSize));
/** Acts in the environments of `episodes` at once. */
const actIn = (policy: DiffusionPolicy, episodes: readonly EpisodeRequest[]) =>
  policy.act(episodes.map((episode) => ({ episode, observations: sight(episode.seed), state: undefined })));
const act = (policy: DiffusionPolicy, seeds: readonly number[]) => actIn(policy, seeds.map(request));

describe("a planner that acts", () => {
  let policy: DiffusionPolicy;
  beforeAll(async () => {
    policy = await compile(5);
  }, patience);
  afterAll(() => policy[Symbol.asyncDispose]());

  test("acts in each episode the same, bit for bit, whoever stands beside it and in whichever row", async () => {
    const chunk = 4 * actionSize;
    const together = await act(policy, [11, 12, 13, 14, 15]);
    for (const seeds of [[13], [15, 13], [13, 11, 12, 14], [20, 21, 22, 23, 13]]) {
      const { actions, traces } = await act(policy, seeds);
      const row = seeds.indexOf(13);
      expect(actions).toHaveLength(seeds.length * chunk);
      expect(actions.slice(row * chunk, (row + 1) * chunk)).toEqual(
        together.actions.slice(2 * chunk, 3 * chunk),
      );
      expect(traces[row]).toEqual(together.traces[2]);
    }
  });

  test("... and in a batch of another size up to rounding", async () => {
    await using small = await compile(1);
    const { actions } = await act(small, [12]);
    const { actions: beside } = await act(policy, [11, 12]);
    for (const [i, action] of actions.entries()) expect(action).toBeCloseTo(beside[4 * actionSize + i], 4);
  });

  test("keeps the chain that ends in the actions that are executed, the first for the present", async () => {
    const { actions, traces } = await act(policy, [7, 8]);
    for (const [row, { samples }] of traces.entries()) {
      expect(samples).toHaveLength((timesteps + 1) * size);
      const last = samples.subarray(timesteps * size);
      for (let step = 0; step < 4; step++) {
        // The prediction begins with the first of two observations; actions lie in [-2, 2] and [0, 1].
        const [x, y] = last.subarray((1 + step) * actionSize);
        expect(actions[(row * 4 + step) * actionSize]).toBeCloseTo(2 * x, 5);
        expect(actions[(row * 4 + step) * actionSize + 1]).toBeCloseTo((y + 1) / 2, 5);
      }
    }
  });

  test("keeps the observations as they were, and copies of them", async () => {
    const observations = [7, 8].map(sight);
    const rows = observations.map((own, i) => ({
      episode: request(7 + i),
      observations: own,
      state: undefined,
    }));
    const { traces } = await policy.act(rows);
    for (const own of observations) own.fill(0);
    expect(traces.map((trace) => trace.observations)).toEqual([7, 8].map(sight));
  });

  test("draws from the episode's stream alone: where the chain starts, then the noise of each step", async () => {
    const asked = [request(7), request(8)];
    const { traces } = await actIn(policy, asked);
    for (const [row, seed] of [7, 8].entries()) {
      const stream = new Random(seed);
      expect(traces[row].samples.slice(0, size)).toEqual(stream.fillNormal(new Float32Array(size)));
      stream.fillNormal(new Float32Array(timesteps * size));
      expect(asked[row].random.state()).toEqual(stream.state());
    }
    const again = await actIn(policy, asked); // the stream has gone on
    expect(again.traces[0].samples.slice(0, size)).not.toEqual(traces[0].samples.slice(0, size));
  });

  test("adds that noise, of the step's standard deviation and at least the least one, at every step", async () => {
    const draws = new Random(7).fillNormal(new Float32Array((timesteps + 1) * size)).subarray(size);
    await using quiet = await compile(5, { minSamplingStd: 0.3 });
    const [{ traces: loud }, { traces: louder }] = [await act(policy, [7]), await act(quiet, [7])];
    const last = (timesteps - 1) * size;
    // Equal until the least binds: DDPM's own noise ends below 0.3 but begins above.
    expect(louder[0].samples.slice(0, 2 * size)).toEqual(loud[0].samples.slice(0, 2 * size));
    // The last step's mean is the prediction, within [-1, 1]; its noise has the least standard deviation.
    for (let i = 0; i < size; i++) {
      const mean = louder[0].samples[last + size + i] - 0.3 * draws[last + i];
      expect(Math.abs(mean)).toBeLessThanOrEqual(1.0001);
    }
  });

  test("follows the parameters that it is given", async () => {
    const other = plannerOf(2);
    await using own = await compile(5, {}, other);
    await using led = await compile(5);
    led.theta = thetaOf(other);
    expect(await act(led, [3, 4])).toEqual(await act(own, [3, 4]));
    expect(await act(led, [3, 4])).not.toEqual(await act(policy, [3, 4]));
  });

  test("acts without any noise as well: DDIM, fewer steps", async () => {
    await using still = await compile(2, { eta: 0, minSamplingStd: 0, numInferenceSteps: 2 });
    const { traces, actions } = await act(still, [3]);
    expect(traces[0].samples).toHaveLength(3 * size);
    expect(actions.every(Number.isFinite)).toBe(true);
  });

  test("is asked for no more rows than it was made for", async () => {
    await expect(act(policy, [1, 2, 3, 4, 5, 6])).rejects.toThrow(
      "This policy acts in at most 5 environments at once, not in 6.",
    );
  });

  test("takes no more denoising steps than it has diffusion timesteps", async () => {
    await expect(compile(1, { numInferenceSteps: 9 })).rejects.toThrow(
      "The planner was trained with 4 denoising steps; sampling asked for 9. Use at most 4.",
    );
  });
});
