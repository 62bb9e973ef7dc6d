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

const ported = Object.keys(tasks).filter((name) => tasks[name].expert.phases.length > 0);

describe.each(ported)("%s", (name) => {
  test("replays the official episodes", { timeout: 30_000 }, async () => {
    expect(
      complaints(verify(engine, parseRecording(await readText(`${folder}${name}-v3.json.gz`), name))),
    ).toEqual([]);
  });
});
