import type { Worker } from "node:worker_threads";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Random } from "../base/index.ts";
import type { Env, Step } from "./env.ts";
import { makeEnv, type World } from "./make-env.ts";
import { act } from "./metaworld/expert.ts";
import { findTask } from "./metaworld/tasks.ts";
import { VectorEnv, type VectorStep } from "./vector-env.ts";
import type { PlayedChunk } from "./vector-memory.ts";

/** Short episodes of several tasks, so that ends come soon and at different steps. */
const worlds: readonly World[] = [
  { kind: "metaworld", task: "reach", maxSteps: 7 },
  { kind: "metaworld", task: "drawer-open", maxSteps: 5 },
  { kind: "metaworld", task: "push", maxSteps: 6 },
];
const size = 39;

/** The threads that vector environments start, so that tests can kill them. */
const threads: Worker[] = [];
const remember = (worker: Worker) => threads.push(worker);
beforeAll(() => process.on("worker", remember));
afterAll(() => process.off("worker", remember));

async function kill(which: number): Promise<void> {
  await threads[which].terminate();
}

/** The `t`-th actions of as many worlds, (worlds, 4). */
function actionsAt(t: number, count = worlds.length): Float64Array {
  return new Random(t).fillUniform(new Float64Array(4 * count)).map((x) => 2 * x - 1);
}

/** World `i`'s part of a vector step, as that world alone would say it: of an episode that ended, the end. */
function alone(step: VectorStep, i: number): Omit<Step, "fault"> {
  return {
    observation: step.finals[i]?.observation ?? step.observations.slice(size * i, size * (i + 1)),
    reward: step.rewards[i],
    success: step.successes[i],
    terminated: step.terminations[i],
    truncated: step.truncations[i],
    info: step.finals[i]?.info ?? step.infos[i],
  };
}

/** What single worlds say to the same actions; an episode that ends is followed by the next at once. */
function stepEach(envs: readonly Env[], t: number): { step: Step; next: Float64Array }[] {
  const actions = actionsAt(t);
  return envs.map((env, i) => {
    const step = env.step(actions.subarray(4 * i, 4 * i + 4));
    return { step, next: step.truncated ? env.reset().observation : step.observation };
  });
}

async function start(options = {}): Promise<VectorEnv> {
  threads.length = 0;
  return VectorEnv.start(worlds, { threads: 2, ...options });
}

describe("many worlds", { timeout: 60_000 }, () => {
  let vector: VectorEnv;
  beforeAll(async () => {
    vector = await start();
  });
  afterAll(() => vector[Symbol.asyncDispose]());

  test("give the same bits as each of them alone, over ends and resets", async () => {
    const envs = await Promise.all(worlds.map(makeEnv));
    const reset = await vector.reset(11);
    const first = envs.map((env, i) => env.reset(11 + i).observation);
    expect([...reset.observations]).toEqual(first.flatMap((observation) => [...observation]));
    for (let t = 0; t < 20; t++) {
      const expected = stepEach(envs, t);
      const step = await vector.step(actionsAt(t));
      expect(worlds.map((_, i) => alone(step, i))).toEqual(expected.map(({ step }) => step));
      expect([...step.observations]).toEqual(expected.flatMap(({ next }) => [...next]));
      expect(step.finals.map((final) => final !== undefined)).toEqual(step.truncations);
    }
    for (const env of envs) env[Symbol.dispose]();
  });

  test("are not misled by wakes that come late, as when a thread is put to sleep just before it wakes the other", async () => {
    const wake = Atomics.notify;
    let controls: Int32Array[] = [];
    Atomics.notify = (array, index, count) => {
      if (array instanceof Int32Array) controls.push(array);
      return wake(array as Int32Array, index, count);
    };
    await using vector = await start({ seed: 5 });
    await vector.reset();
    const timer = setInterval(() => {
      for (const control of controls) for (const slot of [0, 1]) wake(control, slot); // both directions
    });
    try {
      const envs = await Promise.all(worlds.map(makeEnv));
      envs.forEach((env, i) => {
        env.reset(5 + i);
      });
      for (let t = 0; t < 15; t++) {
        const step = await vector.step(actionsAt(t));
        await new Promise((resolve) => setTimeout(resolve, 2));
        expect(worlds.map((_, i) => alone(step, i))).toEqual(stepEach(envs, t).map(({ step }) => step));
      }
    } finally {
      clearInterval(timer);
      controls = [];
      Atomics.notify = wake;
    }
  });

  test("go on exactly after save and restore, in the same threads and in others", async () => {
    await using other = await start({ threads: 1 });
    const play = async (env: VectorEnv) => {
      const steps = [];
      for (let t = 3; t < 15; t++) steps.push(await env.step(actionsAt(t)));
      return steps;
    };
    await vector.reset(5);
    for (let t = 0; t < 3; t++) await vector.step(actionsAt(t));
    const state = structuredClone(await vector.save());
    const expected = await play(vector);
    expect(state.worlds.flatMap(({ observation }) => [...observation])).toEqual([
      ...(await other.restore(state)),
    ]);
    expect(await play(other)).toEqual(expected);
    await vector.restore(state);
    expect(await play(vector)).toEqual(expected);
  });

  test("report a simulator's lost numbers, and go on with the next episode", async () => {
    await vector.reset(5);
    const { worlds: states } = await vector.save();
    const lost = states.map((state, i) =>
      i === 1 ? { ...state, simulator: state.simulator.fill(Number.NaN) } : state,
    );
    const shown = await vector.restore({ worlds: lost });
    const step = await vector.step(actionsAt(0));
    expect(step.faults).toEqual([
      undefined,
      expect.stringContaining("drawer-open: the simulator lost"),
      undefined,
    ]);
    expect([step.rewards[1], step.truncations]).toEqual([0, [false, true, false]]);
    expect(step.finals[1]?.observation).toEqual(shown.slice(size, 2 * size));
    expect(step.observations.every(Number.isFinite)).toBe(true);
    expect((await vector.step(actionsAt(1))).faults).toEqual([undefined, undefined, undefined]);
  });

  test("leave the caller's event loop free while they step", async () => {
    await vector.reset(1);
    let beats = 0;
    const step = vector.step(actionsAt(0));
    setImmediate(() => beats++);
    await expect(vector.step(actionsAt(1))).rejects.toThrow("A call is still under way");
    await new Promise((resolve) => setImmediate(resolve));
    expect(beats).toBe(1);
    await step;
  });

  test("reset on the next step, or when told, if so set up", async () => {
    await using next = await start({ autoreset: "NextStep" });
    await next.reset(2);
    for (let t = 0; t < 4; t++) await next.step(actionsAt(t));
    const end = await next.step(actionsAt(4));
    expect(end.truncations).toEqual([false, true, false]);
    expect(end.finals).toEqual([undefined, undefined, undefined]);
    const env = await makeEnv(worlds[1]);
    env.reset(3);
    const begin = await next.step(new Float64Array(12).fill(0).fill(Number.NaN, 4, 8));
    expect(begin.observations.slice(size, 2 * size)).toEqual(env.reset().observation);
    expect([begin.rewards[1], begin.truncations[1]]).toEqual([0, false]);
    env[Symbol.dispose]();

    await using told = await start({ autoreset: "Disabled" });
    await told.reset(2);
    for (let t = 0; t < 5; t++) await told.step(actionsAt(t));
    await expect(told.step(actionsAt(5))).rejects.toThrow("World 1: the episode is over: call reset");
    const rest = await told.step(actionsAt(5), [0, 2]);
    expect(rest.observations.slice(size, 2 * size)).toEqual(end.observations.slice(size, 2 * size));
    const vector = [0, 0.9, 0];
    const again = await told.reset([8], { only: [1], each: [{ vector }] });
    expect(again.observations.slice(0, size)).toEqual(rest.observations.slice(0, size));
    expect((await told.save()).worlds[1].vector).toEqual(vector);
    expect((await told.step(actionsAt(6), [1])).truncations).toEqual([false, false, false]);
  });
});

/** What the same actions, (T, 4), make of a world alone until its episode's end. */
function playAlone(env: Env, actions: Float64Array): PlayedChunk {
  const steps: Step[] = [];
  for (let at = 0; at < actions.length && steps.at(-1)?.truncated !== true; at += 4) {
    steps.push(env.step(actions.subarray(at, at + 4)));
  }
  return {
    observations: Float64Array.from(steps.flatMap(({ observation }) => [...observation])),
    rewards: Float64Array.from(steps, ({ reward }) => reward),
    successes: Uint8Array.from(steps, ({ success }) => Number(success)),
    terminated: false,
    truncated: steps.at(-1)?.truncated ?? false,
  };
}

describe("chunks of actions", { timeout: 60_000 }, () => {
  const chunk = 4;
  let vector: VectorEnv;
  beforeAll(async () => {
    vector = await start({ autoreset: "Disabled" });
  });
  afterAll(() => vector[Symbol.asyncDispose]());

  test("give the same bits as step by step; each world stops at its own episode's end", async () => {
    const envs = await Promise.all(worlds.map(makeEnv));
    for (const seed of [20, 30]) {
      await vector.reset(seed);
      for (const [i, env] of envs.entries()) env.reset(seed + i);
      for (const [t, lengths] of [
        [chunk, chunk, chunk],
        [2, 3, 1],
      ].entries()) {
        const only = [2, 0, 1]; // across threads and out of order
        const actions = actionsAt(seed + t, only.length * chunk);
        const expected = only.map((world, i) =>
          playAlone(envs[world], actions.subarray(i * 4 * chunk, (i + 1) * 4 * chunk)),
        );
        const played = await vector.play(actions, { only });
        expect(played).toEqual(expected);
        expect(played.map(({ rewards }) => rewards.length)).toEqual(lengths);
      }
    }
    for (const env of envs) env[Symbol.dispose]();
  });

  test("and single steps follow one another; worlds that do not play show what they showed", async () => {
    await vector.reset(6);
    const played = await vector.play(actionsAt(1, 2 * 2), { only: [0, 1] });
    const [first, , third] = (await vector.save()).worlds;
    expect(first.observation).toEqual(played[0].observations.slice(-size));
    const again = await vector.reset([40], { only: [1] });
    expect(again.observations.slice(0, size)).toEqual(first.observation);
    expect(again.observations.slice(2 * size)).toEqual(third.observation);
    expect((await vector.step(actionsAt(2))).truncations).toEqual([false, false, false]);
    expect(await vector.play(actionsAt(3, chunk), { only: [1] })).toMatchObject([{ truncated: true }]);
    await expect(vector.play(actionsAt(4), { only: [0, 1, 2] })).rejects.toThrow(
      "World 1: the episode is over: call reset",
    );
  });

  test("end with the step that solves the task, if so asked, and the episode can go on", async () => {
    const world: World = { kind: "metaworld", task: "reach" };
    const { expert } = findTask(world.task);
    const env = await makeEnv(world);
    const actions: number[] = [];
    let { observation } = env.reset(9);
    for (let left = 3; left > 0; ) {
      const action = act(expert, observation);
      actions.push(...action);
      const step = env.step(action);
      observation = step.observation;
      if (step.success) left--;
    }
    env[Symbol.dispose]();
    await using reaching = await VectorEnv.start([world], { threads: 1, autoreset: "Disabled" });
    await reaching.reset([9]);
    const [whole] = await reaching.play(actions, { only: [0] });
    await reaching.reset([9]);
    const [stopped] = await reaching.play(actions, { only: [0], stopAtSuccess: true });
    const steps = whole.successes.indexOf(1) + 1;
    expect([whole.successes.length, stopped.successes.indexOf(1) + 1]).toEqual([actions.length / 4, steps]);
    expect(stopped).toEqual({
      observations: whole.observations.slice(0, steps * size),
      rewards: whole.rewards.slice(0, steps),
      successes: whole.successes.slice(0, steps),
      terminated: false,
      truncated: false,
    });
    const [rest] = await reaching.play(actions.slice(4 * steps), { only: [0] });
    expect(rest.observations).toEqual(whole.observations.slice(steps * size));
  });

  test("end where the simulator loses its numbers", async () => {
    await vector.reset(5);
    const { worlds: states } = await vector.save();
    const lost = states.map((state, i) =>
      i === 1 ? { ...state, simulator: state.simulator.fill(Number.NaN) } : state,
    );
    await vector.restore({ worlds: lost });
    const [, broken, whole] = await vector.play(actionsAt(0, 3 * chunk), { only: [0, 1, 2] });
    expect(broken.fault).toContain("drawer-open: the simulator lost");
    expect([...broken.rewards, broken.truncated]).toEqual([0, true]);
    expect([whole.rewards.length, whole.truncated, whole.fault]).toEqual([chunk, false, undefined]);
  });

  test("are under way at once and need no event loop of the caller", async () => {
    const world: World = { kind: "metaworld", task: "reach" };
    await using reaching = await VectorEnv.start([world], { threads: 1, autoreset: "Disabled" });
    const time = async (beforeAwait: () => void) => {
      await reaching.reset(1);
      const playing = reaching.play(actionsAt(0, 400), { only: [0] });
      beforeAwait();
      const begun = performance.now();
      await playing;
      return performance.now() - begun;
    };
    const whole = await time(() => {});
    const sleep = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5 * whole);
    expect(await time(sleep)).toBeLessThan(whole / 2);
  });

  test("of two vector environments are played at the same time", async () => {
    await using other = await start({ threads: 1, autoreset: "Disabled" });
    const lanes = [vector, other];
    await Promise.all(lanes.map((lane) => lane.reset(7)));
    const actions = actionsAt(7, 3 * chunk);
    const [one, two] = await Promise.all(lanes.map((lane) => lane.play(actions, { only: [0, 1, 2] })));
    expect(two).toEqual(one);
  });

  test("are lost with their thread: a truncated step with a fault; the others notice nothing", async () => {
    const long = worlds.map((world) => ({ ...world, maxSteps: 500 }));
    const options = { threads: 2, autoreset: "Disabled" } as const;
    await using unharmed = await VectorEnv.start(long, options);
    threads.length = 0;
    await using harmed = await VectorEnv.start(long, options);
    await unharmed.reset(4);
    const { observations } = await harmed.reset(4);
    const actions = actionsAt(0, 3 * 400);
    const playing = harmed.play(actions, { only: [0, 1, 2] });
    await new Promise((resolve) => setTimeout(resolve, 10));
    await kill(0);
    const [first, second, third] = await playing;
    const fault = "The thread of worlds 0 to 1 died. Its episodes were ended.";
    const ending = { rewards: new Float64Array(1), successes: new Uint8Array(1), terminated: false };
    expect([first, second]).toEqual([
      { ...ending, observations: observations.slice(0, size), truncated: true, fault },
      { ...ending, observations: observations.slice(size, 2 * size), truncated: true, fault },
    ]);
    expect(third).toEqual((await unharmed.play(actions, { only: [0, 1, 2] }))[2]);
    await expect(harmed.play(actionsAt(1), { only: [0, 1, 2] })).rejects.toThrow(
      "World 0: the episode is over",
    );
    const again = await harmed.reset([4], { only: [0] });
    expect(again.observations.slice(0, size)).toEqual(observations.slice(0, size));
    expect((await harmed.play(actionsAt(1), { only: [0] }))[0]).toMatchObject({ truncated: false });
  });
});

describe("a thread that dies", { timeout: 60_000 }, () => {
  test("between steps, ends its worlds' episodes with a fault; the others notice nothing", async () => {
    await using unharmed = await start({ threads: 1 });
    await using harmed = await start();
    await Promise.all([unharmed.reset(4), harmed.reset(4)]);
    const before = await harmed.step(actionsAt(0));
    await unharmed.step(actionsAt(0));
    await kill(0);
    const step = await harmed.step(actionsAt(1));
    const fault = "The thread of worlds 0 to 1 died. Its episodes were ended.";
    expect(step.faults).toEqual([fault, fault, undefined]);
    expect(step.truncations).toEqual([true, true, false]);
    expect([...step.rewards.slice(0, 2)]).toEqual([0, 0]);
    expect(step.finals[0]?.observation).toEqual(before.observations.slice(0, size));
    expect(step.observations.slice(0, size)).not.toEqual(before.observations.slice(0, size));
    expect(alone(step, 2)).toEqual(alone(await unharmed.step(actionsAt(1)), 2));
    const after = await harmed.step(actionsAt(2));
    expect(after.faults).toEqual([undefined, undefined, undefined]);
    expect(alone(after, 2)).toEqual(alone(await unharmed.step(actionsAt(2)), 2));
  });

  test("in the middle of a step, is replaced, and the new episodes repeat", async () => {
    const play = async () => {
      await using vector = await start();
      await vector.reset(4);
      const stepping = vector.step(actionsAt(0));
      await kill(1);
      const step = await stepping;
      return step.faults[2] === undefined ? vector.step(actionsAt(1)) : step;
    };
    const step = await play();
    expect(step.faults[2]).toBe("The thread of worlds 2 to 2 died. Its episodes were ended.");
    expect((await play()).observations.slice(2 * size)).toEqual(step.observations.slice(2 * size));
  });

  test.each(["NextStep", "Disabled"])("with autoreset %s, ends episodes like any end", async (autoreset) => {
    await using vector = await start({ autoreset });
    await vector.reset(4);
    const before = await vector.step(actionsAt(0));
    await kill(1);
    const step = await vector.step(actionsAt(1));
    expect([step.truncations, step.finals[2]]).toEqual([[false, false, true], undefined]);
    expect(step.observations.slice(2 * size)).toEqual(before.observations.slice(2 * size));
    if (autoreset === "Disabled") await vector.reset(undefined, { only: [2] });
    expect((await vector.step(actionsAt(2))).faults).toEqual([undefined, undefined, undefined]);
  });

  test("loses nothing that was saved", async () => {
    await using vector = await start();
    await vector.reset(4);
    const state = await vector.save();
    const step = await vector.step(actionsAt(0));
    await kill(0);
    await vector.restore(state);
    expect(await vector.step(actionsAt(0))).toEqual(step);
  });

  test("over a state that is none, says so and takes a good one", async () => {
    await using vector = await start();
    await vector.reset(4);
    const state = await vector.save();
    const torn = state.worlds.map((world) => ({ ...world, frame: undefined as unknown as Float64Array }));
    await expect(vector.restore({ worlds: torn })).rejects.toThrow(
      /^The thread of worlds 0 to 1 died: .+ Reset the worlds, or restore them again\.$/s,
    );
    await expect(vector.step(actionsAt(0))).rejects.toThrow("World 0: no episode is running");
    expect(await vector.restore(state)).toHaveLength(3 * size);
    await vector.step(actionsAt(0));
  });

  test("again and again, ends the run", async () => {
    const killer = (worker: Worker) => worker.once("message", () => worker.terminate());
    await using vector = await start();
    await vector.reset(4);
    process.on("worker", killer);
    await kill(0);
    await expect(vector.step(actionsAt(0))).rejects.toThrow("That was too often in a row.");
    process.off("worker", killer);
  });
});

describe("mistakes are told in a sentence", { timeout: 60_000 }, () => {
  test("by worlds that step", async () => {
    await using vector = await start();
    await expect(vector.step(actionsAt(0))).rejects.toThrow(
      "World 0: no episode is running: call reset first.",
    );
    await expect(vector.save()).rejects.toThrow("World 0 has no episode to save: call reset first.");
    const { observations } = await vector.reset(1);
    await expect(vector.step([0, 0, 0])).rejects.toThrow(
      "The actions of 3 worlds are (3, 4), 12 numbers; got 3.",
    );
    const bad = (x: number) => actionsAt(0).fill(x, 9, 10);
    await expect(vector.step(bad(Number.NaN))).rejects.toThrow(
      "World 2: Actions lie in [-1, 1]; number 1 is NaN.",
    );
    await expect(vector.step(bad(1.5))).rejects.toThrow("World 2: Actions lie in [-1, 1]; number 1 is 1.5.");
    await expect(vector.step(actionsAt(0), [3])).rejects.toThrow("Worlds are numbered 0 to 2, got 3.");
    await expect(vector.reset([1, 2])).rejects.toThrow("3 worlds are reset with as many seeds, got 2.");
    expect((await vector.reset(undefined, { only: [] })).observations).toEqual(observations);
    const wrong = vector.reset(1, { only: [1], each: [{ vector: [1] }] });
    await expect(wrong).rejects.toThrow(
      "World 1: drawer-open: a start vector has 3 finite numbers, got [1].",
    );
    await vector[Symbol.asyncDispose]();
    await expect(vector.step(actionsAt(0))).rejects.toThrow("These worlds were disposed; make new ones.");
  });

  test("by worlds that play, before any moves", async () => {
    await using vector = await start({ autoreset: "Disabled" });
    const only = [0, 2];
    await expect(vector.play(actionsAt(0, 4), { only })).rejects.toThrow("World 0: no episode is running");
    const { observations } = await vector.reset(1);
    const bad = (x: number) => actionsAt(0, 4).fill(x, 13, 14);
    await expect(vector.play(bad(Number.NaN), { only })).rejects.toThrow(
      "World 2: Actions lie in [-1, 1]; number 5 is NaN.",
    );
    await expect(vector.play(bad(-1.5), { only })).rejects.toThrow(
      "World 2: Actions lie in [-1, 1]; number 5",
    );
    for (const count of [0, 3]) {
      await expect(vector.play(actionsAt(0, count), { only })).rejects.toThrow(
        `The actions of 2 worlds are (2, T, 4), 8 numbers for each of T steps; got ${4 * count}.`,
      );
    }
    await expect(vector.play(actionsAt(0, 2), { only: [0, 3] })).rejects.toThrow(
      "Worlds are numbered 0 to 2",
    );
    await expect(vector.play(actionsAt(0, 2), { only: [2, 2] })).rejects.toThrow("World 2 is named twice");
    expect((await vector.reset(undefined, { only: [] })).observations).toEqual(observations);
    const playing = vector.play(actionsAt(0, 2), { only });
    await expect(vector.play(actionsAt(0, 2), { only })).rejects.toThrow("A call is still under way");
    await playing;
    await vector[Symbol.asyncDispose]();
    await expect(vector.play(actionsAt(0, 2), { only })).rejects.toThrow("These worlds were disposed");
    await using restarting = await start();
    await expect(restarting.play(actionsAt(0), { only: [0] })).rejects.toThrow(
      'Chunks are played in worlds with autoreset "Disabled"; these have "SameStep".',
    );
  });

  test("by worlds that cannot be", async () => {
    await expect(VectorEnv.start([])).rejects.toThrow("A vector environment needs at least one world.");
    await expect(VectorEnv.start(worlds, { threads: 0 })).rejects.toThrow("threads is a whole number from 1");
    const misspelt: World = { kind: "metaworld", task: "drawer-opn" };
    await expect(VectorEnv.start([...worlds, misspelt])).rejects.toThrow(
      'Unknown task "drawer-opn". Known: drawer-open,',
    );
  });
});
