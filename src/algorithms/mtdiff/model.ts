/**
 * @file The model that MTDiff leaves: a network with the prompts of each task, and how it acts.
 * Symbols: B rows, S steps of a prompt, P prompts of a task, N tasks, O observation size, A action size, J denoising steps.
 */
import { z } from "zod";
import {
  countTo,
  mostLayers,
  mostUnits,
  parse,
  Random,
  requireSameSpaces,
  sizeOfSpace,
  spacesSchema,
} from "../../base/index.ts";
import { cpu } from "../../devices/index.ts";
import { type DenoisingOptions, sampleFromNoise } from "../../diffusion/index.ts";
import { filled } from "../../nn/index.ts";
import {
  drawRows,
  type ExportOptions,
  type ParityReport,
  readModel,
  saveModel,
  writeOnnx,
} from "../../policies/files/index.ts";
import { Normalizer, normalize, unnormalize } from "../../policies/index.ts";
import { observationsOf, type Policy, type Row } from "../../rollout/index.ts";
import {
  compile,
  concat,
  constant,
  flatten,
  float32,
  int32,
  layoutOf,
  mul,
  type Parameter,
  reshape,
  type Spec,
  sizeOf,
  unpack,
  type Value,
} from "../../tensor/index.ts";
import type { ActOptions, PolicyKind } from "../algorithm.ts";
import { oneHot, taskId } from "../task-ids.ts";
import { guidedDenoise, mtdiffSteps } from "./losses.ts";
import { initMtdiff, type MtdiffNetwork, observationSteps } from "./network.ts";

const mtdiffFormat = { format: "sodp mtdiff", version: 1, noun: "policy" } as const;

export const MtdiffModelConfig = z.strictObject({
  spaces: spacesSchema,
  tasks: z.array(z.string()).min(1).readonly().describe("names, in the order of the ids"),
  observationNormalizer: Normalizer,
  actionNormalizer: Normalizer,
  horizon: countTo(1000),
  promptSteps: countTo(1000).nullable().describe("null: told the task by its id"),
  promptsPerTask: countTo(10_000),
  width: countTo(mostUnits),
  layers: countTo(mostLayers),
  heads: countTo(mostUnits),
  innerSize: countTo(mostUnits),
  numTrainTimesteps: countTo(10_000),
  guidance: z.number(),
  noiseScale: z.number().nonnegative(),
  targetValue: z.number(),
});
export type MtdiffModelConfig = Readonly<z.infer<typeof MtdiffModelConfig>>;

/** The learned policy, as plain data. */
export interface MtdiffModel {
  readonly config: MtdiffModelConfig;
  readonly network: MtdiffNetwork<Parameter>;
  /** Of each task: observations and actions, raw. (N, P, S, O + A); absent where the task is told by its id. */
  readonly prompts?: Parameter;
}

const sizesOf = ({ spaces }: Pick<MtdiffModelConfig, "spaces">) => ({
  observationSize: sizeOfSpace(spaces.observation),
  actionSize: sizeOfSpace(spaces.action),
});

/** First values. */
export const initMtdiffNetwork = (config: MtdiffModelConfig, random: Random): MtdiffNetwork<Parameter> =>
  initMtdiff({ ...config, ...sizesOf(config), tasks: config.tasks.length }, random);

/** Shape of all prompts; undefined: there are none. */
function promptsShape({ spaces, tasks, promptSteps, promptsPerTask }: MtdiffModelConfig) {
  if (promptSteps === null) return undefined;
  const { observationSize, actionSize } = sizesOf({ spaces });
  return [tasks.length, promptsPerTask, promptSteps, observationSize + actionSize];
}

/** Inputs that tell the network its task: a prompt of each row, raw, or the task's number. */
export function taskSpecs(config: MtdiffModelConfig, rows: number): Readonly<Record<string, Spec>> {
  const shape = promptsShape(config);
  return shape ? { prompt: float32(rows, ...shape.slice(2)) } : { task: int32(rows, 1) };
}

/** The same as the network takes it.   returns: (B, S or 1, O + A or N) */
export function promptOf(config: MtdiffModelConfig, inputs: Readonly<Record<string, Value>>): Value {
  if (config.promptSteps !== null) return inputs.prompt;
  const { length } = config.tasks;
  return reshape(oneHot(inputs.task, length), [inputs.task.shape[0], 1, length]);
}

/** Observations as the network takes them: before the first there were zeros.   begun: 0 at an episode's first step, else 1, (B, 1) */
export function seenOf(
  { observationNormalizer }: MtdiffModelConfig,
  observation: Value,
  begun: Value,
): Value {
  const [rows] = observation.shape;
  const now = constant(new Float32Array(rows).fill(1), [rows, 1, 1]);
  const known = concat([reshape(begun, [rows, 1, 1]), now], 1);
  return mul(normalize(observationNormalizer, observation), known);
}

/**
 * Inputs that an action is made of. Of the actions that the network plans only the first is executed, and attention is causal:
 * that one alone is drawn.
 */
function actSpecs(
  config: MtdiffModelConfig,
  rows: number,
  denoising?: DenoisingOptions,
): Readonly<Record<string, Spec>> {
  const { observationSize, actionSize } = sizesOf(config);
  const { std } = stepsOf(config, denoising);
  return {
    observations: float32(rows, observationSteps, observationSize),
    begun: float32(rows, 1),
    ...taskSpecs(config, rows),
    start: float32(rows, 1, actionSize),
    noise: float32(std.length, rows, 1, actionSize),
  };
}

const stepsOf = ({ numTrainTimesteps, noiseScale }: MtdiffModelConfig, denoising?: DenoisingOptions) =>
  mtdiffSteps(numTrainTimesteps, noiseScale, denoising);

/** The action of each row, raw.   inputs: as `actSpecs`   returns: (B, 1, A) */
function act(
  config: MtdiffModelConfig,
  network: MtdiffNetwork<Value>,
  inputs: Readonly<Record<string, Value>>,
  denoising?: DenoisingOptions,
): Value {
  const { observations, begun, start, noise } = inputs;
  const [rows] = observations.shape;
  const condition = {
    prompt: promptOf(config, inputs),
    observation: seenOf(config, observations, begun),
    value: constant(new Float32Array(rows).fill(config.targetValue), [rows, 1]),
  };
  const denoise = guidedDenoise(network, config, condition, config.guidance);
  const drawn = { condition: { vector: condition.value }, start, noise };
  return unnormalize(config.actionNormalizer, sampleFromNoise(stepsOf(config, denoising), denoise, drawn));
}

const Stored = z.strictObject({
  format: z.literal(mtdiffFormat.format),
  version: z.literal(mtdiffFormat.version),
  policy: MtdiffModelConfig,
});

export const mtdiffPolicy: PolicyKind<MtdiffModel> = {
  format: mtdiffFormat.format,
  save: ({ config, ...tensors }, folder) => saveModel(mtdiffFormat, folder, { policy: config }, tensors),
  async load(folder) {
    const { path, document, fill } = await readModel(mtdiffFormat, folder);
    const { policy: config } = parse(Stored, document, path);
    const shape = promptsShape(config);
    const network = initMtdiffNetwork(config, new Random(0));
    return { config, ...fill({ network, ...(shape && { prompts: filled(shape, 0) }) }) };
  },
  describe({ config, ...tensors }) {
    const { spaces, tasks, numTrainTimesteps } = config;
    const { size: parameters } = layoutOf(tensors);
    const steps = { nObsSteps: observationSteps, nActionSteps: 1 };
    return { spaces, tasks, ...steps, numTrainTimesteps, parameters, config };
  },
  compile: compileMtdiff,
  export: exportMtdiff,
};

/** Acts by one prompt of its task for each action, drawn anew. */
async function compileMtdiff(
  model: MtdiffModel,
  { env, batchSize, device, denoising }: ActOptions,
): Promise<Policy & AsyncDisposable> {
  const { config, network } = model;
  requireSameSpaces("The policy", config.spaces, env.task, env.spaces);
  const task = taskId(config.tasks, env.task, "The policy");
  const layout = layoutOf(network);
  const theta = new Float32Array(layout.size);
  flatten(network, theta);
  const program = await compile(
    { ...actSpecs(config, batchSize, denoising), theta: float32(layout.size) },
    ({ theta, ...inputs }) => ({
      actions: act(config, unpack(layout, theta) as unknown as MtdiffNetwork<Value>, inputs, denoising),
    }),
    { device },
  );
  const specs = actSpecs(config, batchSize, denoising);
  return {
    nObsSteps: observationSteps,
    nActionSteps: 1,
    start: () => undefined,
    async act(rows) {
      const inputs = drawnInputs(model, specs, task, rows);
      const { actions } = await program.run({ ...inputs, theta } as never);
      return { actions: actions.slice(0, rows.length * sizesOf(config).actionSize) };
    },
    [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
  };
}

/** Numbers for the inputs of `actSpecs`: rows of a task, each drawing from its episode's stream; further rows are 0. */
function drawnInputs(
  { prompts }: MtdiffModel,
  specs: Readonly<Record<string, Spec>>,
  task: number,
  rows: readonly Row[],
): Readonly<Record<string, Float32Array | Int32Array>> {
  const inputs = Object.fromEntries(
    Object.entries(specs).map(([name, { dtype, shape }]) => [
      name,
      dtype === "int32" ? new Int32Array(sizeOf(shape)).fill(task) : new Float32Array(sizeOf(shape)),
    ]),
  );
  const { observations, begun, prompt, start, noise } = inputs as Readonly<Record<string, Float32Array>>;
  observations.set(observationsOf(rows));
  const [steps, batch, , size] = specs.noise.shape;
  for (const [row, { episode, feedback }] of rows.entries()) {
    const { random } = episode;
    begun[row] = Number(feedback !== undefined);
    if (prompts) prompt.set(promptAt(prompts, task, random), row * sizeOf(prompts.shape.slice(2)));
    random.fillNormal(start.subarray(row * size, (row + 1) * size));
    for (let step = 0; step < steps; step++) {
      const at = (step * batch + row) * size;
      random.fillNormal(noise.subarray(at, at + size));
    }
  }
  return inputs;
}

/** One of a task's prompts. (S, O + A) */
export function promptAt({ shape, data }: Parameter, task: number, random: Random): Float32Array {
  const [, perTask, ...rest] = shape;
  const size = sizeOf(rest);
  const at = (task * perTask + random.integer(perTask)) * size;
  return data.subarray(at, at + size);
}

/**
 * Writes `path`, an ONNX file. It takes `observations` (B, 2, O), raw, `begun` (B, 1), which is 0 at an episode's first step and 1
 * after it, `prompt` (B, S, O + A), raw, or `task` (B, 1), and standard normal draws, `start` (B, 1, A) and `noise` (J, B, 1, A).
 */
async function exportMtdiff(
  model: MtdiffModel,
  path: string,
  { batchSize = 1, denoising }: ExportOptions,
): Promise<ParityReport> {
  const { config, network } = model;
  const { spaces, tasks, observationNormalizer } = config;
  const specs = actSpecs(config, batchSize, denoising);
  const size = observationSteps * sizesOf(config).observationSize;
  let runs = 0;
  return writeOnnx(
    {
      noun: mtdiffFormat.noun,
      metadata: { format: mtdiffFormat.format, policy: JSON.stringify(config) },
      inputs: specs,
      network,
      act: (layers, inputs) => act(config, layers as unknown as MtdiffNetwork<Value>, inputs, denoising),
      async answer(random) {
        const run = runs++;
        const task = run % tasks.length;
        const observations = drawRows(observationNormalizer, batchSize * observationSteps, random);
        const rows = () =>
          Array.from({ length: batchSize }, (_, row) => ({
            episode: { seed: row, random: random.split(`run ${run}, ${row}`) },
            observations: observations.subarray(row * size, (row + 1) * size),
            state: undefined,
            ...(row % 2 === 1 && { feedback: { actions: new Float32Array(), rewards: new Float32Array() } }),
          }));
        await using policy = await compileMtdiff(model, {
          env: { task: tasks[task], spaces },
          batchSize,
          device: cpu(),
          ...(denoising && { denoising }),
        });
        const { actions } = await policy.act(rows());
        return { inputs: drawnInputs(model, specs, task, rows()), actions };
      },
    },
    path,
  );
}
