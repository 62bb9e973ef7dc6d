/** @file Wrong calls end with one sentence, in this process; a few as people make them, in one of their own. */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CommanderError } from "commander";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { failureOf } from "../src/cli/failure.ts";
import { createProgram } from "../src/cli/program.ts";
import { savePlanner } from "../src/policies/files/index.ts";
import { writeRuns } from "./fixture-runs.ts";
import { seeingPlanner } from "./seeing-planner.ts";
import { wrongCalls } from "./wrong-calls.ts";

const top = mkdtempSync(join(tmpdir(), "sodp-wrong-"));
afterAll(() => rmSync(top, { recursive: true, force: true }));
const fixtures = join(import.meta.dirname, "fixtures");
const places: Readonly<Record<string, string>> = {
  TOP: join(top, "top"),
  DATA: join(top, "data"),
  PLANNER: join(top, "planner"),
  RUN: join(top, "runs/run"),
  H5: join(fixtures, "interchange/d4rl/door.hdf5"),
  NPZ: join(fixtures, "interchange/npz/table.npz"),
  LEROBOT: join(fixtures, "interchange/lerobot"),
  TEXT: join(top, "text.txt"),
};

beforeAll(async () => {
  mkdirSync(places.TOP);
  cpSync(join(fixtures, "dataset-0.1"), places.DATA, { recursive: true });
  await savePlanner(seeingPlanner(1), places.PLANNER);
  const config = { env: { task: "toy/reach" } };
  await writeRuns(join(top, "runs"), [{ folder: "run", seed: 1, config, success: { 10: 0.5 } }]);
  writeFileSync(places.TEXT, "It was a dark and \x1b[2Jstormy night: [\n");
});

const wordsOf = (line: string) =>
  line === ""
    ? []
    : line.split(" ").map((word) => word.replace(/^[A-Z0-9]+(?=$|\/)/, (name) => places[name] ?? name));

/** End of a call: its exit code, and what it says to stderr. */
async function ending(words: readonly string[]) {
  const said: string[] = [];
  const hear = (text: unknown) => {
    said.push(String(text));
    return true;
  };
  const spies = [
    vi.spyOn(console, "log").mockImplementation(() => {}),
    vi.spyOn(console, "error").mockImplementation(hear),
    vi.spyOn(process.stdout, "write").mockImplementation(() => true),
    vi.spyOn(process.stderr, "write").mockImplementation(hear),
  ];
  try {
    await (await createProgram(words)).parseAsync([...words], { from: "user" });
    return { exitCode: process.exitCode ?? 0, text: said.join("\n") };
  } catch (error) {
    const { text, exitCode } = failureOf(error, false);
    if (error instanceof CommanderError) return { exitCode, text: said.join("\n") };
    return { exitCode, text };
  } finally {
    process.exitCode = 0;
    for (const spy of spies) spy.mockRestore();
  }
}

describe("a wrong call", () => {
  test("is one of 150 and more", () => expect(wrongCalls.length).toBeGreaterThanOrEqual(150));

  test.each(wrongCalls)("sodp %s", { timeout: 120_000 }, async (line) => {
    const before = process.cpuUsage();
    const { exitCode, text } = await ending(wordsOf(line));
    const { user, system } = process.cpuUsage(before);
    expect(user + system).toBeLessThan(10e6); // of the processor, whoever else is at work
    expect(text).not.toMatch(/\n {4}at |defect of sodp/);
    expect(text).not.toContain("\x1b");
    expect(text.trim()).not.toBe("");
    expect(exitCode).toBeGreaterThan(0);
  });
});

test.each(["pretrian", "data info TEXT", "info /dev/zero"])(
  "in a process: sodp %s",
  { timeout: 60_000 },
  (line) => {
    const main = join(import.meta.dirname, "../src/cli/main.ts");
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ["--import", "tsx", main, ...wordsOf(line)],
      {
        encoding: "utf8",
      },
    );
    expect([status, stdout]).toEqual([expect.toSatisfy((code: number) => code === 1 || code === 2), ""]);
    expect(stderr).not.toMatch(/\n {4}at /);
  },
);
