/**
 * @file MTDiff as a planner: one diffusion transformer for all tasks plans actions towards a return that is asked for. It is shown its
 * task by a prompt, some steps of a good episode (MTDIFF-P), or told it by a number (MTDIFF-P-ONEHOT).
 * Symbols: B batch, H actions, A action size, K diffusion timesteps.
 * Source: He et al. 2023, arXiv:2305.18459 (tinnerhrhe/MTDiff, 1bed9ca). Of the one-hot variant no code was published: ours is one
 * token in place of the prompt's. Differs: no dropout while sampling; dimensions that are constant in the data are hidden, and no
 * others are scaled by it; an action's prompt stays the same through its denoising steps; windows.ts says in what data differs.
 */
import { z } from "zod";
import { countTo, mostLayers, mostUnits, type Random, sizeOfSpace, UserError } from "../../base/index.ts";
import type { Batch, Sampler } from "../../data/index.ts";
import { averagePace } from "../../nn/index.ts";
import { normalize } from "../../policies/index.ts";
import { float32, int32, type Parameter } from "../../tensor/index.ts";
import { type Context, type Data, type Offline, type OfflineLearner, offlineSettings } from "../algorithm.ts";
import { gradientLearner } from "../gradient-learner.ts";
import { mtdiffLoss } from "./losses.ts";
import {
  initMtdiffNetwork,
  type MtdiffModel,
  type MtdiffModelConfig,
  mtdiffPolicy,
  promptAt,
  promptOf,
  seenOf,
  taskSpecs,
} from "./model.ts";
import { drawPrompts, type MtdiffReadings, mtdiffReadings, valuesOf, type WindowColumns } from "./windows.ts";

const positive = () => z.number().positive();

const settings = {
  ...offlineSettings({ steps: 2_000_000, batchSize: 1600 }),
  horizon: countTo(1000).default(32).describe("actions predicted at once, H, of which the first is executed"),
  width: countTo(mostUnits).default(256).describe("size of a token"),
  layers: countTo(mostLayers).default(4).describe("blocks of the transformer"),
  heads: countTo(mostUnits).default(2).describe("attention heads of a block"),
  innerSize: countTo(mostUnits).default(1024).describe("width between the two layers of a block's MLP"),
  dropout: z
    .number()
    .min(0)
    .lt(1)
    .default(0.1)
    .describe("share that is dropped in training, never when acting"),
  numTrainTimesteps: countTo(10_000).default(200).describe("diffusion timesteps, K"),
  learningRate: positive().default(2e-4).describe("Adam step size"),
  discount: z.number().min(0).max(1).default(0.99).describe("discount of a reward per step, in the returns"),
  maxSteps: countTo(mostUnits)
    .default(500)
    .describe("longest episode: returns are per step that is left of it"),
  returnDropout: z.number().min(0).max(1).default(0.2).describe("share of rows that are told no return"),
  targetValue: z
    .number()
    .nullable()
    .default(9)
    .describe("return per step asked for when acting; null: nine tenths of the data's are lower"),
  guidance: z.number().default(1.2).describe("how far actions lean towards the return that is asked for"),
  noiseScale: z
    .number()
    .nonnegative()
    .default(0.5)
    .describe("share of DDPM's noise that denoising steps add"),
  firstActionWeight: positive().default(10).describe("weight of the first action in the loss"),
  emaDecay: z.number().min(0).lt(1).default(0.995).describe("decay of the averaged weights, per update"),
  emaEvery: z.int().positive().default(10).describe("gradient steps from one update of them to the next"),
  emaFrom: z.int().nonnegative().default(2000).describe("gradient steps before which they are a copy"),
};
const OneHotConfig = z.strictObject(settings);
const PromptConfig = z.strictObject({
  ...settings,
  promptSteps: countTo(1000).default(20).describe("steps of a prompt"),
  promptsPerTask: countTo(10_000).default(100).describe("prompts of each task, from its ten best episodes"),
});
type Settings = Readonly<z.infer<typeof OneHotConfig>>;
type PromptSettings = Readonly<z.infer<typeof PromptConfig>>;

/** Settings with which a laptop learns ten tasks in minutes. */
const laptop = {
  steps: 20_000,
  batchSize: 64,
  horizon: 4,
  width: 64,
  layers: 3,
  innerSize: 256,
  dropout: 0,
  numTrainTimesteps: 20,
  learningRate: 1e-3,
  maxSteps: 200,
  targetValue: null,
  emaEvery: 1,
} as const satisfies z.input<typeof OneHotConfig>;

const metrics = ["train/loss", "train/gradient_norm", "eval/loss"];

/** Throws UserError for heads that do not divide the width. */
function check({ width, heads }: Settings): void {
  if (width % heads !== 0) throw new UserError(`A width of ${width} does not divide into ${heads} heads.`);
  if (width % 2 !== 0 || width < 4) throw new UserError(`width is an even number from 4, got ${width}.`);
}

export const mtdiffP: Offline<PromptSettings, MtdiffModel, MtdiffReadings> = {
  kind: "offline",
  name: "mtdiff-p",
  summary: "MTDiff: one diffusion transformer predicts actions in all tasks, each shown by a prompt.",
  config: PromptConfig,
  presets: { laptop: { ...laptop, promptSteps: 10, promptsPerTask: 50 } },
  check,
  metrics,
  policy: mtdiffPolicy,
  reads: mtdiffReadings,
  async start(config, data, context) {
    const { promptsPerTask, promptSteps } = config;
    const prompts = drawPrompts(data.prompts.train, promptsPerTask, context.random.split("prompts"));
    return startMtdiff("mtdiff-p", config, data, context, { promptSteps, promptsPerTask }, prompts);
  },
};

export const mtdiffOnehot: Offline<Settings, MtdiffModel, Pick<MtdiffReadings, "windows">> = {
  kind: "offline",
  name: "mtdiff-onehot",
  summary:
    "MTDiff without prompts: one diffusion transformer predicts actions in all tasks, each told by its number.",
  config: OneHotConfig,
  presets: { laptop },
  check,
  metrics,
  policy: mtdiffPolicy,
  reads: (config) => ({ windows: mtdiffReadings({ ...config, promptSteps: 1 }).windows }),
  start: (config, data, context) =>
    startMtdiff("mtdiff-onehot", config, data, context, { promptSteps: null, promptsPerTask: 1 }),
};

type Windows = Data<Pick<MtdiffReadings, "windows">>["windows"];
type WindowSampler = Sampler<WindowColumns>;

/** Rows looked at for the return that is asked for. */
const valueRows = 4096;

/** Return per step that nine tenths of the windows do not reach. */
async function highValue(sampler: WindowSampler, maxSteps: number, random: Random): Promise<number> {
  const batch = sampler.emptyBatch(valueRows);
  await sampler.sample(random, batch);
  return valuesOf(batch, maxSteps).sort()[Math.floor(0.9 * valueRows)];
}

async function startMtdiff(
  name: string,
  config: Settings,
  { windows }: { readonly windows: Windows },
  { random, device }: Context,
  told: Pick<MtdiffModelConfig, "promptSteps" | "promptsPerTask">,
  prompts?: Parameter,
): Promise<OfflineLearner<MtdiffModel>> {
  const { train } = windows;
  const { spaces, tasks, observationRange, actionRange } = train;
  const { horizon, width, layers, heads, innerSize, numTrainTimesteps, guidance, noiseScale } = config;
  const { maxSteps, emaDecay, firstActionWeight, returnDropout } = config;
  const targetValue = config.targetValue ?? (await highValue(train, maxSteps, random.split("target value")));
  const model: MtdiffModelConfig = {
    spaces,
    tasks,
    observationNormalizer: observationRange,
    actionNormalizer: actionRange,
    ...told,
    ...{ horizon, width, layers, heads, innerSize, numTrainTimesteps, guidance, noiseScale, targetValue },
  };
  return gradientLearner({
    name,
    network: initMtdiffNetwork(model, random.split("weights")),
    inputs: (rows) => inputSpecs(model, rows),
    loss(network, inputs, dropout) {
      const condition = {
        prompt: promptOf(model, inputs),
        observation: seenOf(model, inputs.observation, inputs.mask),
        value: inputs.value,
        valueMask: inputs.valueMask,
      };
      const { noise, timestep } = inputs;
      const example = { clean: normalize(model.actionNormalizer, inputs.action), noise, timestep };
      return mtdiffLoss(network, model, condition, example, firstActionWeight, dropout);
    },
    dropoutRate: config.dropout,
    data: windows,
    emptyBatch: (rows) => ({ ...train.emptyBatch(rows), ...emptyDraws(model, rows) }),
    async draw(sampler, stream, batch) {
      await sampler.sample(stream, batch);
      batch.value.set(valuesOf(batch, maxSteps));
      fillDraws(batch, stream.split("draws"), returnDropout, numTrainTimesteps);
      if (prompts) fillPrompts(batch, prompts, stream.split("prompts"));
    },
    model: (network) => ({ config: model, network, ...(prompts && { prompts }) }),
    batchSize: config.batchSize,
    optimizer: { weightDecay: 0, emaDecay },
    emaDecay: averagePace({ decay: emaDecay, every: config.emaEvery, from: config.emaFrom }),
    learningRate: config.learningRate,
    random: random.split("held out"),
    device,
  });
}

function inputSpecs(model: MtdiffModelConfig, rows: number) {
  const { spaces, horizon } = model;
  const actions = float32(rows, horizon, sizeOfSpace(spaces.action));
  return {
    observation: float32(rows, 2, sizeOfSpace(spaces.observation)),
    action: actions,
    mask: float32(rows, 1),
    value: float32(rows, 1),
    valueMask: float32(rows, 1),
    noise: actions,
    timestep: int32(rows),
    ...taskSpecs(model, rows),
  };
}

/** Arrays of the inputs beside the windows. */
function emptyDraws({ spaces, horizon, promptSteps }: MtdiffModelConfig, rows: number) {
  const [size, actionSize] = [spaces.observation, spaces.action].map(sizeOfSpace);
  return {
    value: new Float32Array(rows),
    valueMask: new Float32Array(rows),
    noise: new Float32Array(rows * horizon * actionSize),
    timestep: new Int32Array(rows),
    ...(promptSteps !== null && { prompt: new Float32Array(rows * promptSteps * (size + actionSize)) }),
  };
}
type Draws = ReturnType<typeof emptyDraws>;

function fillDraws(
  { valueMask, noise, timestep }: Draws,
  random: Random,
  returnDropout: number,
  numTrainTimesteps: number,
): void {
  random.fillNormal(noise);
  random.fillIntegers(timestep, 0, numTrainTimesteps);
  random.fillUniform(valueMask);
  for (let row = 0; row < valueMask.length; row++) valueMask[row] = Number(valueMask[row] >= returnDropout);
}

/** Each row's prompt is one of its task's. */
function fillPrompts(
  { prompt, task }: Draws & Pick<Batch<WindowColumns>, "task">,
  prompts: Parameter,
  random: Random,
): void {
  const size = (prompt?.length ?? 0) / task.length;
  for (const [row, own] of task.entries()) prompt?.set(promptAt(prompts, own, random), row * size);
}
