/**
 * @file The denoiser for short plans: residual blocks over plan, condition and noise level in one vector.
 * Symbols: B batch, H horizon, A action size, E embedding size, W width.
 */
import { type Random, UserError } from "../base/index.ts";
import { add, matmul, mish, type Parameter, reshape, type Value } from "../tensor/index.ts";
import { atLevel, levelFeatures } from "./conditioning.ts";
import { initNorm, type Norm, norm } from "./layer-norm.ts";
import { type Dense, initLinear, linear } from "./linear.ts";

export interface ResidualMlpConfig {
  /** Size of one action, A. */
  readonly actionSize: number;
  /** Actions in a plan, H. */
  readonly horizon: number;
  /** Size of all observations a plan is conditioned on, T_o times the size of one. */
  readonly conditionSize: number;
  /** Noise levels, K. */
  readonly levels: number;
  /** Size of every layer, W. */
  readonly width: number;
  /** Residual blocks, of two layers each. */
  readonly blocks: number;
  /** Size of the noise level's embedding, E; even. */
  readonly embeddingSize: number;
}

/** Parameters; T is Parameter outside a graph, Value inside. */
export interface ResidualMlp<T> {
  readonly step: { readonly first: Dense<T>; readonly second: Dense<T> };
  /** The first layer's weight, cut into the rows that meet each part of the input: (H A, W), (conditionSize, W), (E, W). */
  readonly input: { readonly plan: T; readonly condition: T; readonly step: T; readonly bias: T };
  readonly blocks: readonly Block<T>[];
  readonly final: { readonly norm: Norm<T>; readonly out: Dense<T> };
}
interface Block<T> {
  readonly norm: Norm<T>;
  readonly first: Dense<T>;
  readonly second: Dense<T>;
}

/** First values, as PyTorch's. */
export function initResidualMlp(
  { actionSize, horizon, conditionSize, width, blocks, embeddingSize }: ResidualMlpConfig,
  random: Random,
): ResidualMlp<Parameter> {
  const planSize = horizon * actionSize;
  const { weight, bias } = initLinear(planSize + conditionSize + embeddingSize, width, random.split("input"));
  const rows = (start: number, end: number) => ({
    shape: [end - start, width],
    data: weight.data.slice(start * width, end * width),
  });
  return {
    step: {
      first: initLinear(embeddingSize, 2 * embeddingSize, random.split("step.first")),
      second: initLinear(2 * embeddingSize, embeddingSize, random.split("step.second")),
    },
    input: {
      plan: rows(0, planSize),
      condition: rows(planSize, planSize + conditionSize),
      step: rows(planSize + conditionSize, planSize + conditionSize + embeddingSize),
      bias,
    },
    blocks: Array.from({ length: blocks }, (_, i) => ({
      norm: initNorm(width),
      first: initLinear(width, width, random.split(`blocks.${i}.first`)),
      second: initLinear(width, width, random.split(`blocks.${i}.second`)),
    })),
    final: { norm: initNorm(width), out: initLinear(width, planSize, random.split("final.out")) },
  };
}

/**
 * The network's guess for noised plans.
 * plans: (B, H, A)   k: int32 in [0, K), one noise level for all () or each its own (B,); 0 is the cleanest
 * condition: (B, conditionSize)   returns: (B, H, A). Throws UserError for another horizon.
 */
export function residualMlp(
  network: ResidualMlp<Value>,
  config: ResidualMlpConfig,
  plans: Value,
  k: Value,
  condition: Value,
): Value {
  const [batch, horizon, actionSize] = plans.shape;
  if (horizon !== config.horizon)
    throw new UserError(`This denoiser is made for plans of ${config.horizon} actions, got ${horizon}.`);
  const table = levelFeatures(config.levels, config.embeddingSize);
  const embed = (rows: Value) => linear(network.step.second, mish(linear(network.step.first, rows)));
  const { plan, condition: seen, step, bias } = network.input;
  const fromStep = atLevel(k, table, (rows) => matmul(embed(rows), step)); // (1 or B, W)
  const fromCondition = add(matmul(condition, seen), bias);
  const fromPlan = matmul(reshape(plans, [batch, horizon * actionSize]), plan);
  const last = network.blocks.reduce(block, add(fromPlan, add(fromStep, fromCondition)));
  return reshape(linear(network.final.out, mish(norm(network.final.norm, last))), plans.shape);
}

/** x: (B, W)   returns: (B, W) */
function block(x: Value, { norm: scale, first, second }: Block<Value>): Value {
  return add(x, linear(second, mish(linear(first, mish(norm(scale, x))))));
}
