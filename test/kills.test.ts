/** @file Commands that are killed while they write: what they leave says that it is unfinished, and is no data set. */
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterAll, expect, test } from "vitest";
import { Random, vectorSpaces } from "../src/base/index.ts";
import { openExternalDataset } from "../src/data/import/index.ts";
import { Dataset, DatasetWriter } from "../src/data/index.ts";
import { fromSource, start } from "./faults/kill.ts";

const top = mkdtempSync(join(tmpdir(), "sodp-killed-"));
afterAll(() => rmSync(top, { recursive: true }));

/** Kills a command as soon as something stands at `sign`. */
async function killAt(sign: () => boolean, ...words: readonly string[]): Promise<void> {
  const { child, end } = start(fromSource, words);
  while (!sign() && child.exitCode === null) await setTimeout(1);
  child.kill("SIGKILL");
  expect(await end).toEqual({ end: "SIGKILL", said: expect.anything() });
}

test.skipIf(process.platform === "win32")("a merge and an export", { timeout: 120_000 }, async () => {
  const [source, merged, out] = ["source", "merged", "out"].map((name) => join(top, name));
  const random = new Random(5);
  const numbers = (size: number) => random.fillUniform(new Float32Array(size));
  const writer = await DatasetWriter.create(source);
  for (let seed = 0; seed < 3; seed++)
    await writer.add(
      {
        task: "a",
        seed,
        observations: numbers(100_000),
        finalObservation: numbers(1),
        actions: numbers(100_000),
        rewards: numbers(100_000),
        successes: new Uint8Array(100_000),
        terminated: false,
      },
      vectorSpaces(1, 1),
    );
  await writer.close();

  await killAt(
    () => existsSync(join(merged, "manifest.json")),
    "data",
    "merge",
    source,
    source,
    "--out",
    merged,
  );
  await expect(Dataset.openWhole(merged)).rejects.toThrow(
    `${merged} is unfinished: the merge that writes it`,
  );

  const halves = () => readdirSync(top).filter((name) => name.startsWith("out."));
  await killAt(() => halves().length > 0, "data", "export", source, "--format", "lerobot", "--out", out);
  expect([existsSync(out), halves().length]).toEqual([false, 1]);
  await expect(openExternalDataset(join(top, halves()[0]))).rejects.toThrow();
});
