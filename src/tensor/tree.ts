/**
 * @file Trees of parameters, and their place in one flat vector.
 *
 * A network's parameters are plain objects and arrays whose leaves have a shape. The same form holds numbers
 * (`Parameter`) outside a graph and traced values inside one. A device sees them as one vector theta, so that nothing is
 * copied piece by piece.
 */
import { UserError } from "../base/index.ts";
import { type Shape, ShapeError, showShape, sizeOf, type Value } from "./graph.ts";
import { concat, reshape, slice } from "./ops/shapes.ts";

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
  return branchesOf(tree, path).flatMap(({ branch, at }) => leavesOf<L>(branch, at));
}

/** The tree with each leaf replaced. */
export function mapTree<Tree, U>(
  tree: Tree,
  replace: (leaf: Leaf, path: string) => U,
  path = "",
): Mapped<Tree, U> {
  if (isLeaf(tree)) return replace(tree, path) as Mapped<Tree, U>;
  const entries = branchesOf(tree, path).map(({ key, branch, at }) => [key, mapTree(branch, replace, at)]);
  return (Array.isArray(tree) ? entries.map(([, branch]) => branch) : Object.fromEntries(entries)) as never;
}

function isLeaf(tree: unknown): tree is Leaf {
  return typeof tree === "object" && tree !== null && "shape" in tree && Array.isArray(tree.shape);
}

/** Branches of `tree`, found at `path`, each with its own path. */
function branchesOf(tree: unknown, path: string): { key: string; branch: unknown; at: string }[] {
  if (typeof tree !== "object" || tree === null)
    throw new UserError(`"${path}" of a tree: expected objects, arrays or leaves with a shape, got ${tree}`);
  return Object.entries(tree).map(([key, branch]) => {
    if (key.includes(".")) throw new UserError(`"${key}" in a tree: expected a key without dots`);
    return { key, branch, at: path === "" ? key : `${path}.${key}` };
  });
}

/** A leaf's place in the flat vector. */
export interface Place extends Leaf {
  readonly path: string;
  readonly offset: number;
}

/** Places of a tree's leaves in the flat vector. */
export interface Layout<Tree> {
  /** The tree's form: its leaves are bare shapes. */
  readonly form: Mapped<Tree, Leaf>;
  readonly entries: readonly Place[];
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
  return { form: mapTree(tree, ({ shape }): Leaf => ({ shape })), entries, size };
}

/** A tree of the layout's form, each leaf made from its place. */
export function fillLayout<Tree, U>(
  { form, entries }: Layout<Tree>,
  make: (place: Place) => U,
): Mapped<Tree, U> {
  const places = new Map(entries.map((place) => [place.path, place]));
  return mapTree(form, (_, path) => make(places.get(path) as Place)) as Mapped<Tree, U>;
}

/** Cuts the traced vector theta (P,) into the tree of its parameters. */
export function unpack<Tree>(layout: Layout<Tree>, theta: Value): Mapped<Tree, Value> {
  if (theta.shape.length !== 1 || theta.shape[0] !== layout.size)
    throw new ShapeError("unpack", `theta: (${layout.size},)`, [theta.shape]);
  return fillLayout(layout, ({ shape, offset }) =>
    reshape(slice(theta, 0, offset, offset + sizeOf(shape)), shape),
  );
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
  for (const [i, { path, leaf }] of leavesOf<Parameter>(tree).entries()) {
    if (leaf.data.length !== sizeOf(leaf.shape))
      throw new UserError(
        `flatten: "${path}" of shape ${showShape(leaf.shape)} holds ${sizeOf(leaf.shape)} numbers, got ${leaf.data.length}`,
      );
    theta.set(leaf.data, entries[i].offset);
  }
}

/** The tree of numbers that the vector `theta` holds; its leaves are copies. The inverse of `flatten`. */
export function unflatten<Tree>(layout: Layout<Tree>, theta: Float32Array): Mapped<Tree, Parameter> {
  if (theta.length !== layout.size)
    throw new UserError(`unflatten: expected a vector of ${layout.size} numbers, got ${theta.length}`);
  return fillLayout(layout, ({ shape, offset }) => ({
    shape,
    data: theta.slice(offset, offset + sizeOf(shape)),
  }));
}
