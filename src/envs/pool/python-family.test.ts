import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { EnvWorker } from "./env-worker.ts";
import { makeEnv } from "./make-env.ts";

const counting = `${fileURLToPath(new URL("../python/fixtures/counting_env.py", import.meta.url))}:make`;

describe("an environment in Python", { timeout: 60_000 }, () => {
  test("can be stepped among many, in threads", async () => {
    await using worker = await EnvWorker.start({ env: `python/${counting}`, maxSteps: 2 }, 2);
    expect([...(await worker.reset([0, 1], [3, 4]))]).toEqual([3, 0, 0, 0, 4, 0, 0, 0]);
    const [first, second] = await worker.play([0, 1], Float32Array.of(0, 0, -1, -1));
    expect([[...first.observations], [...second.observations]]).toEqual([
      [3, 1, 5, 5],
      [4, 1, 0, 0],
    ]);
    const [broken, ended] = await worker.play([0, 1], Float32Array.of(0.5, 0, 0, 0));
    expect(broken.fault).toContain("it raised ValueError: no such move.");
    expect([ended.ending, ended.fault]).toEqual(["truncated", undefined]);
  });

  test("is a family like others, but cannot be saved", async () => {
    using env = await makeEnv({ env: `python/${counting}`, arguments: { steps: 3 } });
    env.reset(1);
    expect(() => env.save()).toThrow(`"${counting}" runs in Python and cannot be saved.`);
    await expect(makeEnv({ env: `python/${counting}`, pyhton: "python3" })).rejects.toThrow(
      "python has no option pyhton. Its options: arguments, python, timeoutSeconds, maxSteps.",
    );
  });
});
