import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, test, vi } from "vitest";
import { outcome, toyStart, walk } from "../../test/toy-run.ts";
import { UserError } from "../base/index.ts";
import { MetricsLine } from "../wire/index.ts";
import { findPolicy, Run, readRun, readRunRecord, readState, writeState } from "./index.ts";

/**
 * State of the disk: it serves `left` more calls. Then each call fails with `code`, as it does when there is no room, or
 * when the process is dead. What is being written then is half written.
 */
const disk = vi.hoisted(() => ({ left: Number.POSITIVE_INFINITY, code: "DEAD", calls: [] as string[] }));

vi.mock("./provenance.ts", () => ({ gitCommit: async () => "c0ffee", versions: () => ({ sodp: "0.0.0" }) }));
vi.mock("node:fs", async (original) =>
  failing(await original(), ["openSync", "writeFileSync", "ftruncateSync"]),
);
vi.mock("node:fs/promises", async (original) =>
  failing(await original(), ["mkdir", "open", "readdir", "rename", "rm", "symlink", "writeFile"]),
);

/** `module` whose calls of these names the disk decides on. */
function failing(module: Record<string, unknown>, names: readonly string[]): Record<string, unknown> {
  const wrapped = names.map((name) => {
    const call = module[name] as (...given: unknown[]) => unknown;
    const guarded = (...given: unknown[]) => {
      disk.calls.push(name);
      const full = disk.code === "ENOSPC";
      if (full && ["rm", "readdir", "rename", "open", "openSync", "ftruncateSync"].includes(name))
        return call(...given);
      if (disk.left-- > 0) return call(...given);
      const error = Object.assign(new Error(`${disk.code}: ${name}`), { code: disk.code, syscall: name });
      const half = () => {
        const [file, data] = given as [string, string | Uint8Array];
        return typeof data === "string" || ArrayBuffer.isView(data)
          ? call(file, data.slice(0, data.length / 2), ...given.slice(2))
          : undefined;
      };
      const torn = disk.left === -1 && name.startsWith("writeFile") ? half() : undefined;
      if (name.endsWith("Sync")) throw error;
      return Promise.resolve(torn).then(() => Promise.reject(error));
    };
    return [name, guarded];
  });
  return { ...module, ...Object.fromEntries(wrapped) };
}
const heal = () => Object.assign(disk, { left: Number.POSITIVE_INFINITY, code: "DEAD", calls: [] });

/** In memory where that is a folder: thousands of times is waited until all is on the disk. */
const top = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "sodp-runs-"));
const folder = join(top, "run");
const checkpoints = join(folder, "checkpoints");
afterAll(() => rmSync(top, { recursive: true }));
beforeEach(() => {
  heal();
  rmSync(folder, { recursive: true, force: true });
});

async function startAndWalk(steps: number): Promise<void> {
  await using run = await Run.start(folder, toyStart);
  await walk(run, steps);
}

test("a folder tells where the run comes from and what was asked", async () => {
  await using run = await Run.start(folder, {
    ...toyStart,
    config: { steps: 3 },
    overrides: { a: 1 },
    parent: "p",
  });
  expect(JSON.parse(readFileSync(join(folder, "config.json"), "utf8"))).toEqual({ steps: 3 });
  expect(JSON.parse(readFileSync(join(folder, "overrides.json"), "utf8"))).toEqual({ a: 1 });
  expect(await readRunRecord(folder)).toEqual(run.record);
  expect(run.record).toMatchObject({ kind: "toy", command: "sodp toy", seed: 7, parent: "p", git: "c0ffee" });
  expect(readFileSync(join(folder, "run.json"), "utf8")).not.toContain(process.cwd());
});

test("metrics are lines that the wire's schema reads; what JSON cannot say is null", async () => {
  await using run = await Run.start(folder, toyStart);
  run.log({ grad_steps: 1, env_steps: 64 }, { "train/loss": Number.NaN, "eval/success_rate": 0.5 });
  const line = MetricsLine.parse(JSON.parse(readFileSync(join(folder, "metrics.jsonl"), "utf8")));
  expect(line).toMatchObject({ grad_steps: 1, env_steps: 64, "train/loss": null, "eval/success_rate": 0.5 });
});

describe("checkpoints", () => {
  test("the two latest and the best are kept", async () => {
    await startAndWalk(40); // best at 10
    expect(readdirSync(checkpoints)).toEqual(["000000010", "000000035", "000000040", "best", "last"]);
    await using run = await Run.resume(folder);
    expect([run.best, run.last]).toEqual([join(checkpoints, "000000010"), join(checkpoints, "000000040")]);
    expect((await readState(join(checkpoints, "best"))).json).toMatchObject({ step: 10 });
  });

  test("a step that has one keeps it; an earlier step is a mistake of ours", async () => {
    await using run = await Run.start(folder, toyStart);
    await run.checkpoint(5, (at) => writeState(at, {}, "first"));
    await run.checkpoint(5, (at) => writeState(at, {}, "second"));
    expect((await readState(join(checkpoints, "000000005"))).json).toBe("first");
    await expect(run.checkpoint(4, async () => undefined)).rejects.toThrow(
      "Checkpoint 4 after checkpoint 5.",
    );
  });

  test("one whose writing fails leaves nothing, and the run goes on", async () => {
    await using run = await Run.start(folder, toyStart);
    const fails = run.checkpoint(1, async (at) => {
      await writeState(at, {}, 1);
      throw new Error("mid-way");
    });
    await expect(fails).rejects.toThrow("mid-way");
    expect(readdirSync(checkpoints)).toEqual([]);
    await walk(run, 10);
    expect(run.last).toBe(join(checkpoints, "000000010"));
  });

  test("scores that are no numbers are no scores; of equal ones the last is best", async () => {
    await using run = await Run.start(folder, toyStart);
    for (const [step, score] of [Number.NaN, 0.5, 0.5, Number.POSITIVE_INFINITY].entries())
      await run.checkpoint(step, (at) => writeState(at, {}, step), { score });
    expect(run.best).toBe(join(checkpoints, "000000002"));
  });
});

test("a planner is found by its run, its checkpoint, or itself", async () => {
  const planner = (step: string) => join(checkpoints, step, "pretrained_model");
  {
    await using run = await Run.start(folder, toyStart);
    await expect(findPolicy(folder)).rejects.toThrow("has no checkpoint yet");
    const save = async (at: string) => {
      mkdirSync(run.policyIn(at));
      writeFileSync(join(run.policyIn(at), "config.json"), "{}");
    };
    await run.checkpoint(1, save);
    expect((await findPolicy(folder)).folder).toBe(planner("000000001"));
    await run.checkpoint(2, save, { score: 1 });
    await run.checkpoint(3, save, { score: 0 });
  }
  const run = await readRunRecord(folder);
  expect(await findPolicy(folder)).toEqual({ folder: planner("000000002"), run, runFolder: folder });
  expect(await findPolicy(join(checkpoints, "last"))).toEqual({
    folder: planner("last"),
    run,
    runFolder: folder,
  });
  const third = planner("000000003");
  expect(await findPolicy(third)).toEqual({ folder: third, run, runFolder: folder });
  expect(await findPolicy(top)).toEqual({ folder: top, run: null, runFolder: null });
});

test("state comes back with the same bits, -0 and NaN too", async () => {
  const json = {
    zero: -0,
    none: [Number.NaN, -Infinity, Infinity],
    tiny: 5e-324,
    text: "NaN",
    deep: { a: null },
  };
  const data = Float32Array.of(Number.NaN, -0, 1e-45);
  await writeState(folder, { w: { dtype: "F32", shape: [3], data } }, json);
  const state = await readState(folder);
  expect(state.json).toEqual(json);
  expect(Buffer.from(state.tensors.w.data.buffer)).toEqual(Buffer.from(data.buffer));
  await expect(writeState(folder, {}, { w: data })).rejects.toThrow('"w" belongs among the tensors');
});

describe("refusals", () => {
  test("a folder that holds a run", async () => {
    await startAndWalk(1);
    const sentence = `${folder} already holds a run. Resume it (--resume=true --config_path ${folder})`;
    await expect(Run.start(folder, toyStart)).rejects.toThrow(sentence);
  });

  test("but not a folder whose run came to nothing", async () => {
    await (await Run.start(folder, toyStart))[Symbol.asyncDispose]();
    await using run = await Run.start(folder, { ...toyStart, seed: 8 });
    expect((await readRunRecord(folder)).seed).toBe(8);
    expect(readFileSync(join(folder, "log.txt"), "utf8").trim().split("\n")).toHaveLength(1);
    expect(run.last).toBeUndefined();
  });

  test("a folder with files of other kinds, which stay as they were", async () => {
    mkdirSync(folder);
    writeFileSync(join(folder, "config.json"), "mine");
    await expect(Run.start(folder, toyStart)).rejects.toThrow(
      `would overwrite ${join(folder, "config.json")}`,
    );
    expect(readFileSync(join(folder, "config.json"), "utf8")).toBe("mine");
    expect(readdirSync(folder)).toEqual(["config.json"]);
  });

  test("to resume what is no run, or a newer sodp's", async () => {
    await expect(Run.resume(folder)).rejects.toThrow(`${folder} holds no run: it has no run.json.`);
    await startAndWalk(1);
    const path = join(folder, "run.json");
    writeFileSync(path, readFileSync(path, "utf8").replace('"version": 1', '"version": 2'));
    await expect(Run.resume(folder)).rejects.toThrow(
      `${path} is of format version 2; this sodp reads versions up to 1. Update it.`,
    );
  });

  test("two processes, or one twice, at one folder", async () => {
    await using _ = await Run.start(folder, toyStart);
    await expect(Run.resume(folder)).rejects.toThrow(`${folder} is being written by another process.`);
  });

  test("a folder that starts and holds a checkpoint: what is there is kept", async () => {
    await startAndWalk(10);
    writeFileSync(join(folder, ".starting"), "");
    await expect(Run.start(folder, toyStart)).rejects.toThrow(`${folder} already holds a run. Resume it`);
    await using run = await Run.resume(folder);
    expect(run.last).toBe(join(checkpoints, "000000010"));
    expect(existsSync(join(folder, ".starting"))).toBe(false);
  });

  test("a checkpoint without its record", async () => {
    await startAndWalk(10);
    rmSync(join(checkpoints, "000000010", "checkpoint.json"));
    await expect(Run.resume(folder)).rejects.toThrow("Remove the folder to do without this checkpoint.");
    rmSync(join(checkpoints, "000000010"), { recursive: true });
    await using run = await Run.resume(folder);
    expect(run.last).toBe(join(checkpoints, "000000005"));
  });
});

describe("a run that was copied or harmed elsewhere", () => {
  const events = join(folder, "tb", "events.out.tfevents.sodp");
  const notes: string[] = [];
  const resumed = () => Run.resume(folder, { note: (text) => notes.push(text) });
  beforeEach(() => void notes.splice(0));

  test("with its links followed goes on, and has links again", async () => {
    await startAndWalk(40);
    const expected = await outcome(folder);
    rmSync(folder, { recursive: true });
    await startAndWalk(20);
    cpSync(folder, `${folder}-copy`, { recursive: true, dereference: true });
    rmSync(folder, { recursive: true });
    renameSync(`${folder}-copy`, folder);
    expect(lstatSync(join(checkpoints, "last")).isDirectory()).toBe(true);
    await using run = await resumed();
    await walk(run, 40);
    expect(readlinkSync(join(checkpoints, "last"))).toBe("000000040");
    expect(await outcome(folder)).toEqual(expected);
  });

  test("tells that metrics are missing, and keeps both files readable", async () => {
    await startAndWalk(10);
    const whole = readFileSync(join(folder, "metrics.jsonl"));
    const wholeEvents = readFileSync(events);
    truncateSync(join(folder, "metrics.jsonl"), whole.length - 20);
    truncateSync(events, wholeEvents.length - 5);
    await using run = await resumed();
    expect(notes).toEqual([
      `${join(folder, "metrics.jsonl")} is shorter than the last checkpoint says, by 20 bytes: numbers before it are missing.`,
      `${events} is shorter than the last checkpoint says, by 5 bytes: numbers before it are missing.`,
    ]);
    await walk(run, 12);
    const steps = (await readRun(folder)).metrics.map(({ grad_steps }) => grad_steps);
    expect(steps).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12]);
    expect((await outcome(folder)).events).toHaveLength(1 + 11);
  });

  const files = ["pretrained_model/config.json", "training_state/state.json", "checkpoint.json"];
  test.each(files)("is refused by the name of the file where any bit of %s is another", async (file) => {
    {
      await using run = await Run.start(folder, toyStart);
      await run.checkpoint(3, async (at) => {
        await writeState(at, {}, { step: 3, rate: 0.25 });
        mkdirSync(run.policyIn(at));
        writeFileSync(join(run.policyIn(at), "config.json"), '{ "low": [-1.5], "high": [2] }');
      });
    }
    const checkpoint = join(checkpoints, "000000003");
    const path = join(checkpoint, file);
    const whole = readFileSync(path);
    const readAll = async () => {
      await using run = await Run.resume(folder);
      await findPolicy(run.folder);
      await readState(run.last ?? "");
    };
    await readAll();
    for (let bit = 0; bit < 8 * whole.length; bit += 37) {
      const torn = Buffer.from(whole);
      torn[bit >> 3] ^= 1 << (bit & 7);
      writeFileSync(path, torn);
      const error = await readAll().catch((error) => error);
      const harmless = file === "checkpoint.json" && sameJson(torn, whole);
      if (!harmless)
        expect([bit, error?.name, error?.message]).toEqual([bit, "UserError", expect.stringContaining(path)]);
    }
  });
});

/** True if both are the same value: spaces, and digits that no number keeps, are no part of it. */
function sameJson(a: Buffer, b: Buffer): boolean {
  try {
    return JSON.stringify(JSON.parse(a.toString())) === JSON.stringify(JSON.parse(b.toString()));
  } catch {
    return false;
  }
}

test("a checkpoint of version 1, which had no digests, is read", async () => {
  await startAndWalk(10);
  const path = join(checkpoints, "000000010", "checkpoint.json");
  const { files: _, sha256: __, ...old } = JSON.parse(readFileSync(path, "utf8"));
  writeFileSync(path, JSON.stringify({ ...old, version: 1 }));
  await using run = await Run.resume(folder);
  expect((await readState(run.last ?? "")).json).toMatchObject({ step: 10 });
});

describe("whichever call of the disk is the last", () => {
  const steps = 15; // three checkpoints, the first of which goes when the third has come
  const patience = { timeout: 120_000 };
  const seen = async () => {
    await startAndWalk(steps);
    const { calls } = disk;
    return { expected: await outcome(folder), count: calls.length };
  };

  test(
    "a run that died there is resumed, or started anew, and ends as if nothing had been",
    patience,
    async () => {
      const { expected, count } = await seen();
      expect(count).toBeGreaterThan(100);
      for (let left = 0; left < count; left++) {
        rmSync(folder, { recursive: true, force: true });
        Object.assign(disk, { left, code: "DEAD" });
        await startAndWalk(steps).catch((error) => expect(error.message).toMatch(/^DEAD/));
        heal();
        const died = existsSync(join(folder, "run.json"));
        await using run = died ? await Run.resume(folder) : await Run.start(folder, toyStart);
        expect(readdirSync(checkpoints).filter((name) => name.startsWith("."))).toEqual([]);
        await walk(run, steps);
        expect(await outcome(folder), `dead at call ${left}`).toEqual(expected);
      }
    },
  );

  test(
    "a disk that is full there is told in a sentence, and nothing that was there is lost",
    patience,
    async () => {
      const { expected, count } = await seen();
      let told = 0;
      for (let left = 0; left < count; left++) {
        rmSync(folder, { recursive: true, force: true });
        Object.assign(disk, { left, code: "ENOSPC" });
        const error = await startAndWalk(steps).then(
          () => undefined,
          (error) => error,
        );
        heal();
        if (error === undefined) continue;
        told++;
        expect(error, `full at call ${left}`).toBeInstanceOf(UserError);
        expect(error.message).toMatch(/^The disk is full: .*\.$/);
        const kept = /Checkpoint (\d+) is kept/.exec(error.message)?.[1];
        await using run = existsSync(join(folder, "run.json"))
          ? await Run.resume(folder)
          : await Run.start(folder, toyStart);
        expect(run.last).toBe(kept === undefined ? undefined : join(checkpoints, kept.padStart(9, "0")));
        await walk(run, steps);
        expect(await outcome(folder)).toEqual(expected);
      }
      expect(told).toBeGreaterThan(30);
    },
  );
});
