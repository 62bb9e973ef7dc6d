/** @file Every example runs as a user runs it. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";

const root = join(import.meta.dirname, "..");
const examples = readdirSync(join(root, "examples")).filter((name) => name.endsWith(".ts"));
const folder = mkdtempSync(join(tmpdir(), "examples-"));
afterAll(() => rmSync(folder, { recursive: true }));

const run = (example: string, ...given: string[]) =>
  spawnSync(process.execPath, ["--import", "tsx", join("examples", example), ...given], {
    cwd: root,
    encoding: "utf8",
  });

test("01-gradient.ts: the gradient agrees with differences, and training with the loss", {
  timeout: 60_000,
}, () => {
  const { status, stdout, stderr } = run("01-gradient.ts", join(folder, "01"));
  expect([status, stderr]).toEqual([0, ""]);
  expect(Number(stdout.match(/differ by at most (\S+)\.\n/)?.[1])).toBeLessThan(1e-5);
  expect(Number(stdout.match(/1000 +(\S+)/)?.[1])).toBeLessThan(1e-4);
  expect(readdirSync(join(folder, "01"))).toEqual(["loss.onnx"]);
});

test("02-toy-planner.ts: learns, draws, saves and exports", { timeout: 180_000 }, () => {
  const { status, stdout, stderr } = run("02-toy-planner.ts", join(folder, "02"));
  expect([status, stderr]).toEqual([0, ""]);
  const [, distance, limit] =
    stdout.match(/distribution: (\S+); 95 % of true samples stay below (\S+)\./) ?? [];
  expect(Number(distance)).toBeLessThan(Number(limit));
  expect(readdirSync(join(folder, "02")).sort()).toEqual([
    "planner",
    "planner.onnx",
    "planner.parity.json",
    "points.svg",
  ]);
  const parity = JSON.parse(readFileSync(join(folder, "02", "planner.parity.json"), "utf8"));
  expect(parity.maximumAbsoluteError).toBeLessThan(1e-4);
});

test("03-step-a-robot.ts: solves its task, prints rewards by name, draws", { timeout: 120_000 }, () => {
  const { status, stdout, stderr } = run("03-step-a-robot.ts", join(folder, "03"));
  expect([status, stderr]).toEqual([0, ""]);
  expect(stdout).toMatch(/^Solved after \d+ steps/m);
  const [reward, reach, open] = (stdout.match(/((?: +\d+\.\d{3})+)\n\n/)?.[1] ?? "")
    .trim()
    .split(/ +/)
    .map(Number);
  expect(reward).toBeCloseTo(5 * (reach + open), 1);
  expect(readdirSync(join(folder, "03")).sort()).toEqual(["drawer-open-solved.png", "drawer-open.png"]);
});

test("04-own-environment.ts: keeps the contract, is solved, and a third of its data is", {
  timeout: 120_000,
}, () => {
  const { status, stdout, stderr } = run("04-own-environment.ts", join(folder, "04"));
  expect([status, stderr]).toEqual([0, ""]);
  expect(stdout).toMatch(/^It keeps all promises\.\nIts expert comes to rest after \d+ steps\.\n/);
  const solved = Number(stdout.match(/90 episodes, 5400 steps, (\d+) solved/)?.[1]);
  expect(Math.abs(solved / 90 - 0.3)).toBeLessThan(0.1);
});

describe.each(examples)("%s says in one sentence that it does not know", (example) => {
  test.each([
    ["a flag", ["--fast"], 'got "--fast".\n'],
    ["a second argument", ["one", "two"], 'got "two".\n'],
    ["a folder that is a file", [join(root, "package.json")], "cannot be made a folder. Give another one.\n"],
  ])("%s", { timeout: 30_000 }, (_, given, sentence) => {
    const { status, stdout, stderr } = run(example, ...given);
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr.endsWith(sentence)).toBe(true);
    expect(stderr.trim().split("\n")).toHaveLength(1);
  });
});
