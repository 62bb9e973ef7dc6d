import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { Random, vectorSpaces } from "../base/index.ts";
import { isHeldOut } from "../data/episodes/index.ts";
import { type Episode, EpisodeList, range } from "../data/index.ts";
import { cpu } from "../devices/index.ts";
import { Run } from "../runs/index.ts";
import { trainOffline } from "./loop.ts";
import { samplersOf } from "./readings.ts";
import { pretrain } from "./sodp/pretrain.ts";

const top = mkdtempSync(join(tmpdir(), "sodp-readings-"));
afterAll(() => rmSync(top, { recursive: true }));

/** Episodes whose observations are their numbers. */
function episodes(count: number, steps = 20): EpisodeList {
  const random = new Random(count);
  return new EpisodeList(vectorSpaces(1, 1), {
    episodes: Array.from(
      { length: count },
      (_, i): Episode => ({
        task: "toy/point",
        seed: i,
        observations: new Float32Array(steps).fill(i),
        finalObservation: Float32Array.of(i),
        actions: random.fillUniform(new Float32Array(steps)),
        rewards: new Float32Array(steps),
        successes: new Uint8Array(steps),
        terminated: false,
      }),
    ),
  });
}

const reading = { windows: { columns: { observation: [0], action: range(0, 8) }, padAfter: 7 } };
async function seen(sampler: ReturnType<typeof samplersOf<typeof reading>>["windows"]["train"]) {
  const batch = sampler.emptyBatch(2000);
  await sampler.sample(new Random(0), batch);
  return [...new Set(batch.observation)].sort((a, b) => a - b);
}

test.each([1, 2, 3, 4, 5, 6])(
  "of %i episodes, of which none is held out, all are learned from",
  async (count) => {
    const { train, heldOut } = samplersOf(episodes(count), reading).windows;
    expect(await seen(train)).toEqual([...Array(count).keys()]);
    expect(heldOut).toBeUndefined();
  },
);

test("of more, those held out are not learned from", async () => {
  const { train, heldOut } = samplersOf(episodes(60), reading).windows;
  const numbers = [...Array(60).keys()];
  expect(await seen(train)).toEqual(numbers.filter((number) => !isHeldOut(number)));
  expect(heldOut && (await seen(heldOut))).toEqual(numbers.filter(isHeldOut));
});

test("pre-training takes a single episode, and says that there is no held-out loss", {
  timeout: 120_000,
}, async () => {
  const folder = join(top, "run");
  const config = pretrain.config.parse({
    steps: 4,
    evalEvery: 2,
    batchSize: 8,
    planner: {
      horizon: 8,
      nActionSteps: 4,
      numTrainTimesteps: 4,
      denoiser: { kind: "mlp", width: 8, blocks: 1, embeddingSize: 8 },
    },
  });
  const start = { kind: "pretrain", config: {}, overrides: {}, command: "sodp pretrain", seed: 0 };
  await using run = await Run.start(folder, start);
  const data = samplersOf(episodes(1), pretrain.reads(config));
  const device = cpu({ threads: 1 });
  expect(await trainOffline(pretrain, config, data, run, { device })).not.toBeNull();
  expect(readFileSync(join(folder, "log.txt"), "utf8")).toContain("Nothing is held out of so few episodes");
  expect(readFileSync(join(folder, "metrics.jsonl"), "utf8")).not.toContain("eval/loss");
});
