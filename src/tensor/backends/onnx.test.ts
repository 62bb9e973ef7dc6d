import { describe, expect, test } from "vitest";
import { opExamples } from "../../../test/op-examples.ts";
import { joined, programsOf } from "../../../test/op-suite.ts";
import { trace } from "../compile.ts";
import { grad } from "../grad.ts";
import type { Value } from "../graph.ts";
import * as t from "../ops/index.ts";
import { type ReadGraph, type ReadNode, readModel } from "./onnx-reader.ts";

type Values = Readonly<Record<string, Value>>;
const inputs = { x: t.float32(2, 3), y: t.float32(2, 3), w: t.float32(3, 3) };

const written = (f: (values: Values) => Values): ReadGraph => readModel(trace(inputs, f).onnx).graph;

/** Count of each operator, the copies to the outputs left out. */
function census(nodes: readonly ReadNode[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { op } of nodes) if (op !== "Identity") counts[op] = (counts[op] ?? 0) + 1;
  return counts;
}

describe("a model", () => {
  test("names its version, operators, inputs and outputs, in their order", () => {
    const specs = { b: t.float32(2, 3), a: t.int32(4), scalar: t.float32() };
    const { onnx } = trace(specs, ({ a, b }) => ({ z: t.gather(b, a), c: t.sum(b) }), {
      metadata: { task: "drawer-open" },
    });
    const { graph, ...model } = readModel(onnx);
    expect(model).toEqual({
      irVersion: 9,
      producer: "sodp",
      opset: 18,
      metadata: { task: "drawer-open" },
    });
    expect(graph.inputs).toEqual([
      { name: "b", type: 1, shape: [2, 3] },
      { name: "a", type: 6, shape: [4] },
      { name: "scalar", type: 1, shape: [] },
    ]);
    expect(graph.outputs).toEqual([
      { name: "z", type: 1, shape: [4, 3] },
      { name: "c", type: 1, shape: [] },
    ]);
  });

  test("is the same bytes each time", () => {
    const f = ({ x, y }: Values) => ({ z: t.logSumExp(t.mul(x, t.tanh(y))) });
    expect(trace(inputs, f).onnx).toEqual(trace(inputs, f).onnx);
  });
});

describe("equal values are written once:", () => {
  test("the same operation on the same inputs", () => {
    const { nodes } = written(({ x, y }) => ({ z: t.mul(t.tanh(t.add(x, y)), t.tanh(t.add(x, y))) }));
    expect(census(nodes)).toEqual({ Add: 1, Tanh: 1, Mul: 1 });
  });

  test("constants, whether numbers or arrays", () => {
    const { nodes, initializers } = written(({ x }) => ({
      z: t.add(t.mul(x, 2), t.constant([2])),
      again: t.mul(x, t.constant(Float32Array.of(2), [])),
    }));
    expect(census(nodes)).toEqual({ Mul: 1, Add: 1 });
    expect(initializers.map(({ shape }) => shape)).toEqual([[], [1]]);
  });

  test("but not what differs in an attribute, a shape or a sign of zero", () => {
    const { nodes, initializers } = written(({ x }) => ({
      a: t.softmax(x, 0),
      b: t.softmax(x, 1),
      c: t.add(x, 0),
      d: t.add(x, -0),
    }));
    expect(census(nodes)).toEqual({ Softmax: 2, Add: 2 });
    expect(initializers).toHaveLength(2);
  });

  test("what a gradient needs again", () => {
    const { nodes } = written(({ x }) => ({ slope: grad(t.sum(t.tanh(x)), [x])[0], z: t.tanh(x) }));
    expect(census(nodes).Tanh).toBe(1);
  });
});

describe("what no output needs is left out:", () => {
  test("unused values, and the constants they use", () => {
    const { nodes, initializers } = written(({ x, y }) => {
      t.exp(t.mul(y, 7));
      return { z: t.neg(x) };
    });
    expect(census(nodes)).toEqual({ Neg: 1 });
    expect(initializers).toEqual([]);
  });

  test("stretching that arithmetic does by itself", () => {
    const { nodes } = written(({ x }) => ({ z: t.mul(t.broadcastTo(t.sum(x), [2, 3]), x) }));
    expect(census(nodes)).toEqual({ ReduceSum: 1, Mul: 1 });
  });

  test("stretching remains where the result's shape comes from it", () => {
    const { nodes } = written(({ x }) => {
      const total = t.broadcastTo(t.sum(x), [2, 3]);
      return { z: t.mul(total, total) };
    });
    expect(census(nodes)).toEqual({ ReduceSum: 1, Expand: 1, Mul: 1 });
  });

  test("transposing that a product does by itself", () => {
    const { nodes } = written(({ x, y }) => ({ z: t.matmul(t.transpose(x), y) }));
    expect(census(nodes)).toEqual({ Gemm: 1 });
  });

  test("reshapes of reshapes, and those that change nothing", () => {
    const { nodes } = written(({ x }) => ({ z: t.reshape(t.reshape(t.reshape(x, [3, 2]), [6]), [2, 3]) }));
    expect(census(nodes)).toEqual({});
  });

  test("results of a loop that nobody asks for", () => {
    const { nodes } = written(({ x }) => {
      t.loop(3, [x], (_, [x]) => ({ carry: [t.tanh(x)] }));
      return { z: x };
    });
    expect(census(nodes)).toEqual({});
  });
});

describe("a loop", () => {
  const loopOf = (graph: ReadGraph): ReadGraph => {
    const loops = graph.nodes.filter(({ op }) => op === "Loop");
    expect(loops).toHaveLength(1);
    return loops[0].body as ReadGraph;
  };

  test("is written once for all its results", () =>
    loopOf(
      written(({ x, y }) => {
        const { carry, records } = t.loop(3, [x, y], (_, [x, y]) => ({
          carry: [y, t.tanh(x)],
          records: [x],
        }));
        return { a: carry[0], b: carry[1], c: records[0] };
      }),
    ));

  test("computes outside what does not depend on it, constants included", () => {
    const graph = written(({ x, w }) => ({
      z: t.loop(3, [x], (_, [x]) => ({ carry: [t.matmul(x, t.matmul(w, t.mul(w, 2)))] })).carry[0],
    }));
    expect(census(graph.nodes)).toEqual({ Mul: 1, MatMul: 1, Loop: 1 });
    const body = loopOf(graph);
    expect(census(body.nodes)).toEqual({ MatMul: 1 });
    expect(body.initializers).toEqual([]);
  });

  test("shares with its surroundings what both compute", () => {
    const graph = written(({ x, w }) => {
      const squared = t.matmul(w, w);
      const { carry } = t.loop(3, [x], (_, [x]) => ({ carry: [t.matmul(x, t.matmul(w, w))] }));
      return { z: t.add(t.sum(squared), carry[0]) };
    });
    expect(census(graph.nodes).MatMul).toBe(1);
    expect(census(loopOf(graph).nodes)).toEqual({ MatMul: 1 });
  });

  test("inside a loop leaves each value to the outermost body it can be computed in", () => {
    const graph = written(({ x, w }) => ({
      z: t.loop(3, [x], (_, [outer]) => ({
        carry: t.loop(2, [outer], (_, [inner]) => ({
          carry: [t.add(t.matmul(inner, t.exp(w)), t.tanh(outer))],
        })).carry,
      })).carry[0],
    }));
    expect(census(graph.nodes)).toEqual({ Exp: 1, Loop: 1 });
    const outer = loopOf(graph);
    expect(census(outer.nodes)).toEqual({ Tanh: 1, Loop: 1 });
    expect(census(loopOf(outer).nodes)).toEqual({ MatMul: 1, Add: 1 });
  });

  test("that does not depend on the loop around it is computed outside", () => {
    const graph = written(({ x, y }) => ({
      z: t.loop(3, [x], (_, [outer]) => ({
        carry: [t.add(outer, t.loop(2, [y], (_, [inner]) => ({ carry: [t.tanh(inner)] })).carry[0])],
      })).carry[0],
    }));
    expect(census(graph.nodes)).toEqual({ Loop: 2 });
  });
});

describe.each(Object.entries(opExamples))("the model of %s", (op, examples) => {
  const { inputs, f } = joined(programsOf(op, examples));
  const { graph } = readModel(trace(inputs, f).onnx);

  test("reads only what was written before, and writes no name twice", () => expectSound(graph, new Set()));

  // Gradients of these ask for a second copy of what they recompute.
  const copies = ["mish", "conv1d", "recompute"].includes(op) ? 2 : 1;
  test("has no two equal nodes but those it recomputes, and none that nothing reads", () =>
    expectLean(graph, copies));
});

/** known: names of the graphs around this one, to which its own are added. */
function expectSound({ nodes, initializers, inputs, outputs }: ReadGraph, known: Set<string>): void {
  const declare = (name: string) => {
    expect(known.has(name), name).toBe(false);
    known.add(name);
  };
  for (const { name } of [...inputs, ...initializers]) declare(name);
  for (const node of nodes) {
    for (const name of node.inputs) expect(name === "" || known.has(name), name).toBe(true);
    if (node.body !== undefined) expectSound(node.body, known);
    for (const name of node.outputs) declare(name);
  }
  for (const { name } of outputs) expect(known.has(name), name).toBe(true);
}

/** copies: how often one node may be written. */
function expectLean(graph: ReadGraph, copies: number): void {
  const read = new Set(namesReadBy(graph));
  for (const { name } of graph.initializers) expect(read.has(name), name).toBe(true);
  const seen = new Map<string, number>();
  for (const node of graph.nodes) {
    expect(
      node.outputs.some((name) => read.has(name)),
      node.outputs[0],
    ).toBe(true);
    if (node.body !== undefined) expectLean(node.body, copies);
    if (node.op === "Identity") continue;
    const { op, inputs, attributes, body } = node;
    const key = JSON.stringify({ op, inputs, attributes, body });
    seen.set(key, (seen.get(key) ?? 0) + 1);
    expect(seen.get(key), key).toBeLessThanOrEqual(copies);
  }
}

function namesReadBy({ nodes, outputs }: ReadGraph): string[] {
  return [
    ...outputs.map(({ name }) => name),
    ...nodes.flatMap(({ inputs, body }) => [...inputs, ...(body === undefined ? [] : namesReadBy(body))]),
  ];
}
