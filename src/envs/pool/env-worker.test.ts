import { fileURLToPath } from "node:url";
import type { Worker } from "node:worker_threads";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Random, sizeOfSpace } from "../../base/index.ts";
import type { Env, EnvConfig, PlayedChunk, Step } from "../index.ts";
import { EnvWorker, startWorkers } from "./env-worker.ts";
import { makeEnv } from "./make-env.ts";

const patience = { timeout: 60_000 };
const module = fileURLToPath(new URL("fixtures/odd-family.mjs", import.meta.url));
const odd = (task: string, options = {}): EnvConfig => ({ env: `odd/${task}`, module, ...options });

/** The threads that workers start, so that tests can kill them. */
const threads: Worker[] = [];
const remember = (worker: Worker) => threads.push(worker);
beforeAll(() => process.on("worker", remember));
afterAll(() => process.off("worker", remember));

/** Actions of one chunk, (n, T, A). */
const actionsOf = (seed: number, count: number): Float32Array =>
  new Random(seed).fillUniform(new Float32Array(count)).map((x) => 2 * x - 1);

/** Chunk of an environment alone under the same actions, (T, A), until its episode's end. */
function playAlone(env: Env, actions: Float32Array): PlayedChunk {
  const size = sizeOfSpace(env.spec.spaces.action);
  const steps: Step[] = [];
  for (let at = 0; at < actions.length && steps.at(-1)?.truncated !== true; at += size)
    steps.push(env.step(actions.subarray(at, at + size)));
  return {
    observations: Float32Array.from(steps.flatMap(({ observation }) => [...observation])),
    rewards: Float32Array.from(steps, ({ reward }) => reward),
    successes: Uint8Array.from(steps, ({ success }) => Number(success)),
    ending: steps.at(-1)?.truncated ? "truncated" : "running",
  };
}

describe.each<EnvConfig>([
  { env: "metaworld/reach", maxSteps: 7 },
  { env: "metaworld/drawer-open", maxSteps: 5 },
  { env: "toy/around", observation: "pointCloud", maxSteps: 6 },
  odd("fine"),
])("environments of $env in a thread", patience, (config) => {
  let worker: EnvWorker;
  beforeAll(async () => {
    worker = await EnvWorker.start(config, 3);
  });
  afterAll(() => worker[Symbol.asyncDispose]());

  test("give the same bits as each of them alone, chunk by chunk, episode after episode", async () => {
    const [T, A] = [4, sizeOfSpace(worker.spec.spaces.action)];
    const envs = [await makeEnv(config), await makeEnv(config), await makeEnv(config)];
    const order = [2, 0, 1];
    for (const seed of [20, 30]) {
      const shown = await worker.reset(
        order,
        order.map((env) => seed + 2 * env),
      );
      const first = order.map((env) => envs[env].reset(seed + 2 * env).observation);
      expect([...shown]).toEqual(first.flatMap((observation) => [...observation].map(Math.fround)));
      for (const part of [1, 2]) {
        const actions = actionsOf(seed + part, 3 * T * A);
        const expected = order.map((env, i) =>
          playAlone(envs[env], actions.subarray(i * T * A, (i + 1) * T * A)),
        );
        const before = actions.slice();
        expect(await worker.play(order, actions)).toEqual(expected);
        expect(actions).toEqual(before); // they stay the caller's
      }
    }
    for (const env of envs) env[Symbol.dispose]();
  });

  test("say what they are", async () => {
    const env = await makeEnv(config);
    expect(worker.spec).toEqual(env.spec);
    expect(worker.numEnvs).toBe(3);
    env[Symbol.dispose]();
  });
});

describe("chunks", patience, () => {
  test("end with the step that solves the task, if so asked, and the episode can go on", async () => {
    await using worker = await EnvWorker.start(odd("fine"), 1);
    await worker.reset([0], [2]);
    const [stopped] = await worker.play([0], new Float32Array(5), { stopAtSuccess: true });
    expect([[...stopped.successes], stopped.ending]).toEqual([[0, 0, 0, 1], "running"]);
    const [rest] = await worker.play([0], new Float32Array(5), { stopAtSuccess: true });
    expect([[...rest.observations], rest.ending]).toEqual([[2, 5, 2, 6], "truncated"]);
  });

  test("of one worker are played while another's are", async () => {
    const workers = await startWorkers(odd("fine", { slow: 40 }), { numEnvs: 2, threads: 2 });
    expect(workers.map(({ numEnvs }) => numEnvs)).toEqual([1, 1]);
    await Promise.all(workers.map((worker) => worker.reset([0], [2])));
    const began = performance.now();
    const played = await Promise.all(workers.map((worker) => worker.play([0], new Float32Array(6))));
    expect(performance.now() - began).toBeLessThan(2 * 6 * 40);
    expect(played[0]).toEqual(played[1]);
    for (const worker of workers) await worker[Symbol.asyncDispose]();
  });

  test("are under way at once and need no event loop of the caller", async () => {
    await using worker = await EnvWorker.start(odd("fine", { slow: 50 }), 1);
    await worker.reset([0], [2]);
    const playing = worker.play([0], new Float32Array(6));
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 600);
    const began = performance.now();
    await playing;
    expect(performance.now() - began).toBeLessThan(150);
  });

  test("leave the caller's event loop free", async () => {
    await using worker = await EnvWorker.start(odd("fine", { slow: 30 }), 1);
    await worker.reset([0], [2]);
    let beats = 0;
    const timer = setInterval(() => beats++, 10);
    const playing = worker.play([0], new Float32Array(6));
    await expect(worker.play([0], new Float32Array(1))).rejects.toThrow("A call is still under way");
    await playing;
    clearInterval(timer);
    expect(beats).toBeGreaterThan(3);
  });
});

describe("a thread that dies", patience, () => {
  const lost = (observations: readonly number[]) => ({
    observations: Float32Array.from(observations),
    rewards: new Float32Array(1),
    successes: new Uint8Array(1),
    ending: "truncated",
    fault: "The thread of 2 environments died. Its episodes were ended.",
  });

  test("in the middle of a chunk, ends its episodes with a fault and is replaced", async () => {
    await using worker = await EnvWorker.start(odd("dies"), 2);
    await worker.reset([0, 1], [4, 6]);
    await worker.play([0], new Float32Array(1));
    await worker.reset([1], [7]); // an odd seed: its third step kills the thread
    expect(await worker.play([1, 0], new Float32Array(8))).toEqual([lost([7, 0]), lost([4, 1])]);
    await expect(worker.play([0, 1], new Float32Array(2))).resolves.toHaveLength(2); // still told so
    expect([...(await worker.reset([0], [8]))]).toEqual([8, 0]);
    const [chunk] = await worker.play([0], new Float32Array(1));
    expect([...chunk.observations]).toEqual([8, 1]);
    expect((await worker.play([1], new Float32Array(1)))[0].fault).toContain("died");
  });

  test("between calls, is noticed by the next, and episodes of other workers go on", async () => {
    threads.length = 0;
    const [harmed, unharmed] = await startWorkers(odd("fine"), { numEnvs: 2, threads: 2 });
    await Promise.all([harmed, unharmed].map((worker) => worker.reset([0], [2])));
    await threads[0].terminate();
    const [[broken], [whole]] = await Promise.all(
      [harmed, unharmed].map((worker) => worker.play([0], new Float32Array(2))),
    );
    expect(broken.fault).toBe("The thread of 1 environments died. Its episodes were ended.");
    expect([[...whole.observations], whole.fault]).toEqual([[2, 1, 2, 2], undefined]);
    expect([...(await harmed.reset([0], [4]))]).toEqual([4, 0]);
    await Promise.all([harmed, unharmed].map((worker) => worker[Symbol.asyncDispose]()));
  });

  test("over and over, ends the run", async () => {
    await using worker = await EnvWorker.start(odd("dies"), 1);
    const die = async () => {
      await worker.reset([0], [1]);
      return worker.play([0], new Float32Array(3));
    };
    for (let death = 0; death < 4; death++) expect((await die())[0].fault).toContain("died");
    await expect(die()).rejects.toThrow("The thread of 1 environments died. That was too often in a row.");
  });

  test("does not keep the process, nor does one that nobody disposed", async () => {
    threads.length = 0;
    const worker = await EnvWorker.start(odd("fine"), 1);
    expect(threads[0].listenerCount("exit")).toBeGreaterThan(0);
    await worker[Symbol.asyncDispose]();
    expect(threads[0].threadId).toBe(-1); // gone
  });
});

describe("mistakes are told in a sentence", patience, () => {
  test("by environments that play", async () => {
    const worker = await EnvWorker.start({ env: "toy/reach" }, 2);
    await expect(worker.play([0], new Float32Array(2))).rejects.toThrow(
      "No episode is running: call reset first.",
    );
    await worker.reset([0, 1], [1, 2]);
    await expect(worker.play([1], Float32Array.of(0, Number.NaN))).rejects.toThrow(
      "Actions lie in [-1, 1]; number 1 is NaN.",
    );
    await expect(worker.play([1], Float32Array.of(0, 1.5))).rejects.toThrow("number 1 is 1.5.");
    for (const count of [0, 3])
      await expect(worker.play([0, 1], new Float32Array(count))).rejects.toThrow(
        `The actions of 2 environments are (2, T, 2), 4 numbers for each of T steps; got ${count}.`,
      );
    await expect(worker.play([0, 2], new Float32Array(4))).rejects.toThrow("numbered 0 to 1, got 2.");
    await expect(worker.play([1, 1], new Float32Array(4))).rejects.toThrow("Environment 1 is named twice");
    await expect(worker.reset([0, 1], [1])).rejects.toThrow("reset with as many seeds, got 1.");
    await worker[Symbol.asyncDispose]();
    await expect(worker.reset([0], [1])).rejects.toThrow("These environments were disposed; make new ones.");
  });

  test.each<[EnvConfig, object, string]>([
    [
      { env: "metaworld/drawer-opn" },
      {},
      'Unknown task "metaworld/drawer-opn". Known: metaworld/drawer-open,',
    ],
    [{ env: "toy/reach", maxSteps: 0 }, {}, "Option maxSteps of toy: "],
    [{ env: "toy/reach", size: 3 }, {}, "toy has no option size. Its options: observation, maxSteps."],
    [odd("unmakeable"), {}, `${module}: make() of "odd/unmakeable" threw TypeError: no robot found.`],
    [odd("misspelt"), {}, `${module}: make() was asked for "odd/misspelt" and gave "odd/mispelt".`],
    [{ env: "odd/fine", module: "./no-such.mjs" }, {}, "There is no module ./no-such.mjs."],
    [
      { env: "toy/reach" },
      { numEnvs: 0 },
      "At least one environment is played in, on at least one thread; got 0 on 2.",
    ],
    [{ env: "toy/reach" }, { numEnvs: 4, threads: 0 }, "got 4 on 0."],
  ])("by environments that cannot be: %j", async (config, options, sentence) => {
    await expect(startWorkers(config, { numEnvs: 2, threads: 2, ...options })).rejects.toThrow(sentence);
  });
});

describe("a module that misbehaves is blamed", patience, () => {
  const play = async (task: string) => {
    await using worker = await EnvWorker.start(odd(task), 1);
    await worker.reset([0], [1]);
    return (await worker.play([0], new Float32Array(4)))[0];
  };

  test.each([
    ["no-number", "an observation whose number 1 is NaN"],
    ["no-reward", "the reward undefined"],
  ])("%s: the episode ends with a fault", async (task, what) => {
    const chunk = await play(task);
    expect(chunk.fault).toBe(`${module}: "odd/${task}" gave ${what} at step 3; the episode was ended.`);
    expect([chunk.rewards.length, chunk.ending, [...chunk.observations.slice(-2)]]).toEqual([
      3,
      "truncated",
      [1, 2],
    ]);
  });

  test.each([
    ["wrong-size", `step() of "odd/wrong-size" observed 3 numbers; state (2) has 2.`],
    ["throws", `step() of "odd/throws" threw TypeError: arm is undefined.`],
  ])("%s: the run ends with a sentence", async (task, sentence) => {
    await expect(play(task)).rejects.toThrow(`${module}: ${sentence}`);
  });
});
