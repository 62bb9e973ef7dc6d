/** @file Repetition inside one graph: a sampler's denoising steps as a single run of the device. */
import { UserError } from "../../base/index.ts";
import { dependentsOf, type LoopBody } from "../backends/onnx.ts";
import { evaluate } from "../backends/reference.ts";
import {
  defineOp,
  type Op,
  type OpRecord,
  ShapeError,
  sameShape,
  showShape,
  type Tensor,
  type Value,
} from "../graph.ts";

interface LoopAttributes {
  readonly loop: LoopBody;
  /** Values of the surroundings that the body reads. */
  readonly captured: readonly Value[];
  /** Index of the result: the carries first, then the records. */
  readonly result: number;
}

interface LoopResults {
  /** Values that the last iteration handed on. */
  readonly carry: readonly Value[];
  /** (count, ...shape): what each iteration recorded. */
  readonly records: readonly Value[];
}

type Loop = (
  count: number,
  initial: readonly Value[],
  body: (
    iteration: Value,
    carry: readonly Value[],
  ) => { carry: readonly Value[]; records?: readonly Value[] },
) => LoopResults;

/**
 * Runs `body` `count` times. It receives the iteration's number (int32 scalar, from 0) and what the one before handed on
 * (the first: `initial`), and returns what it hands on, of the same shapes, and what shall be recorded.
 * The body may read any value traced outside. All that is handed on or recorded is float32. A loop has no gradient:
 * asking for one is a UserError.
 */
export const loop: Op<Loop> = defineOp<LoopAttributes, Loop>(
  {
    name: "loop",
    dtypes: { inputs: [], output: "float32" },
    onnx: (emit, _, { attributes: { loop, result } }) => emit.loop(loop)[result],
    shape: (_, { loop, result }) => {
      const { next, records, count } = loop;
      return result < next.length ? next[result].shape : [count, ...records[result - next.length].shape];
    },
    kernel: (out, inputs, { loop, captured, result }) => {
      const known = new Map<Value, Tensor>(
        captured.map((value, i) => [value, inputs[loop.initial.length + i]]),
      );
      let carry = inputs.slice(0, loop.initial.length);
      for (let iteration = 0; iteration < loop.count; iteration++) {
        const inside = new Map(known).set(loop.iteration, { shape: [], data: Float64Array.of(iteration) });
        for (const [i, value] of loop.carry.entries()) inside.set(value, carry[i]);
        const results = evaluate([...loop.next, ...loop.records], inside);
        carry = results.slice(0, loop.next.length);
        if (result >= loop.next.length)
          out.data.set(results[result].data, iteration * results[result].data.length);
      }
      if (result < loop.next.length) out.data.set(carry[result].data);
    },
  },
  (apply) => (count, initial, body) => {
    if (!Number.isInteger(count) || count < 1)
      throw new UserError(`loop: expected at least one iteration, got ${count}`);
    const iteration = placeholder({ shape: [], dtype: "int32" });
    const carry = initial.map(placeholder);
    const { carry: next, records = [] } = body(iteration, carry);
    if (next.length !== carry.length || next.some((value, i) => !sameShape(value.shape, carry[i].shape)))
      throw new ShapeError(
        "loop",
        `a body that hands on ${carry.map(({ shape }) => showShape(shape)).join(" and ") || "nothing"}`,
        next.map(({ shape }) => shape),
      );
    for (const { dtype } of [...initial, ...next, ...records])
      if (dtype !== "float32")
        throw new UserError(
          `loop: expected what is handed on and recorded to be of type float32, got ${dtype}`,
        );
    const loop: LoopBody = { count, iteration, carry, initial, next, records };
    const own = dependentsOf(loop);
    const read = [...own].flatMap(({ inputs }) => inputs).concat(next, records);
    const captured = [...new Set(read.filter((value) => !own.has(value)))];
    const results = [...next, ...records].map((_, result) =>
      apply([...initial, ...captured], { loop, captured, result }),
    );
    return { carry: results.slice(0, next.length), records: results.slice(next.length) };
  },
);

/** A value that only the loop itself provides. */
function placeholder({ shape, dtype }: Pick<Value, "shape" | "dtype">): Value {
  return { op: placeholderOp as unknown as OpRecord, inputs: [], attributes: {}, shape, dtype };
}

const placeholderOp: OpRecord<Record<string, never>> = {
  name: "placeholder",
  shape: () => [],
  kernel: refuse,
  onnx: refuse,
};

function refuse(): never {
  throw new UserError(
    "a value of a loop's body was used outside the loop; let the loop hand it on or record it",
  );
}
