/** @file A graph that answers one row as one that answers any number of them: it is run for each row, in the file itself. */
import type { DType, Shape } from "../graph.ts";
import { type OnnxGraph, type OnnxNode, valueInfo } from "./protobuf.ts";

/** An input or output of a graph. */
export interface Port {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: Shape;
}

/** A model of one row as it is given many. */
export interface Rows {
  /** Axis of the rows, of size 1 in the model, of each input and output that has a row's own numbers. All rows share others. */
  readonly axes: Readonly<Record<string, number>>;
  /** Name of an int32 input, (), that the file fills in itself: the row's number, from 0. */
  readonly index?: string;
}

interface OneRow {
  readonly nodes: readonly OnnxNode[];
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
}

/** Name of the size of the rows' axis. */
const anyNumber = "N";

/** The graph as it is. */
export const graphOf = ({ nodes, inputs, outputs }: OneRow): OnnxGraph => ({
  nodes,
  inputs: inputs.map(({ name, dtype, shape }) => valueInfo(name, dtype, shape)),
  outputs: outputs.map(({ name, dtype, shape }) => valueInfo(name, dtype, shape)),
});

/**
 * The graph as the body of a Scan over rows. Its constants stay outside, where the body finds them by name. What it costs: rows
 * are answered one after another, as so many calls with one row would.
 */
export function overRows({ nodes, inputs, outputs }: OneRow, { axes, index }: Rows): OnnxGraph {
  const rowed = inputs.filter(({ name }) => name in axes);
  const given = inputs.filter(({ name }) => name !== index);
  const outside = ({ name, dtype, shape }: Port) =>
    valueInfo(
      name,
      dtype,
      shape.map((size, axis) => (axis === axes[name] ? anyNumber : size)),
    );
  const inside = (name: string) => `${name}.row`;
  const one = (name: string) => `${name}.one`; // a sub-graph's names must differ from those around it
  const names = new Map([...rowed, ...outputs].map(({ name }) => [name, one(name)]));
  const slice = ({ name, dtype, shape }: Port) =>
    valueInfo(inside(name), dtype, shape.toSpliced(axes[name], 1));
  const axis = (name: string): OnnxNode => intsOf([axes[name]], `${name}.axis`);
  const body: OnnxGraph = {
    nodes: [
      ...rowed.flatMap(({ name }) => [
        axis(name),
        nodeOf("Unsqueeze", [inside(name), `${name}.axis`], [one(name)]),
      ]),
      ...nodes.map((node) => renamed(node, names)),
      ...outputs.flatMap(({ name }) => [
        axis(name),
        nodeOf("Squeeze", [one(name), `${name}.axis`], [inside(name)]),
      ]),
    ],
    inputs: [...rowed.map(slice), ...(index === undefined ? [] : [valueInfo(index, "int32", [])])],
    outputs: outputs.map(slice),
  };
  const counted = index === undefined ? [] : rowNumbers(rowed[0].name, axes[rowed[0].name]);
  const scan: OnnxNode = {
    op: "Scan",
    inputs: [...rowed.map(({ name }) => name), ...(index === undefined ? [] : ["rows.numbers"])],
    outputs: outputs.map(({ name }) => name),
    attributes: {
      num_scan_inputs: rowed.length + (index === undefined ? 0 : 1),
      scan_input_axes: [...rowed.map(({ name }) => axes[name]), ...(index === undefined ? [] : [0])],
      scan_output_axes: outputs.map(({ name }) => axes[name]),
    },
    body,
  };
  return { nodes: [...counted, scan], inputs: given.map(outside), outputs: outputs.map(outside) };
}

/** Nodes that count the rows of an input: `rows.numbers`, int32, (N,). */
function rowNumbers(input: string, axis: number): OnnxNode[] {
  return [
    nodeOf("Shape", [input], ["rows.shape"], { start: axis, end: axis + 1 }),
    nodeOf("Constant", [], ["rows.none"], { value_int: 0 }),
    nodeOf("Constant", [], ["rows.one"], { value_int: 1 }),
    nodeOf("Squeeze", ["rows.shape"], ["rows.count"]),
    nodeOf("Range", ["rows.none", "rows.count", "rows.one"], ["rows.long"]),
    nodeOf("Cast", ["rows.long"], ["rows.numbers"], { to: 6 }),
  ];
}

const nodeOf = (
  op: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: OnnxNode["attributes"] = {},
): OnnxNode => ({ op, inputs, outputs, attributes });

/** A one-axis int64 constant. */
const intsOf = (values: readonly number[], name: string): OnnxNode =>
  nodeOf("Constant", [], [name], { value_ints: values });

/** The node with other names of tensors, in its sub-graph too. */
export function renamed(node: OnnxNode, names: ReadonlyMap<string, string>): OnnxNode {
  const rename = (name: string) => names.get(name) ?? name;
  const { body } = node;
  return {
    ...node,
    inputs: node.inputs.map(rename),
    outputs: node.outputs.map(rename),
    ...(body && { body: { ...body, nodes: body.nodes.map((inner) => renamed(inner, names)) } }),
  };
}
