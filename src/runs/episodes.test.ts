import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { Random } from "../base/index.ts";
import type { RecordedEpisode } from "../wire/index.ts";
import { type RecordedEpisodes, readEpisodes, writeEpisodes } from "./episodes.ts";

const top = mkdtempSync(join(tmpdir(), "sodp-episodes-"));
afterAll(() => rmSync(top, { recursive: true }));
const random = new Random(1);

function episode(task: string, seed: number, steps: number, actionSize: number): RecordedEpisode {
  const uniform = (count: number) => random.fillUniform(new Float32Array(count));
  const successes = Uint8Array.from({ length: steps }, (_, i) => Number(i === seed));
  return { task, seed, actions: uniform(steps * actionSize), rewards: uniform(steps), successes };
}

const episodes = (): RecordedEpisodes => ({
  policy: { type: "planner", path: "runs/a", weights_sha256: "0f" },
  tasks: [
    {
      env: { env: "toy/reach", maxSteps: 9 },
      episodes: [episode("toy/reach", 3, 5, 2), episode("toy/reach", 4, 1, 2)],
    },
    { env: { env: "metaworld/push" }, episodes: [episode("metaworld/push", 2 ** 31, 3, 4)] },
    { env: { env: "toy/around" }, episodes: [] },
  ],
});

test("come back as they were, whatever the sizes of their actions", async () => {
  const written = episodes();
  await writeEpisodes(join(top, "a/b"), written);
  expect(await readEpisodes(join(top, "a/b"))).toEqual(written);
  expect(await readEpisodes(join(top, "a"))).toBeUndefined();
  const record = JSON.parse(readFileSync(join(top, "a/b/episodes.json"), "utf8"));
  expect(record.tasks[0]).toMatchObject({ seeds: [3, 4], steps: [5, 1], success: [true, false] });
});

test("files that are not each other's, changed, or of a newer version are refused", async () => {
  const [one, other] = [join(top, "one"), join(top, "other")];
  await writeEpisodes(one, episodes());
  await writeEpisodes(other, episodes());
  const path = join(one, "episodes.json");
  const text = readFileSync(path, "utf8");
  writeFileSync(path, text.replace('"seeds": [\n    3', '"seeds": [\n    5'));
  await expect(readEpisodes(one)).rejects.toThrow("is damaged, or was changed by hand");
  writeFileSync(path, text.replace('"version": 1', '"version": 2'));
  await expect(readEpisodes(one)).rejects.toThrow("reads versions up to 1. Update it.");
  writeFileSync(path, readFileSync(join(other, "episodes.json")));
  await expect(readEpisodes(one)).rejects.toThrow(/episodes.safetensors is not what .* was written with/);
});
