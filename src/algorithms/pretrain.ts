/**
 * @file Stage 1: fit the diffusion planner to action sequences of every task, good and bad alike. No rewards, no task
 * labels: the data it is given has none.
 * Symbols: B batch, H horizon (actions per plan), T_o observations a plan depends on, O observation size, A action size.
 */
import { z } from "zod";
import { parse, Random, vectorSpaces } from "../base/index.ts";
import type { Windows } from "../data/index.ts";
import { cpu } from "../devices/index.ts";
import { cosineLearningRate, createTrainer } from "../nn/index.ts";
import { savePlanner } from "../policies/files/index.ts";
import {
  drawBatch,
  emptyBatch,
  imitationLoss,
  imitationSpecs,
  initPlanner,
  type Normalizer,
  type Planner,
  PlannerConfig,
  plannerNormalizers,
  reportOn,
  type TracedNetwork,
  windowSampler,
} from "../policies/index.ts";
import { type Run, readState, writeState } from "../runs/index.ts";
import { compile, type Device, type DeviceArray, float32, layoutOf, unpack } from "../tensor/index.ts";
import { optimizerState, optimizerTensors } from "./training-state.ts";

export const PretrainConfig = z.strictObject({
  planner: PlannerConfig.omit({ spaces: true }).prefault({}),
  steps: z.int().positive().default(500_000).describe("gradient steps"),
  batchSize: z.int().positive().default(256).describe("plans per gradient step, B"),
  learningRate: z.number().positive().default(1e-4).describe("AdamW step size, before the cosine decay"),
  warmupSteps: z.int().nonnegative().default(500).describe("steps in which the learning rate rises"),
  weightDecay: z.number().nonnegative().default(1e-2).describe("AdamW's, decoupled"),
  maxGradientNorm: z.number().positive().default(1).describe("longer gradients are scaled down to it"),
  emaDecay: z
    .number()
    .min(0)
    .max(1)
    .default(0.995)
    .describe("of the averaged weights, which become the planner"),
  logEvery: z.int().positive().default(100).describe("steps from one line of the log to the next"),
  evalEvery: z.int().positive().default(5000).describe("steps from one held-out loss to the next"),
  saveEvery: z.int().positive().default(5000).describe("steps from one checkpoint to the next"),
  seed: z.int().nonnegative().default(0).describe("fixes data order, noise and first weights"),
});
export type PretrainConfig = Readonly<z.infer<typeof PretrainConfig>>;

/** What differs from the published sizes: networks that a laptop trains in minutes. */
export const pretrainPresets = {
  laptop: {
    planner: {
      numTrainTimesteps: 10,
      prediction: "sample",
      denoiser: { kind: "mlp", width: 256, blocks: 3 },
    },
    steps: 8000,
    learningRate: 1e-3,
    emaDecay: 0.999,
  },
} as const satisfies Record<string, z.input<typeof PretrainConfig>>;

const Standing = z.strictObject({ steps: z.int() });

export interface PretrainData {
  readonly train: Windows;
  /** Windows of other episodes, never learned from. */
  readonly heldOut: Windows;
}

export interface PretrainOptions {
  /** Default: `cpu()`. */
  readonly device?: Device;
  /** Numbers worth logging about the planner as it stands, by name: success in some worlds, say. */
  readonly evaluate?: (planner: Planner) => Promise<Readonly<Record<string, number>>>;
}

/**
 * The paper's first stage, Eq. 7: a minibatch of windows, noise of a random level, one step on the error of the guess.
 * Goes on from the run's last checkpoint, bit for bit on the processor. Returns the averaged planner; null if the run was
 * interrupted, after a checkpoint.
 */
export async function pretrain(
  input: z.input<typeof PretrainConfig>,
  { train, heldOut }: PretrainData,
  run: Run,
  { evaluate, device = cpu() }: PretrainOptions = {},
): Promise<Planner | null> {
  const config = parse(PretrainConfig, input, "pretrain");
  const { steps, batchSize, weightDecay, maxGradientNorm, emaDecay } = config;
  const random = new Random(config.seed);
  const spaces = vectorSpaces(train.observationSize, train.actionSize);
  const ranges = { observation: train.observationRange, action: train.actionRange };
  const planner = initPlanner(
    { ...config.planner, spaces },
    plannerNormalizers(spaces, ranges),
    random.split("weights"),
  );
  const sampler = windowSampler(train, planner.config);
  await using trainer = await createTrainer({
    network: planner.network,
    inputs: imitationSpecs(planner.config, batchSize),
    loss: (network: TracedNetwork, inputs) => imitationLoss(planner, network, inputs),
    optimizer: { weightDecay, maxGradientNorm, emaDecay },
    device,
  });
  await using test = await heldOutLoss(planner, heldOut, random.split("held out"), device);
  if (run.last === undefined) {
    for (const remark of test.remarks) run.note(remark);
  } else {
    const { tensors, json } = await readState(run.last);
    await trainer.restore(optimizerState("planner", tensors, parse(Standing, json, run.last).steps));
  }
  const averaged = async () => ({ ...planner, network: await trainer.network("average") });
  const save = () =>
    run.checkpoint(trainer.steps, async (folder) => {
      await savePlanner(await averaged(), run.policyIn(folder));
      await writeState(folder, optimizerTensors("planner", await trainer.state()), { steps: trainer.steps });
    });

  const learningRate = cosineLearningRate({
    totalSteps: steps,
    warmupSteps: Math.min(config.warmupSteps, steps - 1),
  });
  const batch = emptyBatch(planner.config, batchSize);
  while (trainer.steps < steps) {
    await drawBatch(planner.config, sampler, random.split(`step ${trainer.steps}`), batch);
    const { loss, gradientNorm } = await trainer.step(
      batch,
      config.learningRate * learningRate(trainer.steps),
    );
    const at = { grad_steps: trainer.steps };
    const due = (every: number) => trainer.steps % every === 0 || trainer.steps === steps;
    if (due(config.logEvery)) {
      run.log(at, { "train/loss": loss, "train/gradient_norm": gradientNorm });
      run.progress(trainer.steps, steps, { loss });
    }
    if (due(config.evalEvery)) {
      const outcome = await evaluate?.(await averaged());
      run.log(at, { "eval/loss": await test.loss(trainer.average), ...outcome });
    }
    if (due(config.saveEvery) || run.interrupted) await save();
    if (run.interrupted) return null;
  }
  return averaged();
}

/** The loss on windows that are never learned from: always the same ones, with the same noise. */
async function heldOutLoss(planner: Planner, windows: Windows, random: Random, device: Device) {
  const size = 256;
  const batch = emptyBatch(planner.config, size);
  await drawBatch(planner.config, windowSampler(windows, planner.config), random, batch);
  const layout = layoutOf(planner.network);
  const program = await compile(
    { ...imitationSpecs(planner.config, size), theta: float32(layout.size) },
    ({ theta, ...inputs }) => ({
      loss: imitationLoss(planner, unpack(layout, theta) as TracedNetwork, inputs),
    }),
    { device },
  );
  const { observation, action } = planner.normalizers;
  return {
    remarks: [
      ...remarksOn("observations", observation.state, batch.observation),
      ...remarksOn("actions", action, batch.action),
    ],
    async loss(theta: Float32Array | DeviceArray): Promise<number> {
      return (await program.run({ ...batch, theta })).loss[0];
    },
    [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
  };
}

/** What a normalizer hides from the planner, in sentences. rows: (N, D) */
function remarksOn(what: string, normalizer: Normalizer, rows: Float32Array): string[] {
  const { constant, clipped } = reportOn(normalizer, rows);
  const shares = clipped.map(({ dimension, share }) => `${dimension} (${(100 * share).toFixed(1)} %)`);
  return [
    ...(constant.length > 0
      ? [`Dimensions of ${what} that never change, and say nothing: ${constant.join(", ")}.`]
      : []),
    ...(shares.length > 0
      ? [`Dimensions of ${what} outside the range in held-out steps: ${shares.join(", ")}.`]
      : []),
  ];
}
