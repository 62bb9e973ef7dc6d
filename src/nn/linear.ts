/** @file Layers with a weight and a bias, their first values as in PyTorch, and the type of a network's parameters. */
import type { Random } from "../base/index.ts";
import {
  affine,
  type ConvOptions,
  conv1d,
  convTranspose1d,
  type Parameter,
  type Shape,
  type Value,
} from "../tensor/index.ts";
import { parameterNumbers } from "./parameter-room.ts";

/** Weight and bias of a linear map or a convolution. T is Parameter outside a graph, Value inside. */
export interface Dense<T> {
  readonly weight: T;
  readonly bias: T;
}

/**
 * Uniform in ±1/√fanIn: what PyTorch gives weights and biases of linear layers and convolutions.
 * Source: torch.nn.Linear.reset_parameters (kaiming_uniform with a = √5 comes to the same bound).
 */
export function uniformByFanIn(shape: Shape, fanIn: number, random: Random): Parameter {
  const data = random.fillUniform(parameterNumbers(shape));
  const bound = 1 / Math.sqrt(fanIn);
  for (let i = 0; i < data.length; i++) data[i] = bound * (2 * data[i] - 1);
  return { shape, data };
}

export function filled(shape: Shape, value: number): Parameter {
  return { shape, data: parameterNumbers(shape).fill(value) };
}

/** weight: (inputs, outputs)   bias: (outputs,) */
export function initLinear(inputs: number, outputs: number, random: Random): Dense<Parameter> {
  return {
    weight: uniformByFanIn([inputs, outputs], inputs, random.split("weight")),
    bias: uniformByFanIn([outputs], inputs, random.split("bias")),
  };
}

/** x: (..., inputs)   returns: (..., outputs) */
export const linear = ({ weight, bias }: Dense<Value>, x: Value): Value => affine(x, weight, bias);

/** weight: (kernel, inputs, outputs)   bias: (outputs,) */
export function initConv(kernel: number, inputs: number, outputs: number, random: Random): Dense<Parameter> {
  return {
    weight: uniformByFanIn([kernel, inputs, outputs], kernel * inputs, random.split("weight")),
    bias: uniformByFanIn([outputs], kernel * inputs, random.split("bias")),
  };
}

/** Of a square kernel.   weight: (kernel, kernel, inputs, outputs)   bias: (outputs,) */
export function initConv2d(
  kernel: number,
  inputs: number,
  outputs: number,
  random: Random,
): Dense<Parameter> {
  const fanIn = kernel * kernel * inputs;
  return {
    weight: uniformByFanIn([kernel, kernel, inputs, outputs], fanIn, random.split("weight")),
    bias: uniformByFanIn([outputs], fanIn, random.split("bias")),
  };
}

/** As initConv, but PyTorch counts the fan-in of a transposed convolution over its outputs. */
export function initConvTranspose(
  kernel: number,
  inputs: number,
  outputs: number,
  random: Random,
): Dense<Parameter> {
  return {
    weight: uniformByFanIn([kernel, inputs, outputs], kernel * outputs, random.split("weight")),
    bias: uniformByFanIn([outputs], kernel * outputs, random.split("bias")),
  };
}

/** x: (B, T, inputs)   returns: (B, T', outputs) */
export const conv = ({ weight, bias }: Dense<Value>, x: Value, options: ConvOptions): Value =>
  conv1d(x, weight, bias, options);

/** x: (B, T, inputs)   returns: (B, T', outputs) */
export const convTranspose = ({ weight, bias }: Dense<Value>, x: Value, options: ConvOptions): Value =>
  convTranspose1d(x, weight, bias, options);
