/**
 * @file The losses of implicit Q-learning of several tasks, and its networks.
 * Symbols: B batch, O observation size, A action size, N tasks, d 1 where nothing follows a step, tau the expectile.
 * Source: Kostrikov et al. 2021, arXiv:2110.06169, as in CORL iql.py (tinkoff-ai/CORL, 6afec90).
 */
import type { Random } from "../../base/index.ts";
import { filled, initMlp, type Mlp, mlp } from "../../nn/index.ts";
import { normalize } from "../../policies/index.ts";
import {
  abs,
  add,
  clip,
  concat,
  div,
  exp,
  greater,
  mean,
  minimum,
  mul,
  type Parameter,
  square,
  stopGradient,
  sub,
  sum,
  type Value,
} from "../../tensor/index.ts";
import { ofTask } from "../task-ids.ts";
import { initTaskPolicy, type TaskPolicyModel, taskActions } from "../task-policy.ts";
import { type OneStepInputs, oneStepRows } from "../transition-columns.ts";

/** Numbers that the losses are computed with. */
export interface IqlSettings {
  /** Between 0.5, the mean over the data's actions, and 1, the best of them. tau */
  readonly expectile: number;
  /** Inverse temperature of the weights of actions, beta. */
  readonly beta: number;
  readonly discount: number;
}

/** T is Parameter outside a graph, Value inside. */
export interface IqlActor<T> {
  /** Means of the actions before a tanh. */
  readonly mean: Mlp<T>;
  /** Logarithm of the standard deviation, the same everywhere. (A,) */
  readonly logStd: T;
}
/** Shared layers with an output for each task: of observation and action twice, and of the observation. */
export interface IqlCritics<T> {
  readonly q: readonly [Mlp<T>, Mlp<T>];
  readonly v: Mlp<T>;
}

/** Largest weight of an action, and the bounds of the logarithm of the deviation. Source: CORL. */
const largestWeight = 100;
const logDeviations = [-20, 2] as const;

/** First weights: PyTorch's, and deviations of 1. */
export function initIql(
  config: TaskPolicyModel["config"],
  sizes: { readonly observation: number; readonly action: number },
  random: Random,
): { readonly actor: IqlActor<Parameter>; readonly critics: IqlCritics<Parameter> } {
  const values = (inputs: number, name: string) =>
    initMlp([inputs, ...config.hiddenSizes, config.tasks.length], random.split(name));
  const both = sizes.observation + sizes.action;
  return {
    actor: {
      mean: initTaskPolicy(config, random.split("actor")).network,
      logStd: filled([sizes.action], 0),
    },
    critics: {
      q: [values(both, "first critic"), values(both, "second critic")],
      v: values(sizes.observation, "value"),
    },
  };
}

/** Rows of a batch as the networks see them: observations normalized. */
function rowsOf({ normalizer }: TaskPolicyModel["config"], batch: OneStepInputs) {
  const { now, next, ...rest } = oneStepRows(batch);
  return { ...rest, now: normalize(normalizer, now), next: normalize(normalizer, next) };
}
type Rows = ReturnType<typeof rowsOf>;

const headOf = (layers: Mlp<Value>, seen: Value, task: Value): Value =>
  ofTask(mlp(layers, seen, "relu"), task);

const qOf = (layers: Mlp<Value>, { now, action, task }: Rows): Value =>
  headOf(layers, concat([now, action], 1), task);

/** The averaged critics' lower value of the data's actions, less the value of the state.   returns: (B,), without gradient */
function advantages(targets: IqlCritics<Value>, v: Value, rows: Rows): Value {
  const [first, second] = targets.q.map((layers) => qOf(layers, rows));
  return sub(stopGradient(minimum(first, second)), v);
}

/**
 * Losses of the critics, () each. value: expectile regression of V to the averaged critics' lower value (eq. 5).
 * critic: mean over both critics of the squared error to the reward and V of the next state (eq. 6).
 * next: V that the targets are computed with
 */
export function criticLosses(
  config: TaskPolicyModel["config"],
  critics: IqlCritics<Value>,
  targets: IqlCritics<Value>,
  next: Mlp<Value>,
  batch: OneStepInputs,
  { expectile, discount }: Pick<IqlSettings, "expectile" | "discount">,
): { readonly value: Value; readonly critic: Value } {
  const rows = rowsOf(config, batch);
  const u = advantages(targets, headOf(critics.v, rows.now, rows.task), rows);
  const weight = abs(sub(expectile, stopGradient(greater(0, u))));
  const after = mul(mul(discount, rows.goesOn), headOf(next, rows.next, rows.task));
  const target = stopGradient(add(rows.reward, after));
  const [first, second] = critics.q.map((layers) => mean(square(sub(qOf(layers, rows), target))));
  return { value: mean(mul(weight, square(u))), critic: mul(0.5, add(first, second)) };
}

/** Log-density of the data's actions, weighted by exp(beta advantage) (eq. 7), its negative mean.   v: of the advantage   returns: () */
export function actorLoss(
  config: TaskPolicyModel["config"],
  actor: IqlActor<Value>,
  targets: IqlCritics<Value>,
  v: Mlp<Value>,
  batch: OneStepInputs,
  { beta }: Pick<IqlSettings, "beta">,
): Value {
  const rows = rowsOf(config, batch);
  const u = advantages(targets, headOf(v, rows.now, rows.task), rows);
  const weight = stopGradient(minimum(exp(mul(beta, u)), largestWeight));
  return mean(mul(mul(-1, weight), logProb(config, actor, batch)));
}

/** Log-density of the data's actions, in nats.   returns: (B,) */
export function logProb(
  config: TaskPolicyModel["config"],
  actor: IqlActor<Value>,
  batch: OneStepInputs,
): Value {
  const { now, action, task } = oneStepRows(batch);
  const center = taskActions(config, actor.mean, now, task);
  const logStd = clip(actor.logStd, ...logDeviations);
  const off = div(sub(action, center), exp(logStd));
  const each = sub(mul(-0.5, square(off)), add(logStd, 0.5 * Math.log(2 * Math.PI)));
  return sum(each, { axes: 1 });
}
