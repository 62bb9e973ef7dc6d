/**
 * @file Spaces: the named parts of an observation or an action. In memory a row is one flat array, the parts one after
 * another in the order of the space's keys; a part is a view of its numbers.
 * Symbols: D numbers of a row, all parts together.
 */
import { UserError } from "./errors.ts";

/** One named part of a row. */
export interface Part {
  /** Sizes of its axes: [39] for a vector, [512, 3] for a point cloud, [84, 84, 3] for a picture, [] for a number. */
  readonly shape: readonly number[];
  /** Type in which it is stored: pictures as bytes, 0 to 255. Default: "float32". */
  readonly dtype?: "float32" | "uint8";
  /** Names of the numbers of the last axis. */
  readonly names?: readonly string[];
}

/** Parts by name; their order is that of the numbers of a row. */
export type Space = Readonly<Record<string, Part>>;

/** Spaces of observations and of actions. */
export interface Spaces {
  readonly observation: Space;
  readonly action: Space;
}

/** A space of one vector. */
export const vectorSpace = (name: string, size: number): Space => ({ [name]: { shape: [size] } });

/** Spaces of one observed vector, "state", and one vector of actions, "action". */
export const vectorSpaces = (observationSize: number, actionSize: number): Spaces => ({
  observation: vectorSpace("state", observationSize),
  action: vectorSpace("action", actionSize),
});

/** Numbers of a part. */
export const sizeOfPart = ({ shape }: Part): number => shape.reduce((size, axis) => size * axis, 1);

/** Numbers of a row, D. */
export const sizeOfSpace = (space: Space): number =>
  Object.values(space).reduce((size, part) => size + sizeOfPart(part), 0);

/** Places of the parts' numbers in a row: each from the first to before the second. */
export function placesOf(space: Space): Readonly<Record<string, readonly [begin: number, end: number]>> {
  let end = 0;
  return Object.fromEntries(
    Object.entries(space).map(([name, part]) => {
      const begin = end;
      end += sizeOfPart(part);
      return [name, [begin, end] as const];
    }),
  );
}

/** The parts of a row, (D,): views of its memory, no copies. Throws UserError for a row of another size. */
export function partsOf<Row extends Float32Array | Float64Array>(
  space: Space,
  row: Row,
): Readonly<Record<string, Row>> {
  if (row.length !== sizeOfSpace(space))
    throw new UserError(
      `A row of ${describeSpace(space)} has ${sizeOfSpace(space)} numbers, got ${row.length}.`,
    );
  return Object.fromEntries(
    Object.entries(placesOf(space)).map(([name, [begin, end]]) => [name, row.subarray(begin, end) as Row]),
  );
}

/** A space in words: "state (39), pointCloud (512, 3)". */
export const describeSpace = (space: Space): string =>
  Object.entries(space).map(describePart).join(", ") || "nothing";

const describePart = ([name, { shape, dtype = "float32" }]: readonly [string, Part]): string =>
  `${name} (${shape.join(", ")})${dtype === "float32" ? "" : ` of ${dtype}`}`;

/**
 * Difference of two spaces, in words; undefined if rows of one are rows of the other. Names of single numbers may
 * differ: they are for people.
 */
export function differenceOfSpaces(a: Space, b: Space): string | undefined {
  const [here, there] = [describeSpace(a), describeSpace(b)];
  return here === there ? undefined : `${here}, not ${there}`;
}

/**
 * Throws UserError, in one sentence, unless both observe and act alike.
 * a, b: what to call the two, such as "The planner" and "the data set data/mt10"
 */
export function requireSameSpaces(a: string, spaces: Spaces, b: string, other: Spaces): void {
  const describe = ({ observation, action }: Spaces) =>
    `observes ${describeSpace(observation)} and acts with ${describeSpace(action)}`;
  const [here, there] = [describe(spaces), describe(other)];
  if (here !== there) throw new UserError(`${a} ${here}; ${b} ${there}.`);
}
