/**
 * @file Recurrent cells: one step of a network with a memory. Gates lie side by side, in PyTorch's order.
 * Symbols: B batch, I inputs, N size of the memory.
 */
import type { Random } from "../base/index.ts";
import { add, mul, type Parameter, sigmoid, split, sub, tanh, type Value } from "../tensor/index.ts";
import { type Dense, linear, uniformByFanIn } from "./linear.ts";

/**
 * Weights of the gates: (I, gates N) from the input, (N, gates N) from the memory, and a bias (gates N,) for each.
 * T is Parameter outside a graph, Value inside.
 */
export interface RecurrentCell<T> {
  readonly input: Dense<T>;
  readonly memory: Dense<T>;
}

/** Parameters of `gru`. First values uniform in ±1/√N, as PyTorch's. */
export const initGru = (inputs: number, size: number, random: Random): RecurrentCell<Parameter> =>
  initCell(inputs, size, 3, random);

/** Parameters of `lstm`. First values uniform in ±1/√N, as PyTorch's. */
export const initLstm = (inputs: number, size: number, random: Random): RecurrentCell<Parameter> =>
  initCell(inputs, size, 4, random);

function initCell(inputs: number, size: number, gates: number, random: Random): RecurrentCell<Parameter> {
  const dense = (rows: number, random: Random) => ({
    weight: uniformByFanIn([rows, gates * size], size, random.split("weight")),
    bias: uniformByFanIn([gates * size], size, random.split("bias")),
  });
  return { input: dense(inputs, random.split("input")), memory: dense(size, random.split("memory")) };
}

/**
 * Gated recurrent unit; gates: reset, update, new.   x: (B, I)   memory: (B, N)   returns: (B, N), the next memory
 * Source: Cho et al. 2014, arXiv:1406.1078, as torch.nn.GRUCell: the reset gate acts after the memory's product.
 */
export function gru(weights: RecurrentCell<Value>, x: Value, memory: Value): Value {
  const size = memory.shape[1];
  const [xReset, xUpdate, xNew] = split(linear(weights.input, x), [size, size, size], 1);
  const [mReset, mUpdate, mNew] = split(linear(weights.memory, memory), [size, size, size], 1);
  const reset = sigmoid(add(xReset, mReset));
  const update = sigmoid(add(xUpdate, mUpdate));
  const fresh = tanh(add(xNew, mul(reset, mNew)));
  return add(fresh, mul(update, sub(memory, fresh)));
}

/** State of an LSTM: (B, N) each. */
export interface LstmState {
  readonly hidden: Value;
  readonly cell: Value;
}

/**
 * Long short-term memory; gates: input, forget, cell, output.   x: (B, I)   returns: the next state, whose `hidden` is
 * the output. Source: Hochreiter and Schmidhuber 1997, doi:10.1162/neco.1997.9.8.1735, as torch.nn.LSTMCell.
 */
export function lstm(weights: RecurrentCell<Value>, x: Value, { hidden, cell }: LstmState): LstmState {
  const size = cell.shape[1];
  const gates = add(linear(weights.input, x), linear(weights.memory, hidden));
  const [input, forget, candidate, output] = split(gates, [size, size, size, size], 1);
  const next = add(mul(sigmoid(forget), cell), mul(sigmoid(input), tanh(candidate)));
  return { hidden: mul(sigmoid(output), tanh(next)), cell: next };
}
