import { readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { readText } from "../../platform/index.ts";
import { loadEngine } from "../engine.ts";
import { tasks } from "./tasks.ts";
import { complaints, parseRecording, verify } from "./verify.ts";

const folder = new URL("fixtures/", import.meta.url).pathname;
const engine = await loadEngine();

test("every task has a recording", () => {
  const recorded = readdirSync(folder).flatMap((file) => file.match(/^(.*)-v3\.json\.gz$/)?.[1] ?? []);
  expect(recorded.sort()).toEqual(Object.keys(tasks).sort());
});

describe.each(Object.keys(tasks))("%s", (name) => {
  test("replays the official episodes", { timeout: 30_000 }, async () => {
    const report = verify(engine, parseRecording(await readText(`${folder}${name}-v3.json.gz`), name));
    expect(complaints(report)).toEqual([]);
    expect(report.resetError).toBeLessThan(1e-14); // recorded with the same engine: nothing but the last digits
    expect(report.observationError).toBeLessThan(1e-11);
    expect(report.rewardError).toBeLessThan(1e-10);
  });
});
