/**
 * @file The denoiser of MTDiff: a causal transformer over a prompt, the latest observations and noisy actions.
 * Symbols: B batch, H actions, S steps of a prompt, O observation size, A action size, N tasks, E width, K diffusion timesteps.
 * Source: He et al. 2023, arXiv:2305.18459, temporal.py (tinnerhrhe/MTDiff, 1bed9ca), Tasksmeta.
 */
import type { Random } from "../../base/index.ts";
import {
  atTimestep,
  type Dense,
  type Dropout,
  filled,
  type Gpt2,
  gpt2,
  gpt2Mask,
  initGpt2,
  initLinear,
  initMlp,
  initNorm,
  linear,
  type Mlp,
  mlp,
  type Norm,
  norm,
  sinusoidFeatures,
} from "../../nn/index.ts";
import {
  add,
  broadcastTo,
  concat,
  mul,
  type Parameter,
  reshape,
  slice,
  type Value,
} from "../../tensor/index.ts";

/** Observations that actions depend on: the one before, and the present one. */
export const observationSteps = 2;

/** T is Parameter outside a graph, Value inside. */
export interface MtdiffNetwork<T> {
  readonly time: Mlp<T>;
  readonly return: Mlp<T>;
  /** Of a step of a prompt, normalized, or of a one-hot task id, as it is. */
  readonly prompt: { readonly norm?: Norm<T>; readonly layers: Mlp<T> };
  readonly observation: { readonly norm: Norm<T>; readonly layers: Mlp<T> };
  readonly action: Dense<T>;
  /** Added to each token. (1, 4 + S + H, E) */
  readonly position: T;
  /** Of the tokens before the transformer. */
  readonly norm: Norm<T>;
  readonly transformer: Gpt2<T>;
  readonly out: Dense<T>;
}

export interface MtdiffSizes {
  readonly observationSize: number;
  readonly actionSize: number;
  readonly horizon: number;
  /** Steps of a prompt; null: a one-hot id of `tasks` stands in, one token. */
  readonly promptSteps: number | null;
  readonly tasks: number;
  readonly width: number;
  readonly layers: number;
  readonly innerSize: number;
}

/** First values: PyTorch's, the transformer's with deviation 0.02, positions 0. */
export function initMtdiff(sizes: MtdiffSizes, random: Random): MtdiffNetwork<Parameter> {
  const { observationSize, actionSize, horizon, promptSteps, tasks, width } = sizes;
  const embedding = (inputs: number, name: string) =>
    initMlp([inputs, 2 * width, 4 * width, width], random.split(name));
  const step = observationSize + actionSize;
  const tokens = 2 + (promptSteps ?? 1) + observationSteps + horizon;
  return {
    time: initMlp([width, 2 * width, width], random.split("time")),
    return: initMlp([1, width, 2 * width, width], random.split("return")),
    prompt:
      promptSteps === null
        ? { layers: embedding(tasks, "prompt") }
        : { norm: initNorm(step), layers: embedding(step, "prompt") },
    observation: { norm: initNorm(observationSize), layers: embedding(observationSize, "observation") },
    action: initLinear(actionSize, width, random.split("action")),
    position: filled([1, tokens, width], 0),
    norm: initNorm(width),
    transformer: initGpt2(sizes, random.split("transformer")),
    out: initLinear(width, actionSize, random.split("out")),
  };
}

/** Inputs that actions depend on. */
export interface MtdiffCondition {
  /** Steps of a prompt, raw: observation and action; or one row, the one-hot task id. (B, S or 1, O + A or N) */
  readonly prompt: Value;
  /** The one before, and the present one, normalized. (B, 2, O) */
  readonly observation: Value;
  /** Return that is asked for, per step. (B, 1) */
  readonly value: Value;
  /** 0 where no return is asked for, else 1. (B, 1) */
  readonly valueMask: Value;
}

/** Numbers of the network that are not parameters. */
export interface MtdiffShape {
  readonly heads: number;
  readonly width: number;
  readonly numTrainTimesteps: number;
}

/** Added to the embedding of the return, so that it is not 0 where none is asked for. */
const smallest = 1e-8;

/**
 * The noise in `sample`.   sample: (B, H, A)   timestep: int32 () or (B,)   returns: (B, H, A)
 * Attention is causal, hence of fewer actions than the network has learned each is predicted as among all.
 */
export function mtdiffNoise(
  network: MtdiffNetwork<Value>,
  { heads, width, numTrainTimesteps }: MtdiffShape,
  { prompt, observation, value, valueMask }: MtdiffCondition,
  sample: Value,
  timestep: Value,
  dropout?: Dropout,
): Value {
  const [batch, horizon] = sample.shape;
  const table = sinusoidFeatures(numTrainTimesteps, width);
  const embedded = atTimestep(timestep, table, (rows) => mlp(network.time, rows, "mish")); // (1 or B, E)
  const time = broadcastTo(reshape(embedded, [embedded.shape[0], 1, width]), [batch, 1, width]);
  const asked = add(mul(mlp(network.return, value, "mish"), valueMask), smallest);
  const returns = reshape(asked, [batch, 1, width]);
  const { norm: promptNorm, layers } = network.prompt;
  const shown = mlp(layers, promptNorm ? norm(promptNorm, prompt) : prompt, "mish");
  const seen = mlp(network.observation.layers, norm(network.observation.norm, observation), "mish");
  const tokens = concat([time, returns, shown, seen, linear(network.action, sample)], 1);
  const [, count] = tokens.shape;
  const position = slice(network.position, 1, 0, count);
  const x = norm(network.norm, add(add(mul(time, tokens), returns), position));
  const y = gpt2(network.transformer, x, {
    heads,
    activation: "mish",
    mask: gpt2Mask(count),
    ...(dropout && { dropout }),
  });
  return linear(network.out, slice(y, 1, count - horizon, count));
}
