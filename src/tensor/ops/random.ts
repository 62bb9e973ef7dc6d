/**
 * @file Noise from a seed inside a graph: a generator that counts, so that every runtime draws the same numbers.
 * Source: Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3" (Threefry-2x32-20); Box and Muller 1958.
 * ONNX's own RandomNormal is not used: its numbers are each runtime's own, and its seed is fixed in the file.
 */
import type { Emit } from "../backends/onnx.ts";
import { cells, fillNormalDraws, parity, rounds, turns } from "../counted-noise.ts";
import { defineOp, type Op, type Shape, ShapeError, sizeOf, type Value } from "../graph.ts";

interface NormalAttributes {
  readonly shape: Shape;
  /** Number of the array among those that one seed gives. */
  readonly stream: number;
}

type NormalFromSeed = (seed: Value, row: Value, shape: Shape, stream: number) => Value;

/**
 * Standard normal draws. seed, row: int32, (), from 0: each pair has streams of its own   stream: which of them
 * Draws 2i and 2i + 1 are sqrt(-2 ln a) times the cosine and the sine of 2 pi b, where a and b are made of the two words that
 * Threefry-2x32-20 gives for the key (seed, row) and the counter (i, stream).
 */
export const normalFromSeed: Op<NormalFromSeed> = defineOp<NormalAttributes, NormalFromSeed>(
  {
    name: "normalFromSeed",
    dtypes: { inputs: ["int32", "int32"], output: "float32" },
    shape(inputs, { shape }) {
      if (inputs.every((each) => each.length === 0)) return shape;
      throw new ShapeError("normalFromSeed", "seed: () and row: ()", inputs);
    },
    kernel: (out, [seed, row], { stream }) => fillNormalDraws(out.data, seed.data[0], row.data[0], stream),
    onnx: (emit, [seed, row], { attributes: { shape, stream } }) => lowered(emit, seed, row, shape, stream),
  },
  (apply) => (seed, row, shape, stream) => apply([seed, row], { shape, stream }),
);

/** Threefry in int64, whose products and sums of 32-bit words do not overflow: ONNX Runtime turns no uint32 around. */
function lowered(emit: Emit, seed: string, row: string, shape: Shape, stream: number): string {
  const size = sizeOf(shape);
  const pairs = Math.ceil(size / 2);
  const int = (value: number) => emit.constant(BigInt64Array.of(BigInt(value)), []);
  const mask = int(2 ** 32 - 1);
  const word = (name: string) => emit("BitwiseAnd", [name, mask]);
  const add = (a: string, b: string) => word(emit("Add", [a, b]));
  const xor = (a: string, b: string) => emit("BitwiseXor", [a, b]);
  const turned = (name: string, turn: number) =>
    emit("Add", [word(emit("Mul", [name, int(2 ** turn)])), emit("Div", [name, int(2 ** (32 - turn))])]);
  const [k0, k1] = [seed, row].map((name) => word(emit("Cast", [name], { to: int64 })));
  const keys = [k0, k1, xor(xor(k0, k1), int(parity))];
  const counters = emit.constant(
    BigInt64Array.from({ length: pairs }, (_, i) => BigInt(i)),
    [pairs],
  );
  let x = add(counters, k0);
  let y = add(emit.constant(new BigInt64Array(pairs).fill(BigInt(stream)), [pairs]), k1);
  for (let round = 0; round < rounds; round++) {
    x = add(x, y);
    y = xor(turned(y, turns[round % 8]), x);
    if (round % 4 !== 3) continue;
    const s = (round + 1) / 4;
    x = add(x, keys[s % 3]);
    y = add(add(y, keys[(s + 1) % 3]), int(s));
  }
  const [a, b] = [x, y].map((name) => {
    const cell = emit("Cast", [emit("Div", [name, int(512)])], { to: float32 });
    return emit("Mul", [emit("Add", [cell, emit.float(0.5)]), emit.float(1 / cells)]);
  });
  const radius = emit("Sqrt", [emit("Mul", [emit("Log", [a]), emit.float(-2)])]);
  const angle = emit("Mul", [b, emit.float(2 * Math.PI)]);
  const column = (name: string) =>
    emit("Reshape", [emit("Mul", [radius, emit(name, [angle])]), emit.ints([pairs, 1])]);
  const both = emit("Concat", [column("Cos"), column("Sin")], { axis: 1 });
  const flat = emit("Reshape", [both, emit.ints([2 * pairs])]);
  const cut = size % 2 === 0 ? flat : emit("Slice", [flat, emit.ints([0]), emit.ints([size])]);
  return emit("Reshape", [cut, emit.ints(shape)]);
}

/** ONNX's numbers of element types. */
const [float32, int64] = [1, 7];
