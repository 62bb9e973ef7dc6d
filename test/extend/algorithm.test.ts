/** @file A new algorithm is one file and a line of the table: this one is written here, and trains from the command line. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import { z } from "zod";
import { type Offline, offlineSettings, type PolicyKind } from "../../src/algorithms/index.ts";
import { Random, type Spaces, sizeOfSpace } from "../../src/base/index.ts";
import { commandOf } from "../../src/cli/train.ts";
import { DatasetWriter } from "../../src/data/index.ts";
import { cpu } from "../../src/devices/index.ts";
import { trainingRequests } from "../../src/rollout/index.ts";
import { findPolicy } from "../../src/runs/index.ts";
import { lineEnv, playedLines } from "../line-envs.ts";

// ------------------------------------------------------------------------------------- src/algorithms/mean-action.ts

interface MeanAction {
  readonly spaces: Spaces;
  readonly mean: readonly number[];
}

const meanActionPolicy: PolicyKind<MeanAction> = {
  format: "sodp mean action",
  async save(model, folder) {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, "config.json"), JSON.stringify({ format: "sodp mean action", ...model }));
  },
  load: async (folder) => JSON.parse(await readFile(join(folder, "config.json"), "utf8")),
  describe: ({ spaces, mean }) => ({
    spaces,
    nObsSteps: 1,
    nActionSteps: 1,
    parameters: mean.length,
    config: { spaces },
  }),
  compile: async ({ mean }) => ({
    nObsSteps: 1,
    nActionSteps: 1,
    start: () => undefined,
    act: async (rows) => ({ actions: Float32Array.from(rows.flatMap(() => mean)) }),
    async [Symbol.asyncDispose]() {},
  }),
};

const columns = { action: [0] };
const MeanActionConfig = z.strictObject({
  ...offlineSettings({ steps: 100, batchSize: 32 }),
  learningRate: z.number().positive().default(0.1).describe("share of a batch's mean that is taken"),
});

/** Does what the data does on average, whatever it sees. */
const meanAction: Offline<
  z.infer<typeof MeanActionConfig>,
  MeanAction,
  { readonly rows: { readonly columns: typeof columns } }
> = {
  kind: "offline",
  name: "mean-action",
  summary: "Do what the data does on average.",
  config: MeanActionConfig,
  presets: {},
  metrics: ["train/loss"],
  policy: meanActionPolicy,
  reads: () => ({ rows: { columns } }),
  async start({ batchSize, learningRate }, { rows: { train } }) {
    const size = sizeOfSpace(train.spaces.action);
    let mean = new Float32Array(size);
    const batch = train.emptyBatch(batchSize);
    return {
      warnings: [],
      async step(random) {
        await train.sample(random, batch);
        const found = mean.map(
          (_, i) => batch.action.filter((_, at) => at % size === i).reduce((a, b) => a + b) / batchSize,
        );
        const off = Math.hypot(...mean.map((each, i) => each - found[i]));
        mean = mean.map((each, i) => each + learningRate * (found[i] - each));
        return { "train/loss": off };
      },
      evaluate: async () => ({}),
      model: async () => ({ spaces: train.spaces, mean: [...mean] }),
      state: async () => ({ tensors: { mean: { dtype: "F32", shape: [size], data: mean } }, json: {} }),
      async restore({ tensors }) {
        mean = Float32Array.from(tensors.mean.data as Float32Array);
      },
      async [Symbol.asyncDispose]() {},
    };
  },
};

// -------------------------------------------------------------------------------------------------------------------

const top = await mkdtemp(join(tmpdir(), "sodp-extend-"));
afterAll(() => rm(top, { recursive: true }));

test("it has flags, trains, is interrupted and goes on, and acts", async () => {
  const data = join(top, "data");
  const folder = join(top, "run");
  const episodes = await playedLines(["line"]);
  const writer = await DatasetWriter.create(data);
  for (const episode of episodes.items) await writer.add(episode, episodes.spaces);
  await writer.close();
  const printed: string[] = [];
  const log = vi.spyOn(console, "log").mockImplementation((text) => void printed.push(text));
  const flags = ["--dataset.root", data, "--output_dir", folder, "--steps", "60", "--threads", "1", "--json"];
  await commandOf(meanAction).parseAsync(flags, { from: "user" });
  await commandOf(meanAction).parseAsync(["--resume=true", "--config_path", folder, "--json"], {
    from: "user",
  });
  log.mockRestore();
  const [first, again] = printed.map((text) => JSON.parse(text));
  expect(first).toMatchObject({ status: "finished", metrics: { grad_steps: 60 } });
  expect(again).toMatchObject({ policy: first.policy, metrics: first.metrics });
  const help = commandOf(meanAction).helpInformation().replace(/\s+/g, " ");
  expect(help).toContain("share of a batch's mean that is taken (default: 0.1)");
  const model = await meanAction.policy.load((await findPolicy(folder)).folder);
  const actions = episodes.items.flatMap((episode) => [...episode.actions]);
  expect(model.mean[0]).toBeCloseTo(actions.reduce((a, b) => a + b, 0) / actions.length, 1);
  const env = lineEnv("line");
  await using policy = await meanAction.policy.compile(model, { env, batchSize: 8, device: cpu() });
  const [played] = await env.play(policy, trainingRequests(1, new Random(0)), { stopAtSuccess: false });
  expect(played.actions[0]).toBeCloseTo(model.mean[0], 6);
});
