/** @file Memory of a network's first values: how large a network is, a configuration decides that somebody else may have written. */
import { mostBytes, requireRoom } from "../base/index.ts";
import { type Shape, sizeOf } from "../tensor/index.ts";

/** Room for the parameters of the network under construction. */
interface Room {
  readonly what: string;
  readonly most: number;
  taken: number;
}
let room: Room = { what: "A network", most: Number.POSITIVE_INFINITY, taken: 0 };

/**
 * Result of `init`, whose parameters together take at most `most` bytes. what: begins the sentence of a refusal
 * Throws UserError before memory is taken for more.
 */
export function withinRoom<T>(what: string, most: number, init: () => T): T {
  const outer = room;
  room = { what, most: Math.min(most, mostBytes), taken: 0 };
  try {
    return init();
  } finally {
    room = outer;
  }
}

/** Zeros for a parameter. Throws UserError if the network would be too large. */
export function parameterNumbers(shape: Shape): Float32Array<ArrayBuffer> {
  const size = sizeOf(shape);
  requireRoom(`A parameter of shape (${shape.join(", ")})`, 4 * size);
  requireRoom(room.what, room.taken + 4 * size, room.most);
  room.taken += 4 * size;
  return new Float32Array(size);
}
