/** @file Reading ahead of training: all that is drawn from, and no label. */
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { Random, vectorSpace } from "../base/index.ts";
import { startThread } from "../platform/index.ts";
import { Dataset } from "./dataset.ts";
import { columnParts } from "./read-ahead.ts";
import { DatasetWriter } from "./writer.ts";

const folder = mkdtempSync(join(tmpdir(), "sodp-ahead-"));
afterAll(() => rmSync(folder, { recursive: true }));

const spaces = { observation: vectorSpace("state", 3), action: vectorSpace("action", 2) };

test("observations and actions of every shard, and nothing else", async () => {
  const random = new Random(0);
  const numbers = (size: number) => random.fillNormal(new Float32Array(size));
  const writer = await DatasetWriter.create(folder);
  const written: Float32Array[] = [];
  for (const steps of [20, 30]) {
    const [observations, actions] = [numbers(3 * steps), numbers(2 * steps)];
    written.push(observations, actions);
    const labels = { rewards: numbers(steps), successes: new Uint8Array(steps), terminated: false };
    const episode = { task: "a", seed: 0, observations, actions, finalObservation: numbers(3), ...labels };
    await writer.add(episode, spaces);
    await writer.flush();
  }
  await writer.close();
  using dataset = await Dataset.open(folder);
  const parts = columnParts(dataset, { observation: [0], action: [0] });
  const read = parts.map(({ path, begin, end }) => readFileSync(path).subarray(begin, end));
  expect(read).toEqual(written.map(({ buffer }) => Buffer.from(buffer)));

  const thread = startThread(new URL("./read-ahead-thread.ts", import.meta.url), parts);
  expect(await once(thread, "exit")).toEqual([0]);
});
