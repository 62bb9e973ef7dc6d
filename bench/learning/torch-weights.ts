/**
 * @file Our networks' numbers under PyTorch's names and in PyTorch's layouts, and back: both contestants of the bench
 * start from the same weights, and tests compare gradients tensor by tensor. The names are those of torch_planners.py
 * and test/oracles/torch_transformer.py.
 */
import { UserError } from "../../src/base/index.ts";
import {
  type Leaf,
  leavesOf,
  type Mapped,
  mapTree,
  type Shape,
  showShape,
  sizeOf,
} from "../../src/tensor/index.ts";

type Floats = Float32Array | Float64Array;
/** Numbers of one tensor, row-major. */
export interface Numbers<Data extends Floats = Floats> extends Leaf {
  readonly data: Data;
}

/** From our paths to PyTorch's names: every rule is applied, in this order. */
const rules = {
  unet: [
    [/^step\.first/, "step_embedding.1"],
    [/^step\.second/, "step_embedding.3"],
    [/^condition/, "observation_embedding"],
    [/^middle/, "bottom"],
    [/^final\.block/, "out.0"],
    [/^final\.out/, "out.1"],
    [/\.blocks\./, "."],
    [/\.resample\./, ".2."],
    [/\.conv\./, ".0."],
    [/\.norm\.scale$/, ".1.weight"],
    [/\.norm\.shift$/, ".1.bias"],
    [/\.film\.(step|condition)$/, ".film.1.weight"],
    [/\.film\.bias$/, ".film.1.bias"],
  ],
  mlp: [
    [/^step\.first/, "step_embedding.1"],
    [/^step\.second/, "step_embedding.3"],
    [/^input\.(plan|condition|step)$/, "input.weight"],
    [/^final\.out/, "out.2"],
    [/^final\.norm/, "out.0"],
    [/\.norm\./, ".0."],
    [/\.first\./, ".2."],
    [/\.second\./, ".4."],
    [/\.scale$/, ".weight"],
    [/\.shift$/, ".bias"],
  ],
  transformer: [
    [/^positions\.plan$/, "plan_positions"],
    [/^positions\.(level|observation)$/, "condition_positions"],
    [/^encoder\.first/, "encoder.0"],
    [/^encoder\.second/, "encoder.2"],
    [/^final\.norm/, "out.0"],
    [/^final\.out/, "out.1"],
    [/\.self\.norm/, ".norm1"],
    [/\.cross\.norm/, ".norm2"],
    [/\.feedForward\.norm/, ".norm3"],
    [/\.feedForward\.first/, ".linear1"],
    [/\.feedForward\.second/, ".linear2"],
    [/\.self\.attention/, ".self_attn"],
    [/\.cross\.attention/, ".multihead_attn"],
    [/\.(query|key|value)\.(weight|bias)$/, ".in_proj_$2"],
    [/_attn\.out\./, "_attn.out_proj."],
    [/\.scale$/, ".weight"],
    [/\.shift$/, ".bias"],
  ],
} as const satisfies Record<string, readonly (readonly [RegExp, string])[]>;
export type Kind = keyof typeof rules;

/** One of our parameters: a part of a PyTorch tensor, or all of it. */
interface Part {
  readonly path: string;
  /** Ours. */
  readonly shape: Shape;
  /** Axis i of PyTorch's layout is axis order[i] of ours. */
  readonly order: readonly number[];
}
interface Place {
  readonly name: string;
  /** Axis along which ours lie side by side where PyTorch keeps in one tensor what we keep in several. */
  readonly axis: number;
  readonly parts: readonly Part[];
}

/** Every tensor PyTorch has for a network of this form. */
function placesOf(kind: Kind, network: unknown): Place[] {
  const places = new Map<string, Part[]>();
  for (const { path, leaf } of leavesOf(network)) {
    const name = rules[kind].reduce(
      (text, [pattern, replacement]) => text.replace(pattern, replacement),
      path,
    );
    const part = { path, shape: leaf.shape, order: layoutOf(path, leaf.shape) };
    places.set(name, [...(places.get(name) ?? []), part]);
  }
  return [...places].map(([name, parts]) => ({
    name,
    axis: /in_proj_|positions$/.test(name) ? 0 : 1,
    parts,
  }));
}

/** PyTorch: linear (out, in), convolution (out, in, kernel), transposed convolution (in, out, kernel). */
function layoutOf(path: string, { length }: Shape): readonly number[] {
  if (length === 3) return /^up\..*resample/.test(path) ? [1, 2, 0] : [2, 1, 0];
  if (length === 2 && !path.startsWith("positions.")) return [1, 0];
  return Array.from({ length }, (_, axis) => axis);
}

/** The state_dict of a network: weights or, in a tree of the same form, their gradients. */
export function toTorch<Data extends Floats>(kind: Kind, network: unknown): Map<string, Numbers<Data>> {
  const ours = new Map(leavesOf<Numbers<Data>>(network).map(({ path, leaf }) => [path, leaf]));
  return new Map(
    placesOf(kind, network).map(({ name, axis, parts }) => [
      name,
      join(
        parts.map(({ path, order }) => permute(ours.get(path) as Numbers<Data>, order)),
        axis,
      ),
    ]),
  );
}

/**
 * The network whose state_dict is `weights`; `form` has its shapes. Throws UserError if a tensor is missing, has another
 * shape or no place in the network.
 */
export function fromTorch<Network, Data extends Floats>(
  kind: Kind,
  form: Network,
  weights: ReadonlyMap<string, Numbers<Data>>,
): Mapped<Network, Numbers<Data>> {
  const ours = new Map<string, Numbers<Data>>();
  const surplus = new Set(weights.keys());
  for (const { name, axis, parts } of placesOf(kind, form)) {
    const whole = weights.get(name);
    if (whole === undefined) throw new UserError(`PyTorch's weights have no "${name}".`);
    surplus.delete(name);
    const shapes = parts.map(({ shape, order }) => order.map((i) => shape[i]));
    const sizes = shapes.map((shape) => shape[axis]);
    const expected =
      shapes.length === 1
        ? shapes[0]
        : shapes[0].with(
            axis,
            sizes.reduce((a, b) => a + b),
          );
    if (showShape(whole.shape) !== showShape(expected))
      throw new UserError(`"${name}": expected ${showShape(expected)}, got ${showShape(whole.shape)}.`);
    for (const [i, piece] of cut(whole, axis, sizes).entries()) {
      const { path, order } = parts[i];
      const back = order.map((_, axis) => order.indexOf(axis));
      ours.set(path, permute(piece, back));
    }
  }
  if (surplus.size > 0)
    throw new UserError(`PyTorch's weights have no place in the network: ${[...surplus].join(", ")}.`);
  return mapTree(form, (_, path) => ours.get(path) as Numbers<Data>);
}

const emptyLike = <Data extends Floats>({ data }: Numbers<Data>, shape: Shape): Numbers<Data> => ({
  shape,
  data: new (data.constructor as new (size: number) => Data)(sizeOf(shape)),
});

/** Axis i of the result is axis order[i] of x. */
function permute<Data extends Floats>(x: Numbers<Data>, order: readonly number[]): Numbers<Data> {
  const out = emptyLike(
    x,
    order.map((axis) => x.shape[axis]),
  );
  const strides = order.map((axis) => sizeOf(x.shape.slice(axis + 1)));
  const index = order.map(() => 0);
  for (let i = 0, from = 0; i < out.data.length; i++) {
    out.data[i] = x.data[from];
    for (let axis = index.length - 1; axis >= 0; axis--) {
      from += strides[axis];
      if (++index[axis] < out.shape[axis]) break;
      from -= strides[axis] * out.shape[axis];
      index[axis] = 0;
    }
  }
  return out;
}

/** The parts side by side along `axis`. */
function join<Data extends Floats>(parts: readonly Numbers<Data>[], axis: number): Numbers<Data> {
  if (parts.length === 1) return parts[0];
  const size = parts.reduce((total, { shape }) => total + shape[axis], 0);
  const out = emptyLike(parts[0], parts[0].shape.with(axis, size));
  const width = sizeOf(out.shape.slice(axis));
  let offset = 0;
  for (const { data, shape } of parts) {
    const own = sizeOf(shape.slice(axis));
    for (let row = 0; row * own < data.length; row++)
      out.data.set(data.subarray(row * own, (row + 1) * own), row * width + offset);
    offset += own;
  }
  return out;
}

/** The inverse of `join`. */
function cut<Data extends Floats>(
  whole: Numbers<Data>,
  axis: number,
  sizes: readonly number[],
): Numbers<Data>[] {
  if (sizes.length === 1) return [whole];
  const width = sizeOf(whole.shape.slice(axis));
  let offset = 0;
  return sizes.map((size) => {
    const out = emptyLike(whole, whole.shape.with(axis, size));
    const own = sizeOf(out.shape.slice(axis));
    for (let row = 0; row * own < out.data.length; row++)
      out.data.set(whole.data.subarray(row * width + offset, row * width + offset + own), row * own);
    offset += own;
    return out;
  });
}
