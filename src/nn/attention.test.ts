/** @file Properties of attention; its numbers are compared in test/torch-cells.test.ts. */
import { expect, test } from "vitest";
import { Random } from "../base/index.ts";
import {
  constant,
  evaluate,
  mapTree,
  type Parameter,
  type Shape,
  sizeOf,
  type Value,
} from "../tensor/index.ts";
import { attention, attentionMask, causalMask, initAttention, multiHeadAttention } from "./attention.ts";
import { linear } from "./linear.ts";
import { initTransformerBlock, transformerBlock } from "./transformer-block.ts";

const random = new Random(6);
const normal = (...shape: number[]): Value =>
  constant(random.fillNormal(new Float32Array(sizeOf(shape))), shape);
const known = <Tree>(tree: Tree) => mapTree(tree, (leaf) => constant((leaf as Parameter).data, leaf.shape));
const numbersOf = (value: Value): number[] => [...evaluate([value], new Map())[0].data];
const rows = (x: Value, count: number, shape: Shape): Value =>
  constant(Float32Array.from(numbersOf(x).slice(0, count * 3)), shape);

test("equal keys give the mean of the values", () => {
  const keys = constant(new Float32Array(6).fill(0.3), [2, 3]);
  const values = constant([1, 2, 5, 10], [2, 2]);
  expect(numbersOf(attention(normal(1, 3), keys, values))).toEqual([3, 6]);
});

test("what a mask hides is as if it were not there", () => {
  const [queries, keys, values] = [normal(2, 3), normal(4, 3), normal(4, 3)];
  const seen = attention(
    queries,
    keys,
    values,
    attentionMask(2, 4, (_, s) => s < 2),
  );
  const without = attention(queries, rows(keys, 2, [2, 3]), rows(values, 2, [2, 3]));
  expect(numbersOf(seen)).toEqual(numbersOf(without));
});

test("the causal mask shows each step itself and what came before", () => {
  expect(numbersOf(causalMask(3)).map((x) => x === 0)).toEqual([
    true,
    false,
    false,
    true,
    true,
    false,
    true,
    true,
    true,
  ]);
});

test("heads attend each to their own part of the width", () => {
  const parameters = known(initAttention(6, random));
  const x = normal(1, 4, 6);
  const part = (y: Value, head: number): Value => {
    const numbers = numbersOf(y);
    const columns = [0, 1, 2, 3].flatMap((t) => numbers.slice(6 * t + 3 * head, 6 * t + 3 * head + 3));
    return constant(columns, [4, 3]);
  };
  const [queries, keys, values] = [parameters.query, parameters.key, parameters.value].map((dense) =>
    linear(dense, x),
  );
  const heads = [0, 1].map((head) =>
    numbersOf(attention(part(queries, head), part(keys, head), part(values, head))),
  );
  const joined = [0, 1, 2, 3].flatMap((t) => heads.flatMap((head) => head.slice(3 * t, 3 * t + 3)));
  const expected = numbersOf(linear(parameters.out, constant(joined, [1, 4, 6])));
  const found = numbersOf(multiHeadAttention(parameters, 2, x, (map) => map(x)));
  for (const [i, value] of found.entries()) expect(value).toBeCloseTo(expected[i], 8);
});

test("a block without a memory looks at its own tokens alone", () => {
  const block = known(initTransformerBlock(8, false, random));
  const x = normal(2, 3, 8);
  expect(block.cross).toBeUndefined();
  expect(transformerBlock(block, x, { heads: 2 }).shape).toEqual([2, 3, 8]);
});
