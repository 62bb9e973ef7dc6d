import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test, vi } from "vitest";
import type { PythonOptions } from "../index.ts";
import { PythonEnv } from "./python-env.ts";

const file = fileURLToPath(new URL("./fixtures/counting_env.py", import.meta.url));
const counting = `${file}:make`;

/** Commands to the counting environment, as actions in [-1, 1]. */
const orders = {
  raise: [0.5, 0],
  die: [0.75, 0],
  hang: [0.875, 0],
  loseNumbers: [0.25, 0],
  terminate: [1, 0],
};

describe("an environment in Python", { timeout: 60_000 }, () => {
  test("keeps the contract", async () => {
    using env = await PythonEnv.start(counting, { arguments: { steps: 3 } });
    expect(env.spec).toEqual({
      name: `python/${counting}`,
      spaces: {
        observation: { state: { shape: [4], dtype: "float32" } },
        action: { action: { shape: [2] } },
      },
      maxSteps: Number.POSITIVE_INFINITY,
      controlPeriod: 0.02,
    });
    expect(env.reset(7)).toEqual({ observation: Float64Array.of(7, 0, 0, 0), info: { fresh: 1 } });
    expect(env.step([-1, 1])).toEqual({
      observation: Float64Array.of(7, 1, 0, 10),
      reward: 0.25,
      success: false,
      terminated: false,
      truncated: false,
      info: { is_success: 0 },
    });
    env.step([0, 0]);
    expect(env.step([0, 0])).toMatchObject({ success: true, truncated: true });
    expect(() => env.step([0, 0])).toThrow("The episode is over: call reset before the next step.");
    expect(env.reset().observation[0]).toBe(-1);
    expect(env.step(orders.terminate)).toMatchObject({ terminated: true, truncated: false });
  });

  test("may choose among actions and observe in parts", async () => {
    using env = await PythonEnv.start(`${file}:choosing`);
    expect(env.spec.spaces.observation).toMatchObject({ choice: { shape: [3] }, place: { shape: [2, 1] } });
    expect(env.spec.spaces.action).toEqual({ action: { shape: [3] } });
    expect([...env.reset().observation]).toEqual([1, 0, 0, 1, 2]);
    expect([...env.step([-0.5, 0.1, 0.3]).observation]).toEqual([0, 0, 1, 3, 4]);
  });

  test("says what the caller did wrong", async () => {
    const env = await PythonEnv.start(counting);
    expect(() => env.step([0, 0])).toThrow("No episode is running: call reset first.");
    expect(() => env.reset(1, { goal: 3 })).toThrow(
      `"${counting}" could not be reset with the seed 1: it raised KeyError: 'goal'.`,
    );
    env.reset(1);
    expect(() => env.step([0])).toThrow("An action has 2 numbers, got 1.");
    expect(() => env.step([0, Number.NaN])).toThrow("Actions lie in [-1, 1]; number 1 is NaN.");
    env[Symbol.dispose]();
    expect(() => env.reset(1)).toThrow("This environment was disposed; make a new one.");
  });

  test.each([
    ["raises", orders.raise, "it raised ValueError: no such move."],
    ["dies", orders.die, "its Python process died (exit code 3, its last words: segmentation fault, say)."],
    ["hangs", orders.hang, "it did not answer within 1 s."],
    ["loses its numbers", orders.loseNumbers, "its reward is NaN."],
  ])("that %s in a step ends the episode and can be reset", async (_, action, reason) => {
    using env = await PythonEnv.start(counting, { timeoutSeconds: 1 });
    env.reset(2);
    const { observation } = env.step([0, 0]);
    const step = env.step(action);
    expect(step.fault).toBe(`"${counting}" failed at step 2: ${reason} The episode was ended.`);
    expect(step).toMatchObject({ observation, reward: 0, truncated: true });
    expect(() => env.step([0, 0])).toThrow("The episode is over");
    expect([...env.reset(4).observation]).toEqual([4, 0, 0, 0]);
    expect(env.step([0, 0]).reward).toBe(0.25);
  });

  test.each<[string, string, Partial<PythonOptions>, string]>([
    ["Python", "CartPole-v1", { python: "no-such-python" }, 'There is no program "no-such-python".'],
    [
      "file",
      "missing.py:make",
      {},
      'Unknown Python environment "missing.py:make": there is no file missing.py',
    ],
    ["function", `${file}:maek`, {}, `${file} has no function maek`],
    ["luck", `${file}:unmakeable`, {}, "could not be made: it raised RuntimeError: no robot found."],
  ])("that has no %s is refused", async (_, id, options, message) => {
    await expect(PythonEnv.start(id, options)).rejects.toThrow(message);
  });
});

/** An interpreter that has Gymnasium, if there is one. */
const python = [process.env.GYMNASIUM_PYTHON, ".venv/bin/python", "python3"].find(
  (candidate) => candidate !== undefined && spawnSync(candidate, ["-c", "import gymnasium"]).status === 0,
);

describe.skipIf(python === undefined)("with Gymnasium", { timeout: 60_000 }, () => {
  const given = python === undefined ? {} : { python };

  test("its environments are ours", async () => {
    using env = await PythonEnv.start("Pendulum-v1", given);
    expect(env.spec).toMatchObject({
      spaces: { observation: { state: { shape: [3] } }, action: { action: { shape: [1] } } },
      maxSteps: 200,
    });
    const play = () => [env.reset(5), ...Array.from({ length: 20 }, (_, i) => env.step([Math.sin(i)]))];
    const first = play();
    expect(play()).toEqual(first);
    for (let i = 20; i < 199; i++) env.step([0]);
    expect(env.step([0])).toMatchObject({ terminated: false, truncated: true });
  });

  test("an unknown id is answered by Gymnasium's advice", async () => {
    await expect(PythonEnv.start("CartPol-v1", given)).rejects.toThrow(
      /^Unknown Python environment "CartPol-v1": .*Did you mean: `CartPole`.* is named first: module:CartPol-v1\.$/,
    );
  });
});

const bare = ["python3"].find(
  (candidate) => spawnSync(candidate, ["-c", "import gymnasium"]).status === 1 && existsSync(file),
);
test.skipIf(bare === undefined)(
  "without Gymnasium, its environments are refused",
  { timeout: 60_000 },
  async () => {
    await expect(PythonEnv.start("CartPole-v1")).rejects.toThrow(
      "python3 has no package gymnasium. Install it: python3 -m pip install gymnasium",
    );
  },
);

test.skipIf(process.platform !== "linux")(
  "an environment in the midst of a step ends with a process that is killed",
  { timeout: 60_000 },
  async () => {
    const program = `
      import { PythonEnv } from ${JSON.stringify(fileURLToPath(new URL("./python-env.ts", import.meta.url)))};
      const env = await PythonEnv.start(${JSON.stringify(counting)});
      env.reset(1);
      setTimeout(() => env.step(${JSON.stringify(orders.hang)}), 50);
      console.log("stepping");
    `;
    const child = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "-e", program], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(child.stdout, "data");
    const tasks = `/proc/${child.pid}/task`;
    const children = readdirSync(tasks).flatMap((task) =>
      readFileSync(`${tasks}/${task}/children`, "utf8").trim().split(" ").filter(Boolean),
    );
    const python = children.map(Number).filter((pid) => commandOf(pid).includes("gymnasium_server.py"));
    expect(python).toHaveLength(1);
    await new Promise((resolve) => setTimeout(resolve, 300)); // into the step
    child.kill("SIGKILL");
    await vi.waitFor(() => expect(commandOf(python[0])).toBe(""), { timeout: 20_000, interval: 100 });
  },
);

/** Command line of a process; empty once it has ended. */
function commandOf(pid: number): string {
  const path = `/proc/${pid}/cmdline`;
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}
