import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import fc from "fast-check";
import { afterAll, describe, expect, test, vi } from "vitest";
import { climb, type Tick, type ToyModel, walk } from "../../test/toy-algorithms.ts";
import { toyPool } from "../../test/toy-pool.ts";
import { outcome } from "../../test/toy-run.ts";
import { vectorSpaces } from "../base/index.ts";
import { type EnvPool, stepsOf } from "../rollout/index.ts";
import { Run } from "../runs/index.ts";
import { trainOffline, trainOnline } from "./loop.ts";

vi.setConfig({ testTimeout: 60_000 }); // hundreds of runs, on machines that may be busy

const top = mkdtempSync(join(tmpdir(), "sodp-loop-"));
afterAll(() => rmSync(top, { recursive: true }), 60_000);
let runs = 0;
const newFolder = () => join(top, `${runs++}`);
const begin = (folder: string) =>
  Run.start(folder, { kind: "toy", config: {}, overrides: {}, command: "sodp toy", seed: 0 });

type Train = (run: Run, tick?: Tick) => Promise<ToyModel | null>;
const offline =
  (config: Record<string, unknown>): Train =>
  (run, tick) =>
    trainOffline(walk(tick), config, {}, run);

/** Pays for an action of at least a half, and is solved by it. */
const payingEnv = (task: string) =>
  toyPool({ task, spaces: vectorSpaces(1, 1), maxSteps: 2 }, () => ({
    reset: () => [0],
    step: ([action]) => ({ observation: [action], reward: action, success: action >= 0.5 }),
  }));
const online =
  (config: Record<string, unknown>, envs: readonly EnvPool[] = [payingEnv("toy")]): Train =>
  (run, tick) =>
    trainOnline(climb(tick), config, { envs, policy: undefined }, run);

/** Lines of a run's log, without times. */
const linesOf = (folder: string): Record<string, number>[] =>
  readFileSync(join(folder, "metrics.jsonl"), "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
const stepsWith = (folder: string, metric: string, axis = "grad_steps") =>
  linesOf(folder)
    .filter((line) => metric in line)
    .map((line) => line[axis]);

async function trained(train: Train, tick?: Tick) {
  const folder = newFolder();
  await using run = await begin(folder);
  return { folder, model: await train(run, tick) };
}

describe("due dates", () => {
  test("of gradient steps are the multiples, and the end", async () => {
    const saved: number[] = [];
    let steps = 0;
    const { folder } = await trained(
      offline({ steps: 10, logEvery: 3, evalEvery: 4, saveEvery: 5 }),
      (what) => {
        if (what === "step") steps++;
        if (what === "save") saved.push(steps);
      },
    );
    expect(stepsWith(folder, "train/loss")).toEqual([3, 6, 9, 10]);
    expect(stepsWith(folder, "eval/loss")).toEqual([4, 8, 10]);
    expect(saved).toEqual([5, 10]);
  });

  test("of environment steps: every iteration, the evaluation before it, and the end", async () => {
    const { folder } = await trained(online({ envSteps: 30, evalEvery: 16 }));
    expect(stepsWith(folder, "train/weight", "env_steps")).toEqual([8, 16, 24, 32]); // 4 episodes of 2 steps
    expect(stepsWith(folder, "eval/success_rate", "env_steps")).toEqual([0, 16, 32]);
  });

  test("are the same whatever they are and wherever the training was interrupted", () =>
    fc.assert(
      fc.asyncProperty(
        fc.record({
          steps: fc.integer({ min: 1, max: 14 }),
          logEvery: fc.integer({ min: 1, max: 15 }),
          evalEvery: fc.integer({ min: 1, max: 15 }),
          saveEvery: fc.integer({ min: 1, max: 15 }),
        }),
        fc.integer({ min: 1, max: 14 }),
        async (config, at) => {
          const { folder } = await trained(offline(config));
          const multiples = (every: number) =>
            Array.from({ length: config.steps }, (_, i) => i + 1).filter(
              (step) => step % every === 0 || step === config.steps,
            );
          expect(stepsWith(folder, "train/loss")).toEqual(multiples(config.logEvery));
          expect(stepsWith(folder, "eval/loss")).toEqual(multiples(config.evalEvery));
          const troubled = await throughTrouble(offline(config), at, death);
          expect(await outcome(troubled)).toEqual(await outcome(folder));
        },
      ),
      { numRuns: 25 },
    ));
});

/** Stops the process politely, as Ctrl-C or a scheduler would, and lets the signal arrive. */
const interruption = async (signal: NodeJS.Signals) => {
  process.kill(process.pid, signal);
  await setTimeout(3);
};
const death = async () => {
  throw new Error("death");
};

/** Trains; `happens` before the `at`-th thing that is done; what is left is gone on with. Returns the run's folder. */
async function throughTrouble(train: Train, at: number, happens: () => Promise<void>): Promise<string> {
  const folder = newFolder();
  let ticks = 0;
  const tick = async () => {
    if (++ticks === at) await happens();
  };
  {
    await using run = await begin(folder);
    await train(run, tick).catch((error) => {
      if (error.message !== "death") throw error;
    });
  }
  await using run = await Run.resume(folder);
  expect(await train(run)).not.toBeNull();
  return folder;
}

/** All that a run leaves, times aside. */
async function remains(folder: string) {
  const policies = ["last", "best"].map((name) => {
    const checkpoint = join(folder, "checkpoints", name);
    return readdirSync(join(folder, "checkpoints")).includes(name)
      ? readFileSync(join(checkpoint, "pretrained_model", "config.json"), "utf8")
      : null;
  });
  return { ...(await outcome(folder)), policies };
}

describe("a training that is interrupted, or dies, before whatever it does next, ends with the same bits", () => {
  const trainings: Record<string, Train> = {
    offline: offline({ steps: 9, logEvery: 2, evalEvery: 4, saveEvery: 3 }),
    online: online({ envSteps: 70, evalEvery: 20, initialEpisodes: 3 }),
    "online, in two environments": online({ envSteps: 90, evalEvery: 20, rollbackBelow: null }, [
      payingEnv("one"),
      payingEnv("other"),
    ]),
  };
  test.each(Object.entries(trainings))("%s", async (_, train) => {
    let ticks = 0;
    const { folder } = await trained(train, (what) => {
      if (what !== "dispose") ticks++;
    });
    const whole = await remains(folder);
    expect(ticks).toBeGreaterThan(8);
    for (let at = 1; at <= ticks; at++) {
      for (const signal of ["SIGINT", "SIGTERM", "SIGUSR1"] as const) {
        if (at % 3 !== ["SIGINT", "SIGTERM", "SIGUSR1"].indexOf(signal)) continue; // each of them, at a third of the points
        expect(await remains(await throughTrouble(train, at, () => interruption(signal)))).toEqual(whole);
      }
      expect(await remains(await throughTrouble(train, at, death))).toEqual(whole);
    }
  });

  test.each(Object.entries(trainings))("%s: what is over stays as it is", async (_, train) => {
    const { folder, model } = await trained(train);
    const whole = await remains(folder);
    await using run = await Run.resume(folder);
    expect(await train(run)).toEqual(model);
    expect(await remains(folder)).toEqual(whole);
  });

  test("an interrupted training saves, and returns nothing", async () => {
    const folder = newFolder();
    await using run = await begin(folder);
    let steps = 0;
    const model = await offline({ steps: 9, saveEvery: 100 })(run, async (what) => {
      if (what === "step" && ++steps === 4) await interruption("SIGTERM");
    });
    expect(model).toBeNull();
    expect(run.signal).toBe("SIGTERM");
    expect(run.last).toMatch(/000000004$/);
  });
});

describe("the best weights", () => {
  /** Evaluations come out as `script` says. */
  async function scripted(script: readonly number[], rollbackBelow: number | null = 0.5) {
    const evaluated: number[] = [];
    const restarts: number[] = [];
    const explored: number[] = [];
    const real = payingEnv("toy");
    const pool: EnvPool = {
      ...real,
      async play(policy, requests, options) {
        const played = await real.play(policy, requests, options);
        const action = played[0].actions[0];
        if (requests.length === 4) {
          explored.push(action - 0.1);
          return played;
        }
        evaluated.push(action);
        const solved = script[evaluated.length - 1] * requests.length;
        return played.map((episode, i) => ({ ...episode, successes: Uint8Array.of(Number(i < solved)) }));
      },
    };
    const config = { envSteps: 8 * (script.length - 1), evalEvery: 8, eval: { nEpisodes: 8 }, rollbackBelow };
    const folder = newFolder();
    await using run = await begin(folder);
    const model = await online(config, [pool])(run, (what) => {
      if (what === "restart") restarts.push(evaluated.length);
    });
    expect(evaluated).toHaveLength(script.length);
    const lines = linesOf(folder).filter((line) => "eval/success_rate" in line);
    expect(lines.map((line) => line["eval/success_rate"])).toEqual(script);
    const best = JSON.parse(
      readFileSync(join(folder, "checkpoints", "best", "pretrained_model", "config.json"), "utf8"),
    ).model[0];
    const rolledBack = lines.map((line) => line["eval/rolled_back"]);
    return { model: model?.[0], best, evaluated, explored, restarts, rolledBack };
  }

  test("come back at the end, and lie in the best checkpoint; of equals, the later", async () => {
    const { model, best, evaluated, rolledBack } = await scripted([0.25, 1, 1, 0.75]);
    expect(rolledBack).toEqual([0, 0, 0, 0]);
    expect(model).toBeCloseTo(evaluated[2], 6);
    expect(best).toBeCloseTo(evaluated[2], 6);
    expect(evaluated[3]).not.toBeCloseTo(evaluated[2], 6);
  });

  test("return when success collapses, and learning goes on from them", async () => {
    const { model, best, evaluated, explored, rolledBack, restarts } = await scripted([
      0.5, 1, 0.75, 0.25, 0.75,
    ]);
    expect(rolledBack).toEqual([0, 0, 0, 1, 0]);
    expect(restarts).toEqual([4]);
    expect(explored[3]).toBeCloseTo(evaluated[1], 6);
    expect(model).toBeCloseTo(evaluated[1], 6);
    expect(best).toBeCloseTo(evaluated[1], 6);
  });

  test("do not return before anything succeeded, nor where the algorithm keeps none: then the last are the end", async () => {
    expect((await scripted([0, 0, 0.25])).rolledBack).toEqual([0, 0, 0]);
    const { model, evaluated, rolledBack } = await scripted([1, 0, 0], null);
    expect(rolledBack).toEqual([undefined, undefined, undefined]);
    expect(model).toBeCloseTo(evaluated[2], 6);
  });
});

describe("several environments", () => {
  test("have a metric each, and their mean", async () => {
    const { folder } = await trained(
      online({ envSteps: 40, evalEvery: 16, rollbackBelow: null }, [payingEnv("one"), payingEnv("other")]),
    );
    const [evaluation, iteration] = linesOf(folder);
    expect(Object.keys(evaluation)).toEqual(
      expect.arrayContaining(["eval/success_rate", "eval/success_rate/one", "eval/success_rate/other"]),
    );
    const { "rollout/ep_rew_mean/one": one, "rollout/ep_rew_mean/other": other, ...rest } = iteration;
    expect(rest["rollout/ep_rew_mean"]).toBeCloseTo((one + other) / 2, 9);
  });

  test("steps of all of them count", async () => {
    let played = 0;
    const counting = (task: string): EnvPool => {
      const pool = payingEnv(task);
      return {
        ...pool,
        async play(policy, requests, options) {
          const found = await pool.play(policy, requests, options);
          if (requests.length === 4) played += stepsOf(found);
          return found;
        },
      };
    };
    const { folder } = await trained(online({ envSteps: 40 }, [counting("one"), counting("other")]));
    expect(linesOf(folder).at(-1)?.env_steps).toBe(played);
  });
});

describe("a loss that is no number", () => {
  test("stops the training in a sentence; the last checkpoint stays, and goes on", async () => {
    const config = { steps: 9, logEvery: 1, saveEvery: 3 };
    const { folder: sound } = await trained(offline(config));
    const folder = newFolder();
    {
      await using run = await begin(folder);
      const lost = walk(undefined, (steps) => (steps === 5 ? Number.NaN : undefined));
      await expect(trainOffline(lost, config, {}, run)).rejects.toThrow(
        "Step 5: train/loss is NaN. Lower the learning rate or check the data.",
      );
    }
    await using run = await Run.resume(folder);
    expect(run.last).toMatch(/000000003$/);
    await offline(config)(run);
    expect(await outcome(folder)).toEqual(await outcome(sound));
  });
});

describe("what cannot be", () => {
  test.each<[string, Train]>([
    ["walk: steps: Too small: expected number to be >0.", offline({ steps: 0 })],
    ['walk: Unrecognized key: "step".', offline({ step: 5 })],
    ["climb: eval.nEpisodes: Too small: expected number to be >0.", online({ eval: { nEpisodes: 0 } })],
  ])("is refused in a sentence: %s", async (sentence, train) => {
    await using run = await begin(newFolder());
    await expect(train(run)).rejects.toThrow(sentence);
  });
});

test("a learner is disposed once, when all is done", async () => {
  for (const train of [offline({ steps: 2 }), online({ envSteps: 20 })]) {
    const done: string[] = [];
    await trained(train, (what) => void done.push(what));
    expect(done.indexOf("dispose")).toBe(done.length - 1);
  }
});

test("warnings about the data are told once, when a run begins", async () => {
  const told: string[] = [];
  const folder = newFolder();
  const start = { kind: "toy", config: {}, overrides: {}, command: "sodp toy", seed: 0 };
  {
    await using run = await Run.start(folder, start, { note: (text) => void told.push(text) });
    await offline({ steps: 2 })(run);
  }
  await using run = await Run.resume(folder, { note: (text) => void told.push(text) });
  await offline({ steps: 2 })(run);
  expect(told).toEqual(["It only walks."]);
});
