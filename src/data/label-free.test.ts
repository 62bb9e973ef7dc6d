/** @file What pre-training is given knows neither rewards nor tasks, by its type, by its parts and by what it reads. */
import { mkdtempSync, readSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, expectTypeOf, test, vi } from "vitest";
import { Random, vectorSpace } from "../base/index.ts";
import { locateTensors } from "../platform/index.ts";
import { Dataset } from "./dataset.ts";
import { windowsOf } from "./dataset-windows.ts";
import type { Episode } from "./episodes/index.ts";
import { type Range, type Trajectory, type WindowBatch, type Windows, windowsOfEpisodes } from "./windows.ts";
import { DatasetWriter } from "./writer.ts";

vi.mock("node:fs", async (original) => {
  const fs = await original<typeof import("node:fs")>();
  return { ...fs, readSync: vi.fn(fs.readSync) };
});

const folder = mkdtempSync(join(tmpdir(), "sodp-labels-"));
afterAll(() => rmSync(folder, { recursive: true }));

const shape = { nObsSteps: 2, horizon: 4, nActionSteps: 2 };
const steps = 30;
const spaces = { observation: vectorSpace("state", 3), action: vectorSpace("action", 2) };

/** Equal numbers but for the labels, which `label` draws. */
function episodes(label: Random): Episode[] {
  const random = new Random(1);
  const normal = (size: number) => random.fillNormal(new Float32Array(size));
  return Array.from({ length: 40 }, () => ({
    task: `task ${label.integer(5)}`,
    seed: label.integer(1000),
    observations: normal(steps * 3),
    finalObservation: normal(3),
    actions: normal(steps * 2),
    rewards: label.fillNormal(new Float32Array(steps)),
    successes: Uint8Array.from({ length: steps }, () => label.integer(2)),
    terminated: label.integer(2) === 1,
  }));
}

async function store(name: string, label: Random): Promise<Dataset> {
  const writer = await DatasetWriter.create(join(folder, name));
  for (const episode of episodes(label)) await writer.add(episode, spaces);
  await writer.close();
  return Dataset.open(join(folder, name));
}

function draw(windows: Windows) {
  const out = { observations: new Float32Array(100 * 2 * 3), plans: new Float32Array(100 * 4 * 2) };
  windows.sample(new Random(2), 100, out);
  return out;
}

test("its type names observations and actions, and nothing else", () => {
  expectTypeOf<keyof Windows>().toEqualTypeOf<
    "observationSize" | "actionSize" | "observationRange" | "actionRange" | "count" | "sample"
  >();
  expectTypeOf<Windows["observationRange" | "actionRange"]>().toEqualTypeOf<Range>();
  expectTypeOf<keyof Range>().toEqualTypeOf<"low" | "high">();
  expectTypeOf<Windows["sample"]>().toEqualTypeOf<
    (random: Random, size: number, out: WindowBatch) => void | Promise<void>
  >();
  expectTypeOf<keyof WindowBatch>().toEqualTypeOf<"observations" | "plans">();
  expectTypeOf<keyof Trajectory>().toEqualTypeOf<"observations" | "finalObservation" | "actions">();
});

describe.each([
  ["from memory", 2 ** 28],
  ["from disk", 0],
])("windows %s", (name, memoryBytes) => {
  test("are the same whatever the labels", async () => {
    using a = await store(`${name} a`, new Random(3));
    using b = await store(`${name} b`, new Random(4));
    expect(a.episode(0).rewards).not.toEqual(b.episode(0).rewards);
    const [ours, theirs] = [a, b].map((dataset) => windowsOf(dataset, shape, "train", { memoryBytes }));
    expect({ ...ours, sample: draw(ours) }).toEqual({ ...theirs, sample: draw(theirs) });
  });

  test("lead to nothing but what their type names", async () => {
    using dataset = await store(`${name} parts`, new Random(3));
    expect(partsOf(windowsOf(dataset, shape, "train", { memoryBytes }))).toEqual(parts);
  });

  test("read no byte of any other column", async () => {
    using dataset = await store(`${name} reads`, new Random(3));
    const { entries } = await locateTensors(dataset.shards[0].path);
    vi.mocked(readSync).mockClear();
    draw(windowsOf(dataset, shape, "train", { memoryBytes }));
    const reads = vi.mocked(readSync).mock.calls.map((call) => {
      const [, , , length, position] = call as unknown as [number, Uint8Array, number, number, number];
      return entries.find(({ begin, end }) => begin <= position && position + length <= end)?.name;
    });
    expect(reads.length).toBeGreaterThan(0);
    expect([...new Set(reads)].sort()).toEqual(["action", "observation.state"]);
  });
});

test("windows of episodes in memory lead to nothing else, either", () => {
  const [a, b] = [3, 4].map((seed) => windowsOfEpisodes(episodes(new Random(seed)), shape));
  expect(partsOf(a)).toEqual(parts);
  expect(draw(a)).toEqual(draw(b));
});

/** What windows consist of, by paths. */
const parts = {
  observationSize: "number",
  actionSize: "number",
  ...Object.fromEntries(
    ["observationRange", "actionRange"].flatMap((range) =>
      ["low", "high"].flatMap((end) =>
        Array.from({ length: range === "actionRange" ? 2 : 3 }, (_, i) => [`${range}.${end}.${i}`, "number"]),
      ),
    ),
  ),
  count: "number",
  sample: "function",
};

/** The types of all that can be reached by properties, hidden and inherited ones too. */
function partsOf(value: unknown, path = ""): Record<string, string> {
  if (typeof value !== "object" || value === null) return { [path]: typeof value };
  const prototype = Object.getPrototypeOf(value);
  expect([Object.prototype, Array.prototype]).toContain(prototype);
  const names = Reflect.ownKeys(value).filter((name) => !(Array.isArray(value) && name === "length"));
  return Object.assign(
    {},
    ...names.map((name) =>
      partsOf(Reflect.get(value, name), path === "" ? String(name) : `${path}.${String(name)}`),
    ),
  );
}
