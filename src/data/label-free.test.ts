/**
 * @file A sampler of observations and actions, which is all that pre-training is given, knows neither rewards nor tasks: by
 * its type, by its parts and by what it reads. What another spec asks for is read, and nothing else.
 */
import { mkdtempSync, readSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, expectTypeOf, test, vi } from "vitest";
import { Random, type Spaces, vectorSpace } from "../base/index.ts";
import { locateTensors } from "../platform/index.ts";
import { Dataset } from "./dataset.ts";
import type { Episode, Range } from "./episodes/index.ts";
import {
  type Batch,
  EpisodeList,
  range,
  type Sampler,
  type SamplerOptions,
  samplerOf,
} from "./episodes/index.ts";
import { DatasetWriter } from "./writer.ts";

vi.mock("node:fs", async (original) => {
  const fs = await original<typeof import("node:fs")>();
  return { ...fs, readSync: vi.fn(fs.readSync) };
});

const folder = mkdtempSync(join(tmpdir(), "sodp-labels-"));
afterAll(() => rmSync(folder, { recursive: true }));

const spaces = { observation: vectorSpace("state", 3), action: vectorSpace("action", 2) };
/** Columns that a planner of 2 observations and 4 actions is pre-trained on. */
const spec = { observation: range(-1, 1), action: range(-1, 3) };
type Spec = { readonly observation: readonly number[]; readonly action: readonly number[] };
const options: SamplerOptions = { part: "train", padAfter: 1 };
const steps = 30;

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

function draw(sampler: Sampler<Spec>) {
  const batch = sampler.emptyBatch(100);
  void sampler.sample(new Random(2), batch);
  return batch;
}

/** All that can be seen of a sampler, and a batch of it. */
const seen = (sampler: Sampler<Spec>) => ({ ...sampler, emptyBatch: undefined, sample: draw(sampler) });

test("its type names observations and actions, and nothing else", () => {
  expectTypeOf<keyof Sampler<Spec>>().toEqualTypeOf<
    "spec" | "spaces" | "tasks" | "observationRange" | "actionRange" | "count" | "emptyBatch" | "sample"
  >();
  expectTypeOf<Sampler<Spec>["observationRange" | "actionRange"]>().toEqualTypeOf<Range>();
  expectTypeOf<keyof Range>().toEqualTypeOf<"low" | "high">();
  expectTypeOf<Sampler<Spec>["spaces"]>().toEqualTypeOf<Spaces>();
  expectTypeOf<keyof Batch<Spec>>().toEqualTypeOf<"observation" | "action">();
});

/** Readings of a shard's columns while `act` runs. */
async function columnsReadBy(dataset: Dataset, act: () => void): Promise<string[]> {
  const { entries } = await locateTensors(dataset.shards[0].path);
  dataset.verification.begin(); // digests every byte, and keeps none
  vi.mocked(readSync).mockClear();
  act();
  const reads = vi.mocked(readSync).mock.calls.map((call) => {
    const [, , , length, position] = call as unknown as [number, Uint8Array, number, number, number];
    return entries.find(({ begin, end }) => begin <= position && position + length <= end)?.name ?? "unknown";
  });
  return [...new Set(reads)].sort();
}

describe.each([
  ["from memory", 2 ** 28],
  ["from disk", 0],
])("a sampler %s", (name, memoryBytes) => {
  test("is the same whatever the labels", async () => {
    using a = await store(`${name} a`, new Random(3));
    using b = await store(`${name} b`, new Random(4));
    expect(a.episode(0).rewards).not.toEqual(b.episode(0).rewards);
    const [ours, theirs] = [a, b].map((dataset) => samplerOf(dataset, spec, { ...options, memoryBytes }));
    expect(seen(ours)).toEqual(seen(theirs));
  });

  test("leads to nothing but what its type names", async () => {
    using dataset = await store(`${name} parts`, new Random(3));
    expect(partsOf(samplerOf(dataset, spec, { ...options, memoryBytes }))).toEqual(parts);
  });

  test("reads no byte of any other column", async () => {
    using dataset = await store(`${name} reads`, new Random(3));
    const act = () => draw(samplerOf(dataset, spec, { ...options, memoryBytes }));
    expect(await columnsReadBy(dataset, act)).toEqual(["action", "observation.state"]);
  });

  test.each<[string, Parameters<typeof samplerOf>[1], string[]]>([
    ["rewards", { reward: [0] }, ["next.reward"]],
    ["returns to go", { returnToGo: [0, 1] }, ["next.reward"]],
    ["tasks, ends, steps and masks", { task: [0], terminated: [0], step: [0], mask: [0] }, []],
    [
      "what followed",
      { observation: [0, 1], success: [0] },
      ["episode.final_observation.state", "next.success", "observation.state"],
    ],
  ])("asked for %s reads them alone", async (what, other, columns) => {
    using dataset = await store(`${name} ${what}`, new Random(3));
    const act = () => {
      const sampler = samplerOf(dataset, other, { memoryBytes });
      void sampler.sample(new Random(2), sampler.emptyBatch(100));
    };
    expect(await columnsReadBy(dataset, act)).toEqual(columns);
  });
});

test("a sampler of episodes in memory leads to nothing else, either, and never looks at a label", () => {
  const trapped = (episode: Episode): Episode => {
    const labels = ["task", "seed", "rewards", "successes", "terminated"];
    return new Proxy(episode, {
      get(target, name) {
        if (armed && labels.includes(String(name))) throw new Error(`${String(name)} was looked at.`);
        return Reflect.get(target, name);
      },
    });
  };
  let armed = false;
  const [a, b] = [3, 4].map(
    (seed) => new EpisodeList(spaces, { episodes: episodes(new Random(seed)).map(trapped) }),
  );
  armed = true;
  expect(partsOf(samplerOf(a, spec, options))).toEqual(parts);
  expect(seen(samplerOf(a, spec, options))).toEqual(seen(samplerOf(b, spec, options)));
  expect(() => samplerOf(a, { reward: [0] }).sample(new Random(0), { reward: new Float32Array(1) })).toThrow(
    "rewards was looked at.",
  );
});

/** Properties of a sampler, by paths. */
const parts = {
  ...Object.fromEntries([-1, 0].map((_, i) => [`spec.observation.${i}`, "number"])),
  ...Object.fromEntries([-1, 0, 1, 2].map((_, i) => [`spec.action.${i}`, "number"])),
  "spaces.observation.state.shape.0": "number",
  "spaces.action.action.shape.0": "number",
  ...Object.fromEntries(
    ["observationRange", "actionRange"].flatMap((range) =>
      ["low", "high"].flatMap((end) =>
        Array.from({ length: range === "actionRange" ? 2 : 3 }, (_, i) => [`${range}.${end}.${i}`, "number"]),
      ),
    ),
  ),
  count: "number",
  emptyBatch: "function",
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
