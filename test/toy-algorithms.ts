/**
 * @file Algorithms that need neither networks nor a device: weights that walk at random, and weights that follow what
 * episodes earn. Symbols: P parameters.
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import {
  type Metrics,
  type Offline,
  type Online,
  offlineSettings,
  onlineSettings,
  type PolicyKind,
  type Readings,
} from "../src/algorithms/index.ts";
import { type StoredTensor, vectorSpace } from "../src/base/index.ts";
import type { Policy } from "../src/rollout/index.ts";

/** (P,) */
export type ToyModel = readonly number[];

const vector = (numbers: Float32Array): StoredTensor => ({
  dtype: "F32",
  shape: [numbers.length],
  data: numbers,
});

/** Stored as JSON; its actions are the first weight. */
const toyPolicy: PolicyKind<ToyModel> = {
  format: "sodp toy",
  async save(model, folder) {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, "config.json"), JSON.stringify({ format: "sodp toy", model }));
  },
  load: async (folder) => JSON.parse(await readFile(join(folder, "config.json"), "utf8")).model,
  describe: ({ length: parameters }) => ({
    spaces: { observation: vectorSpace("state", 1), action: vectorSpace("action", 1) },
    nObsSteps: 1,
    nActionSteps: 1,
    parameters,
    config: {},
  }),
  compile: async (model) => ({ ...constantPolicy(() => model[0]), async [Symbol.asyncDispose]() {} }),
};

function constantPolicy(action: () => number): Policy<unknown, unknown> {
  return {
    nObsSteps: 1,
    nActionSteps: 1,
    start: () => undefined,
    act: async (rows) => ({ actions: new Float32Array(rows.length).fill(action()) }),
  };
}

/** Told of each thing that is done, before it is done. */
export type Tick = (what: string) => Promise<void> | void;

/** `toyPolicy`; who saves is told. */
const announced = (tick: Tick): PolicyKind<ToyModel> => ({
  ...toyPolicy,
  async save(model, folder) {
    await tick("save");
    await toyPolicy.save(model, folder);
  },
});

const WalkConfig = z.strictObject({
  ...offlineSettings({ steps: 10, batchSize: 1 }),
  size: z.int().positive().default(3),
});

/** Weights that walk at random. lossAt: the loss after so many steps, if it is not the first weight */
export function walk(
  tick: Tick = () => {},
  lossAt: (steps: number) => number | undefined = () => undefined,
): Offline<z.infer<typeof WalkConfig>, ToyModel, Readings> {
  return {
    kind: "offline",
    name: "walk",
    summary: "Weights that walk at random.",
    config: WalkConfig,
    presets: {},
    metrics: ["train/loss", "train/size", "eval/loss"],
    policy: announced(tick),
    reads: () => ({}),
    async start({ size }, _, { random }) {
      let weights = random.split("weights").fillNormal(new Float32Array(size));
      let steps = 0;
      return {
        warnings: ["It only walks."],
        async step(own) {
          await tick("step");
          weights = weights.map((weight) => weight + own.normal());
          steps++;
          return { "train/loss": lossAt(steps) ?? weights[0], "train/size": Math.hypot(...weights) };
        },
        async evaluate() {
          await tick("evaluate");
          return { "eval/loss": weights[0] };
        },
        model: async () => [...weights],
        state: async () => ({ tensors: { weights: vector(weights) }, json: { walked: steps } }),
        async restore({ tensors, json }) {
          weights = (tensors.weights.data as Float32Array).slice();
          steps = json.walked as number;
        },
        async [Symbol.asyncDispose]() {
          await tick("dispose");
        },
      };
    },
  };
}

const ClimbConfig = z.strictObject({
  ...onlineSettings({ envSteps: 100, evalEvery: 10_000, evalEpisodes: 8 }),
  episodes: z.int().positive().default(4),
  initialEpisodes: z.int().nonnegative().default(0),
  rollbackBelow: z.number().nullable().default(0.5),
});

/** One weight that follows what episodes earn. */
export function climb(tick: Tick = () => {}): Online<z.infer<typeof ClimbConfig>, ToyModel> {
  return {
    kind: "online",
    name: "climb",
    summary: "A weight that follows what episodes earn.",
    config: ClimbConfig,
    presets: {},
    metrics: ["train/weight", "train/seen"],
    envs: "several",
    policy: announced(tick),
    async start({ episodes, initialEpisodes, rollbackBelow }, { envs }, { random }) {
      let weight = 0;
      let seen = 0;
      const behavior = constantPolicy(() => weight + 0.1);
      return {
        async begin(rollouts) {
          await tick("begin");
          if (initialEpisodes === 0) return;
          const played = await rollouts.collect(0, behavior, initialEpisodes, random.split("initial"), {
            stopAtSuccess: false,
          });
          seen += played.length;
        },
        async iterate(rollouts, iteration): Promise<Metrics> {
          await tick("iterate");
          const stream = random.split(`iteration ${iteration}`);
          for (const [env, { task }] of envs.entries()) {
            const played = await rollouts.collect(env, behavior, episodes, stream.split(task), {
              stopAtSuccess: true,
            });
            seen += played.length;
            const noise = stream.split(`${task} noise`).normal();
            weight = Math.fround(weight + 0.01 * played[0].rewards[0] + 0.01 * noise); // as a checkpoint keeps it
          }
          return { "train/weight": weight, "train/seen": seen };
        },
        evaluationPolicy: () => constantPolicy(() => weight),
        ...(rollbackBelow !== null && {
          rollback: {
            below: rollbackBelow,
            weights: () => Float32Array.of(weight),
            async restart([best]) {
              await tick("restart");
              weight = best;
            },
            model: ([best]) => [best],
          },
        }),
        model: async () => [weight],
        state: async () => ({ tensors: { weight: vector(Float32Array.of(weight)) }, json: { seen } }),
        async restore({ tensors, json }) {
          [weight] = tensors.weight.data as Float32Array;
          seen = json.seen as number;
        },
        async [Symbol.asyncDispose]() {
          await tick("dispose");
        },
      };
    },
  };
}
