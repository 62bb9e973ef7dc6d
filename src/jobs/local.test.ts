import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterAll, describe, expect, test, vi } from "vitest";
import { UserError } from "../base/index.ts";
import type { Job, JobConfig } from "./job.ts";
import { type JobState, type LocalOptions, runLocally } from "./local.ts";

vi.setConfig({ testTimeout: 120_000 }); // processes, on machines that may be busy

const top = mkdtempSync(join(tmpdir(), "sodp-jobs-"));
afterAll(() => rmSync(top, { recursive: true }));
const program = [
  process.execPath,
  "--import",
  "tsx",
  join(import.meta.dirname, "../../test/fake-command.ts"),
];

/** A list of jobs with a folder of its own. */
function list(name: string) {
  const root = join(top, name);
  const job = (id: string, config: JobConfig, more: Partial<Job> = {}): Job => ({
    id,
    command: "fake",
    folder: join(root, id),
    config: { folder: join(root, id), ...config },
    ...more,
  });
  const log = (id: string) =>
    readFileSync(join(root, id, "log.txt"), "utf8")
      .trimEnd()
      .split("\n");
  const run = (jobs: readonly Job[], options: Partial<LocalOptions> = {}) =>
    runLocally(jobs, { records: join(root, "jobs"), program, processes: 2, ...options });
  const record = (id: string) => JSON.parse(readFileSync(join(root, "jobs", `${id}.json`), "utf8"));
  return { root, job, log, run, record };
}
const statuses = (states: readonly JobState[]) => states.map(({ job, status }) => `${job.id} ${status}`);
/** The lines of processes: how each began. */
const begins = (lines: readonly string[]) =>
  lines.filter((line) => line.includes("pid")).map((line) => line.split(",")[0]);
const steps = (lines: readonly string[]) => lines.filter((line) => line.startsWith("step")).length;

test("jobs run once, in the order of their needs, and tell what they printed", async () => {
  const { root, job, log, run, record } = list("order");
  const order: string[] = [];
  const notes: string[] = [];
  const jobs = [
    job("c", { steps: 1 }, { needs: ["a", "nested/b"] }),
    job("nested/b", { steps: 1 }, { needs: ["a"] }),
    job("a", { steps: 2 }),
  ];
  const options = {
    onStart: ({ id }: Job) => order.push(id),
    onNote: ({ id }: Job, text: string) => notes.push(`${id}: ${text}`),
  };
  const states = await run(jobs, options);
  expect(order).toEqual(["a", "nested/b", "c"]);
  expect(notes).toEqual(["a: fake is done", "nested/b: fake is done", "c: fake is done"]);
  expect(states.map(({ result }) => result)).toEqual([
    { folder: join(root, "c"), step: 1 },
    { folder: join(root, "nested/b"), step: 1 },
    { folder: join(root, "a"), step: 2 },
  ]);
  expect(record("nested/b")).toMatchObject({
    status: "finished",
    attempts: 1,
    folder: "./nested/b",
    config: { folder: "./nested/b", steps: 1 },
  });

  const again = await run(jobs, options);
  expect(order).toHaveLength(3);
  expect(again.map(({ result, seconds }) => [result, seconds])).toEqual(
    states.map(({ result, seconds }) => [result, seconds]),
  );
  expect(begins(log("a"))).toEqual(["started at 0"]);
});

test("as many run at once as are asked for, no more", async () => {
  const { job, run } = list("parallel");
  const jobs = ["a", "b", "c", "d", "e"].map((id) => job(id, { steps: 3, pause: 30 }));
  let most = 0;
  await run(jobs, {
    processes: 3,
    onProgress: (states) => {
      most = Math.max(most, states.filter(({ status }) => status === "running").length);
    },
  });
  expect(most).toBe(3);
});

test("progress is that of all jobs, and ends with them", async () => {
  const { job, run } = list("progress");
  const jobs = [job("a", { steps: 3 }), job("b", { steps: 5 }, { needs: ["a"] })];
  const seen: string[] = [];
  const states = await run(jobs, {
    onProgress: (all) =>
      seen.push(all.map(({ progress }) => (progress ? `${progress.done}/${progress.total}` : "-")).join(" ")),
  });
  expect(seen).toContain("2/3 -");
  expect(seen).toContain("3/3 4/5");
  expect(states.map(({ progress }) => progress?.values)).toEqual([{ step: "3" }, { step: "5" }]);
});

test("a process that exits with 75 is started again, from where it was", async () => {
  const { job, log, run, record } = list("requeue");
  const states = await run([job("a", { steps: 4, requeue_at: 2 })]);
  expect(statuses(states)).toEqual(["a finished"]);
  expect(begins(log("a"))).toEqual(["started at 0", "resumed at 2"]);
  expect(steps(log("a"))).toBe(4);
  expect(record("a")).toMatchObject({ attempts: 2, result: { step: 4 } });
});

describe("a failed job", () => {
  test("is told with its last lines; what does not need it is run, what needs it is not", async () => {
    const { root, job, run, record } = list("failure");
    const jobs = [
      job("bad", { steps: 3, fail_at: 2 }),
      job("good", { steps: 3, pause: 50 }),
      job("after-bad", { steps: 1 }, { needs: ["bad"] }),
      job("after-good", { steps: 1 }, { needs: ["good"] }),
    ];
    const error = await run(jobs).catch((error) => error);
    expect(error).toBeInstanceOf(UserError);
    expect(error.message).toBe("bad ended with exit code 1:");
    expect(error.details.at(0)).toBe("  line 10");
    expect(error.details.slice(-2)).toEqual(["  line 29", "Not started, for want of these: after-bad."]);
    expect(existsSync(join(root, "after-bad"))).toBe(false);
    expect([record("bad"), record("good"), record("after-good")]).toMatchObject([
      { status: "failed", error: expect.stringContaining("line 29") },
      { status: "finished" },
      { status: "finished" },
    ]);
  });

  test.skipIf(process.platform === "win32")("that was killed goes on the next time", async () => {
    const { job, log, run } = list("killed");
    const jobs = [job("a", { steps: 5, kill_at: 2 }), job("b", { steps: 1 }, { needs: ["a"] })];
    await expect(run(jobs)).rejects.toThrow("a was killed by SIGKILL.");
    expect(statuses(await run(jobs))).toEqual(["a finished", "b finished"]);
    expect(begins(log("a"))).toEqual(["started at 0", "resumed at 2"]);
    expect(steps(log("a"))).toBe(5);
  });

  test("for want of a program is an error of its own", async () => {
    const { job, run } = list("no-program");
    await expect(run([job("a", { steps: 1 })], { program: [join(top, "nothing")] })).rejects.toThrow(
      "ENOENT",
    );
  });
});

describe.skipIf(process.platform === "win32")("a list that is stopped", () => {
  test("starts nothing more, is no failure, and goes on from its checkpoints", async () => {
    const { job, log, run, record } = list("stopped");
    const jobs = [
      job("a", { steps: 40, pause: 25 }),
      job("b", { steps: 40, pause: 25 }),
      job("c", { steps: 1 }),
    ];
    const stop = new AbortController();
    const onProgress = (states: readonly JobState[]) => {
      if (states.slice(0, 2).every(({ progress }) => (progress?.done ?? 0) >= 2)) stop.abort();
    };
    const stopped = await run(jobs, { signal: stop.signal, onProgress });
    expect(statuses(stopped)).toEqual(["a interrupted", "b interrupted", "c waiting"]);
    expect(record("a")).toMatchObject({ status: "interrupted", attempts: 1 });
    const whole = await run(jobs);
    expect(statuses(whole)).toEqual(["a finished", "b finished", "c finished"]);
    for (const id of ["a", "b"]) {
      expect(begins(log(id))).toEqual(["started at 0", expect.stringMatching(/^resumed at \d+$/)]);
      expect(steps(log(id))).toBe(40);
    }
    expect(whole[0].seconds).toBeGreaterThan(stopped[0].seconds);
  });

  test("before it began starts nothing", async () => {
    const { job, run } = list("never");
    const states = await run([job("a", { steps: 1 })], { signal: AbortSignal.abort() });
    expect(statuses(states)).toEqual(["a waiting"]);
  });

  test("by the death of the runner, whatever kind, ends its processes too", async () => {
    const { root, job, log, run } = list("orphans");
    const jobs = [job("a", { steps: 1000, pause: 20 })];
    const script = `
      import { runLocally } from ${JSON.stringify(join(import.meta.dirname, "index.ts"))};
      await runLocally(${JSON.stringify(jobs)}, ${JSON.stringify({ records: join(root, "jobs"), program, processes: 1 })});
    `;
    const runner = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "-e", script], {
      stdio: ["ignore", "inherit", "inherit"],
    });
    while (!existsSync(join(root, "a", "log.txt")) || steps(log("a")) < 2) await setTimeout(20);
    await expect(run(jobs)).rejects.toThrow("is being written by another process");
    runner.kill("SIGKILL");
    const pid = Number(log("a")[0].match(/pid (\d+)/)?.[1]);
    await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow("ESRCH"), { timeout: 30_000 });
    const done = steps(log("a"));
    expect(done).toBeLessThan(1000);
    expect(readFileSync(join(root, "a", "step.txt"), "utf8")).toBe(`${done}`);
  });
});

test("a command that goes on by itself is repeated", async () => {
  const { job, log, run } = list("repeated");
  const jobs = [job("a", { steps: 3, fail_at: 2 }, { goesOn: "repeat" })];
  await expect(run(jobs)).rejects.toThrow("exit code 1");
  expect(statuses(await run(jobs))).toEqual(["a finished"]);
  expect(begins(log("a"))).toEqual(["started at 0", "started at 2"]);
});

test("a command that cannot go on begins anew in an empty folder, if the job was begun before", async () => {
  const { root, job, log, run } = list("anew");
  const jobs = [job("a", { steps: 3, fail_at: 2 }, { goesOn: "restart" })];
  await expect(run(jobs)).rejects.toThrow("exit code 1");
  writeFileSync(join(root, "a", "left.txt"), "");
  await expect(run(jobs)).rejects.toThrow("exit code 1");
  expect(begins(log("a"))).toEqual(["started at 0"]);
  expect(existsSync(join(root, "a", "left.txt"))).toBe(false);
});

describe("ids", () => {
  test("of a job that was run otherwise are refused in a sentence", async () => {
    const { root, job, run } = list("changed");
    await run([job("a", { steps: 1 })]);
    await expect(run([job("a", { steps: 2 })])).rejects.toThrow(
      new UserError(
        `a was run with --steps 1, not 2. Choose another folder, or remove ${join(root, "jobs", "a.json")} and ` +
          `${join(root, "a")} to run it anew.`,
      ),
    );
    await expect(run([job("a", { steps: 1 }, { command: "other" })])).rejects.toThrow(
      "a was run with sodp fake, not sodp other.",
    );
  });

  test("of a folder that was moved are the same jobs", async () => {
    const { root, job, run } = list("here");
    await run([job("a", { steps: 1 })]);
    const there = list("there");
    renameSync(root, there.root);
    expect(statuses(await there.run([there.job("a", { steps: 1 })]))).toEqual(["a finished"]);
    expect(begins(there.log("a"))).toHaveLength(1);
  });

  test("of jobs whose folder is gone begin anew", async () => {
    const { root, job, log, run, record } = list("gone");
    await run([job("a", { steps: 1 })]);
    rmSync(join(root, "a"), { recursive: true });
    expect(statuses(await run([job("a", { steps: 1 })]))).toEqual(["a finished"]);
    expect([begins(log("a")), record("a").attempts]).toEqual([["started at 0"], 2]);
  });

  test.each<[string, (job: ReturnType<typeof list>["job"]) => readonly Job[], string]>([
    ["twice", (job) => [job("a", {}), job("a", {})], "a is named twice"],
    ["of no such form", (job) => [job("../a", {})], '"../a" is no id of a job'],
    [
      "that are not there",
      (job) => [job("a", {}, { needs: ["b"] })],
      "Job a needs b, which is not in the list.",
    ],
    [
      "in a circle",
      (job) => [job("a", {}, { needs: ["b"] }), job("b", {}, { needs: ["a"] }), job("c", {})],
      "Jobs need each other: a, b.",
    ],
  ])("%s are refused", async (name, jobs, message) => {
    const { root, job, run } = list(`refused-${name}`);
    await expect(run(jobs(job))).rejects.toThrow(message);
    expect(existsSync(root)).toBe(false);
  });
});

describe("a record", () => {
  const fixture = readFileSync(join(import.meta.dirname, "fixtures/job-1.json"), "utf8");
  /** A list with one job, and its record's text. */
  function recorded(name: string, text: string) {
    const made = list(name);
    for (const folder of ["a", "jobs"]) mkdirSync(join(made.root, folder), { recursive: true });
    writeFileSync(join(made.root, "jobs", "a.json"), text);
    return made.run([made.job("a", { steps: 2 })]);
  }

  test("of version 1 is read: what it says is finished is not run again", async () =>
    expect(await recorded("version-1", fixture)).toMatchObject([
      { status: "finished", seconds: 12.5, result: { step: 2 } },
    ]));

  test.each([
    ["newer", fixture.replace('"version": 1', '"version": 2'), "is of format version 2; this sodp reads"],
    ["torn", fixture.slice(0, 40), "is damaged: it is not JSON."],
    ["incomplete", fixture.replace('"attempts": 3,', ""), "is damaged: attempts:"],
  ])("that is %s is refused, and says what can be done", async (name, text, sentence) => {
    const refused = recorded(name, text);
    await expect(refused).rejects.toThrow(sentence);
    await expect(refused).rejects.toThrow("Without this file, a begins anew.");
  });
});
