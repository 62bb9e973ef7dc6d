import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import { UserError, vectorSpace } from "../base/index.ts";
import { Dataset } from "./dataset.ts";
import { DatasetWriter } from "./writer.ts";

vi.mock("node:fs/promises", async (original) => {
  const fs = await original<typeof import("node:fs/promises")>();
  return { ...fs, writeFile: vi.fn(fs.writeFile) };
});

const folder = mkdtempSync(join(tmpdir(), "sodp-full-"));
afterAll(() => rmSync(folder, { recursive: true }));

const spaces = { observation: vectorSpace("state", 3), action: vectorSpace("action", 2) };

const episode = (seed: number) => ({
  task: "a",
  seed,
  observations: new Float32Array(30),
  finalObservation: new Float32Array(3),
  actions: new Float32Array(20),
  rewards: new Float32Array(10),
  successes: new Uint8Array(10),
  terminated: false,
});

test.each([
  ["the shard", 1],
  ["the manifest", 2],
])("a disk that is full for %s costs nothing that was there, and one can go on", async (_, write) => {
  const set = join(folder, `at ${write}`);
  const writer = await DatasetWriter.create(set);
  await writer.add(episode(0), spaces);
  await writer.flush();
  await writer.add(episode(1), spaces);
  await writer.add(episode(2), spaces);
  const full = Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
  if (write === 2)
    vi.mocked(writeFile).mockImplementationOnce(vi.mocked(writeFile).getMockImplementation() ?? writeFile);
  vi.mocked(writeFile).mockRejectedValueOnce(full);
  await expect(writer.flush()).rejects.toThrow(
    new UserError(
      `The disk is full: ${set} keeps the 1 episodes it has, the next 2 could not be written. Free some space.`,
    ),
  );
  {
    using dataset = await Dataset.open(set);
    expect(dataset.episodes).toBe(1);
  }
  await writer.close();
  using dataset = await Dataset.open(set);
  expect([dataset.episodes, dataset.unlisted, readdirSync(join(set, "data")).length]).toEqual([3, [], 2]);
});
