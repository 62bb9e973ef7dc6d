/** @file However often a training is interrupted, or dies, it ends with the same bits. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterAll, describe, expect, test } from "vitest";
import { type ToyDynamics, toyPool } from "../../../test/toy-pool.ts";
import { outcome } from "../../../test/toy-run.ts";
import {
  finetuneIn,
  noiseEpisodes,
  pretrainOn,
  type ToyWindows,
  tinyPlanner,
  windowsOf,
} from "../../../test/trainings.ts";
import { Random, vectorSpaces } from "../../base/index.ts";
import { cpu } from "../../devices/index.ts";
import { initPlanner, type Planner } from "../../policies/index.ts";
import { EnvPool } from "../../rollout/local/index.ts";
import { Run } from "../../runs/index.ts";

const device = cpu({ threads: 1 });
const patience = { timeout: 240_000 };
const top = mkdtempSync(join(tmpdir(), "sodp-resume-"));
afterAll(() => rmSync(top, { recursive: true }));

/** Stops the process politely, as Ctrl-C or a scheduler would, and lets the signal arrive. */
async function interrupt(): Promise<void> {
  process.kill(process.pid, "SIGTERM");
  await setTimeout(5);
}

/** All that a training leaves, times aside: metrics, events, its last state, the planners of its last and best checkpoint. */
async function remains(folder: string) {
  const planners = ["last", "best"].map((name) => {
    const planner = join(folder, "checkpoints", name, "pretrained_model");
    try {
      return readdirSync(planner).map((file) => [file, readFileSync(join(planner, file), "base64")]);
    } catch {
      return null; // pre-training has no best
    }
  });
  return { ...(await outcome(folder)), planners };
}

/** Something that happens once a training has come so far, in units of its own. */
type Trouble = { readonly at: number; readonly happens: () => Promise<void> };

/**
 * Trains in a new folder. Each trouble in turn ends the process's part of it; what is left is gone on with.
 * train: returns null if it was interrupted   returns: what remains, and how many units were done in all
 */
async function troubled(
  name: string,
  troubles: readonly Trouble[],
  train: (run: Run, tick: () => Promise<void>) => Promise<Planner | null>,
) {
  const folder = join(top, name);
  let units = 0;
  for (const trouble of [...troubles, undefined]) {
    let own = 0;
    const tick = async () => {
      units++;
      if (++own === trouble?.at) await trouble.happens();
    };
    const first = trouble === troubles[0];
    const start = { kind: "toy", config: {}, overrides: {}, command: "sodp toy", seed: 0 };
    await using run = first ? await Run.start(folder, start) : await Run.resume(folder);
    const planner = await train(run, tick).catch((error) => {
      if (error.message !== "death") throw error;
      return null;
    });
    expect(planner === null, `${name}: after ${own} units`).toBe(trouble !== undefined);
  }
  return { ...(await remains(folder)), units };
}

const death = async () => {
  throw new Error("death");
};

/** Three random points of a training of so many units: each part goes on from a checkpoint and must not be over too soon. */
function randomPoints(units: number, seed: number, happens: () => Promise<void>): Trouble[] {
  const random = new Random(seed);
  return [1, 2, 3].map(() => ({ at: 1 + random.integer(Math.floor(units / 4)), happens }));
}

describe("fine-tuning", patience, () => {
  /** Walk to where one has to be, told at the start. */
  function walk(): ToyDynamics {
    let [place, target] = [0, 0];
    return {
      reset(seed) {
        [place, target] = [0, new Random(seed).uniform() * 2 - 1];
        return [place, target];
      },
      step([action]) {
        place += 0.4 * action;
        const missing = Math.abs(place - target);
        return { observation: [place, target], reward: 1 - missing, success: missing < 0.1 };
      },
    };
  }
  const stageOf = (tick: () => Promise<void>): EnvPool => {
    const pool = toyPool({ spaces: vectorSpaces(2, 1), maxSteps: 6 }, walk, 3);
    return {
      ...pool,
      play: (policy, requests, options) =>
        pool.play(
          {
            nObsSteps: policy.nObsSteps,
            nActionSteps: policy.nActionSteps,
            start: (episode) => policy.start(episode),
            async act(rows) {
              await tick();
              return policy.act(rows);
            },
          },
          requests,
          options,
        ),
    };
  };
  const planner = initPlanner(
    {
      spaces: vectorSpaces(2, 1),
      horizon: 4,
      nActionSteps: 2,
      numTrainTimesteps: 3,
      denoiser: { kind: "mlp", width: 16, blocks: 1, embeddingSize: 4 },
    },
    { observation: { state: { low: [-1, -1], high: [1, 1] } }, action: { low: [-1], high: [1] } },
    new Random(2),
  );
  const config = {
    envSteps: 260,
    episodes: 8,
    initialEpisodes: 5,
    eval: { nEpisodes: 5 },
    evalEvery: 80,
    epochs: 2,
    minibatchSize: 32,
    regularizerBatchSize: 16,
    bufferSize: 6,
    rollbackBelow: 0.9,
    learningRate: 3e-3,
  } as const;

  test.each(["gae", "time-step", "finite-horizon"] as const)("with advantage %s", async (advantage) => {
    const train = (run: Run, tick: () => Promise<void>) =>
      finetuneIn({ ...config, advantage }, planner, stageOf(tick), run, { device });
    const { units, ...whole } = await troubled(`${advantage} whole`, [], train);
    expect(whole.metrics.filter((line) => line.includes("eval/")).length).toBeGreaterThan(3);
    for (const [name, happens] of Object.entries({ interrupt, death })) {
      const points = randomPoints(units, advantage.length, happens);
      const { units: all, ...found } = await troubled(`${advantage} ${name}`, points, train);
      expect(all).toBeGreaterThan(name === "death" ? units : units - 1);
      expect(found).toEqual(whole);
    }
    // Whoever resumes what is finished gets it as it is.
    await using again = await Run.resume(join(top, `${advantage} whole`));
    expect(await train(again, async () => {})).not.toBeNull();
    expect(await remains(join(top, `${advantage} whole`))).toEqual(whole);
  });

  test("in real environments", async () => {
    const sizes = { numEnvs: 3, threads: 2 };
    await using started = await EnvPool.start({ env: "reach-v3", maxSteps: 8 }, sizes);
    const real = initPlanner(
      { ...planner.config, spaces: started.spaces },
      {
        observation: { state: { low: new Array(39).fill(-1), high: new Array(39).fill(1) } },
        action: { low: new Array(4).fill(-1), high: new Array(4).fill(1) },
      },
      new Random(3),
    );
    const train = (run: Run, tick: () => Promise<void>) => {
      const pool: EnvPool = {
        ...started,
        async play(...given) {
          await tick();
          return started.play(...given);
        },
      };
      const small = { ...config, envSteps: 200, evalEvery: 60, advantage: "gae" } as const;
      return finetuneIn(small, real, pool, run, { device });
    };
    const { units: _, ...whole } = await troubled("real whole", [], train);
    const points = [2, 1, 1].map((at) => ({ at, happens: interrupt }));
    const { units: __, ...found } = await troubled("real interrupted", points, train);
    expect(found).toEqual(whole);
  });
});

describe("pre-training", patience, () => {
  const shape = { nObsSteps: 2, horizon: 4, nActionSteps: 2 };
  const windows = windowsOf(noiseEpisodes(4, new Random(4)), shape);

  test("with evaluations on the way", async () => {
    const train = (run: Run, tick: () => Promise<void>) => {
      const ticking: ToyWindows = {
        ...windows,
        async sample(stream, batch) {
          if (batch.action.length < 256 * shape.horizon) await tick(); // not the held-out rows
          return windows.sample(stream, batch);
        },
      };
      const config = {
        planner: tinyPlanner(shape),
        steps: 60,
        batchSize: 8,
        logEvery: 3,
        evalEvery: 20,
        saveEvery: 10,
        warmupSteps: 10,
      } as const;
      const evaluate = async ({ network }: Planner) => ({ "eval/parts": Object.keys(network).length });
      return pretrainOn(config, ticking, run, { device, evaluate });
    };
    const { units, ...whole } = await troubled("pretrain whole", [], train);
    expect(units).toBe(60);
    expect(whole.metrics.filter((line) => line.includes("eval/loss"))).toHaveLength(3);
    for (const [name, happens] of Object.entries({ interrupt, death })) {
      const { units: all, ...found } = await troubled(
        `pretrain ${name}`,
        randomPoints(60, 1, happens),
        train,
      );
      if (name === "interrupt") expect(all).toBe(60);
      expect(found).toEqual(whole);
    }
  });
});
