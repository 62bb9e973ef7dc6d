/**
 * @file The model that MTDT, Prompt-DT and HarmoDT leave: a network with all that acting needs, as plain data.
 * Symbols: B batch, K steps of a history, S steps of a prompt, O observation size, A action size, N tasks, P parameters.
 */
import { z } from "zod";
import { countTo, mostLayers, mostUnits, type Random, sizeOfSpace, spacesSchema } from "../../base/index.ts";
import type { Dropout } from "../../nn/index.ts";
import {
  concat,
  constant,
  div,
  gather,
  mul,
  type Parameter,
  reshape,
  type Shape,
  sub,
  type Value,
} from "../../tensor/index.ts";
import { oneHot } from "../task-ids.ts";
import { type DecisionTransformer, initDecisionTransformer, predictActions, type Steps } from "./network.ts";

const numbers = () => z.array(z.number()).readonly();

export const SequenceModelConfig = z.strictObject({
  spaces: spacesSchema,
  tasks: z.array(z.string()).min(1).readonly().describe("names, in the order of the ids"),
  isTold: z.boolean().describe("true: observations end with the number of the task, as a one-hot"),
  contextSteps: countTo(1000),
  width: countTo(mostUnits),
  layers: countTo(mostLayers),
  heads: countTo(mostUnits),
  maxSteps: countTo(mostUnits),
  returnScale: z.number().positive(),
  targetReturns: numbers().describe("return asked for, of each task"),
  standardization: z
    .array(z.strictObject({ mean: numbers(), std: numbers() }))
    .min(1)
    .readonly()
    .describe("of observations: of each task, or one of all"),
  prompts: z
    .array(
      z.strictObject({
        observation: numbers(),
        action: numbers(),
        returnToGo: numbers(),
        step: numbers(),
        mask: numbers(),
      }),
    )
    .readonly()
    .describe("of each task; empty: there are none"),
});
export type SequenceModelConfig = Readonly<z.infer<typeof SequenceModelConfig>>;

export interface SequenceModel {
  readonly config: SequenceModelConfig;
  readonly network: DecisionTransformer<Parameter>;
  /** Of each task, which parameters it uses: a bit for each, from the lowest of each byte, (P / 8,). Absent: all. */
  readonly masks?: readonly Uint8Array[];
}

/** First values. */
export function initSequenceModel(config: SequenceModelConfig, random: Random): SequenceModel {
  const { spaces, isTold, tasks, prompts } = config;
  const sizes = {
    ...config,
    observationSize: sizeOfSpace(spaces.observation) + (isTold ? tasks.length : 0),
    actionSize: sizeOfSpace(spaces.action),
    prompted: prompts.length > 0,
  };
  return { config, network: initDecisionTransformer(sizes, random) };
}

/** Steps of episodes as data has them: observations and returns raw. */
export type RawSteps = Steps;

/** Raw steps as the network takes them. ids: int32, (B,) or (B, 1) */
function stepsOf(
  { standardization, returnScale, isTold, tasks }: SequenceModelConfig,
  steps: RawSteps,
  ids: Value,
): Steps {
  const [batch, count, size] = steps.observation.shape;
  const table = (of: "mean" | "std") => {
    const all = constant(
      standardization.flatMap((each) => each[of]),
      [standardization.length, size],
    );
    return standardization.length === 1 ? all : reshape(gather(all, ids), [batch, 1, size]);
  };
  const standard = div(sub(steps.observation, table("mean")), table("std"));
  return {
    ...steps,
    observation: isTold ? concat([standard, repeated(oneHot(ids, tasks.length), count)], 2) : standard,
    returnToGo: mul(steps.returnToGo, 1 / returnScale),
  };
}

/** x of each row for `count` steps.   x: (B, N)   returns: (B, count, N) */
function repeated(x: Value, count: number): Value {
  const row = reshape(x, [x.shape[0], 1, x.shape[1]]);
  return concat(new Array<Value>(count).fill(row), 1);
}

/** The action at each step of raw histories, (B, K, A). ids: int32, (B,) or (B, 1) */
export function sequenceActions(
  config: SequenceModelConfig,
  network: DecisionTransformer<Value>,
  inputs: { readonly history: RawSteps; readonly prompt?: RawSteps; readonly ids: Value },
  dropout?: Dropout,
): Value {
  const { history, prompt, ids } = inputs;
  const [own, before] = [history, prompt].map((steps) => steps && stepsOf(config, steps, ids));
  return predictActions(network, config.heads, own as Steps, before, dropout);
}

/** The prompts of the rows' tasks, raw; undefined if there are none. ids: int32, (B,) */
export function promptsOf({ prompts, spaces }: SequenceModelConfig, ids: Value): RawSteps | undefined {
  if (prompts.length === 0) return undefined;
  const count = prompts[0].step.length;
  const column = (name: keyof (typeof prompts)[0], ...rest: Shape) => {
    const all = prompts.flatMap((prompt) => prompt[name]);
    const data = name === "step" ? Int32Array.from(all) : Float32Array.from(all);
    return gather(constant(data, [prompts.length, count, ...rest]), ids);
  };
  return {
    observation: column("observation", sizeOfSpace(spaces.observation)),
    action: column("action", sizeOfSpace(spaces.action)),
    returnToGo: column("returnToGo"),
    step: column("step"),
    mask: column("mask"),
  };
}
