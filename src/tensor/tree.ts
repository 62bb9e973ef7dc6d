/**
 * @file Trees of parameters, and their place in one flat vector.
 *
 * A network's parameters are plain objects and arrays whose leaves have a shape. The same form holds numbers
 * (`Parameter`) outside a graph and traced values inside one. A device sees them as one vector theta, so that nothing is
 * copied piece by piece.
 */
import { UserError } from "../base/index.ts";
import { type Shape, ShapeError, sizeOf, type Value } from "./graph.ts";
import { concat, reshape, slice } from "./ops/primitives.ts";

/** Anything with a shape ends a branch. */
export interface Leaf {
  readonly shape: Shape;
}

/** Numbers of one parameter, row-major. */
export interface Parameter extends Leaf {
  readonly data: Float32Array;
}

/** A tree of the same form with leaves of type U. */
export type Mapped<Tree, U> = Tree extends Leaf ? U : { readonly [Key in keyof Tree]: Mapped<Tree[Key], U> };

/** The leaves in order of appearance, each with its path, such as "down.0.first.weight". */
export function leavesOf<L extends Leaf>(tree: unknown, path = ""): { path: string; leaf: L }[] {
  if (isLeaf(tree)) return [{ path, leaf: tree as L }];
  return Object.entries(tree as object).flatMap(([key, branch]) =>
    leavesOf<L>(branch, path === "" ? key : `${path}.${key}`),
  );
}

/** The tree with each leaf replaced. */
export function mapTree<Tree, U>(
  tree: Tree,
  replace: (leaf: Leaf, path: string) => U,
  path = "",
): Mapped<Tree, U> {
  if (isLeaf(tree)) return replace(tree, path) as Mapped<Tree, U>;
  const entries = Object.entries(tree as object).map(([key, branch]) => [
    key,
    mapTree(branch, replace, path === "" ? key : `${path}.${key}`),
  ]);
  return (Array.isArray(tree) ? entries.map(([, branch]) => branch) : Object.fromEntries(entries)) as never;
}

function isLeaf(tree: unknown): tree is Leaf {
  return typeof tree === "object" && tree !== null && "shape" in tree;
}

/** Where each leaf of a tree lies in the flat vector. */
export interface Layout<Tree> {
  readonly tree: Tree;
  readonly entries: readonly { readonly path: string; readonly shape: Shape; readonly offset: number }[];
  /** Length of the vector, P. */
  readonly size: number;
}

/** Lays the leaves of `tree` one after another, in order of appearance. */
export function layoutOf<Tree>(tree: Tree): Layout<Tree> {
  let size = 0;
  const entries = leavesOf(tree).map(({ path, leaf: { shape } }) => {
    const offset = size;
    size += sizeOf(shape);
    return { path, shape, offset };
  });
  return { tree, entries, size };
}

/** Cuts the traced vector theta (P,) into the tree of its parameters. */
export function unpack<Tree>(layout: Layout<Tree>, theta: Value): Mapped<Tree, Value> {
  if (theta.shape.length !== 1 || theta.shape[0] !== layout.size)
    throw new ShapeError("unpack", `theta: (${layout.size},)`, [theta.shape]);
  const places = new Map(layout.entries.map((entry) => [entry.path, entry]));
  return mapTree(layout.tree, ({ shape }, path) => {
    const { offset } = places.get(path) as { offset: number };
    return reshape(slice(theta, 0, offset, offset + sizeOf(shape)), shape);
  });
}

/** The traced tree as one vector (P,), the inverse of `unpack`. */
export function pack(tree: unknown): Value {
  return concat(
    leavesOf<Value & Leaf>(tree).map(({ leaf }) => reshape(leaf, [sizeOf(leaf.shape)])),
    0,
  );
}

/** Copies a tree of numbers into the vector `theta`, of length P. */
export function flatten(tree: unknown, theta: Float32Array): void {
  const { entries, size } = layoutOf(tree);
  if (theta.length !== size)
    throw new UserError(`flatten: expected a vector of ${size} numbers, got ${theta.length}`);
  for (const [i, { leaf }] of leavesOf<Parameter>(tree).entries()) theta.set(leaf.data, entries[i].offset);
}

/** The tree of numbers that the vector `theta` holds; its leaves are copies. The inverse of `flatten`. */
export function unflatten<Tree>(layout: Layout<Tree>, theta: Float32Array): Mapped<Tree, Parameter> {
  if (theta.length !== layout.size)
    throw new UserError(`unflatten: expected a vector of ${layout.size} numbers, got ${theta.length}`);
  const places = new Map(layout.entries.map((entry) => [entry.path, entry]));
  return mapTree(layout.tree, ({ shape }, path) => {
    const { offset } = places.get(path) as { offset: number };
    return { shape, data: theta.slice(offset, offset + sizeOf(shape)) };
  });
}
