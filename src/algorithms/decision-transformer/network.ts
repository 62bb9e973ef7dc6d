/**
 * @file The network of decision transformers: three tokens a step, the return still to earn, what is observed and what is
 * done, through GPT-2; the action is read at the observation. A prompt is a few steps of somebody who knows how, in front.
 * Symbols: B batch, K steps of a history, S steps of a prompt, O numbers observed, A action size, E width.
 * Source: prompt_decision_transformer.py of charleshsc/HarmoDT (1c4244f) and, without a prompt, decision_transformer.py of
 * kzl/decision-transformer (e2d82e6). Differs: `wte` and the heads that no loss reaches do not exist; histories may end with
 * their padding instead of beginning with it: no step sees it in either place.
 */
import type { Random } from "../../base/index.ts";
import {
  type Dense,
  type Dropout,
  type Gpt2,
  gpt2,
  gpt2Mask,
  initEmbedding,
  initGpt2,
  initLinear,
  initNorm,
  linear,
  type Norm,
  noDropout,
  norm,
} from "../../nn/index.ts";
import {
  add,
  broadcastTo,
  concat,
  div,
  gather,
  mul,
  type Parameter,
  reshape,
  slice,
  square,
  sub,
  sum,
  tanh,
  type Value,
} from "../../tensor/index.ts";

/** Embeddings of a step's tokens; T is Parameter outside a graph, Value inside. */
interface StepEmbeddings<T> {
  /** Of the number of the step in its episode: (maxSteps, E). */
  readonly time: T;
  readonly returnToGo: Dense<T>;
  readonly observation: Dense<T>;
  readonly action: Dense<T>;
}

export interface DecisionTransformer<T> {
  readonly embed: StepEmbeddings<T> & { readonly norm: Norm<T> };
  /** Present where there is a prompt. */
  readonly embedPrompt?: StepEmbeddings<T>;
  readonly transformer: Gpt2<T>;
  readonly predict: Dense<T>;
}

export interface NetworkSizes {
  /** O and A. */
  readonly observationSize: number;
  readonly actionSize: number;
  readonly width: number;
  readonly layers: number;
  readonly heads: number;
  /** Steps of an episode that have an embedding of their own. */
  readonly maxSteps: number;
  /** True: a prompt stands in front. */
  readonly prompted: boolean;
}

/** First values: PyTorch's outside of the transformer, GPT-2's inside. */
export function initDecisionTransformer(
  { observationSize, actionSize, width, layers, maxSteps, prompted }: NetworkSizes,
  random: Random,
): DecisionTransformer<Parameter> {
  const embeddings = (own: Random): StepEmbeddings<Parameter> => ({
    time: initEmbedding(maxSteps, width, own.split("time")),
    returnToGo: initLinear(1, width, own.split("returnToGo")),
    observation: initLinear(observationSize, width, own.split("observation")),
    action: initLinear(actionSize, width, own.split("action")),
  });
  return {
    embed: { ...embeddings(random.split("embed")), norm: initNorm(width) },
    ...(prompted && { embedPrompt: embeddings(random.split("embedPrompt")) }),
    transformer: initGpt2({ width, layers, innerSize: 4 * width }, random.split("transformer")),
    predict: initLinear(width, actionSize, random.split("predict")),
  };
}

/** Steps of an episode that follow one another, traced. Padding, `mask` 0, stands before or behind them and holds anything. */
export interface Steps {
  /** (B, K, O), standardized. */
  readonly observation: Value;
  /** (B, K, A) */
  readonly action: Value;
  /** Return from the step on, on the scale of the network. (B, K) */
  readonly returnToGo: Value;
  /** Number of each in its episode: int32, (B, K). */
  readonly step: Value;
  /** 1 for steps, 0 for padding. (B, K) */
  readonly mask: Value;
}

/** Tokens of steps, three each.   returns: (B, 3K, E) */
function tokensOf(embed: StepEmbeddings<Value>, steps: Steps): Value {
  const [batch, count] = steps.step.shape;
  const time = gather(embed.time, steps.step); // (B, K, E)
  const tokens = [
    linear(embed.returnToGo, reshape(steps.returnToGo, [batch, count, 1])),
    linear(embed.observation, steps.observation),
    linear(embed.action, steps.action),
  ].map((token) => reshape(add(token, time), [batch, count, 1, -1]));
  return reshape(concat(tokens, 2), [batch, 3 * count, -1]);
}

/** `mask` of each token of steps.   returns: (B, 3K) */
function tokenMask({ mask }: Steps): Value {
  const [batch, count] = mask.shape;
  return reshape(broadcastTo(reshape(mask, [batch, count, 1]), [batch, count, 3]), [batch, 3 * count]);
}

/** The action at each step of a history, (B, K, A) in [-1, 1]: it depends on what was before it, and on no later step. */
export function predictActions(
  network: DecisionTransformer<Value>,
  heads: number,
  history: Steps,
  prompt?: Steps,
  dropout: Dropout = noDropout,
): Value {
  const { embed, embedPrompt, transformer, predict } = network;
  const [batch, count] = history.step.shape;
  const own = norm(embed.norm, tokensOf(embed, history));
  const isPrompted = embedPrompt !== undefined && prompt !== undefined;
  const tokens = isPrompted ? concat([tokensOf(embedPrompt, prompt), own], 1) : own;
  const real = isPrompted ? concat([tokenMask(prompt), tokenMask(history)], 1) : tokenMask(history);
  const mask = gpt2Mask(tokens.shape[1], real);
  /** The observations of the history. */
  const read = (x: Value) => {
    const steps = reshape(slice(x, 1, x.shape[1] - 3 * count), [batch, count, 3, -1]);
    return reshape(slice(steps, 2, 1, 2), [batch, count, -1]);
  };
  return tanh(linear(predict, gpt2(transformer, tokens, { heads, activation: "relu", mask, dropout, read })));
}

/** Mean squared error over the steps that are no padding, and dimensions.   predicted: (B, K, A)   returns: () */
export function actionLoss(predicted: Value, { action, mask }: Pick<Steps, "action" | "mask">): Value {
  const [batch, count, size] = action.shape;
  const errors = mul(square(sub(predicted, action)), reshape(mask, [batch, count, 1]));
  return div(sum(errors), mul(sum(mask), size));
}
