/**
 * @file Parts of a space within one flat row, and the range of numbers over many rows.
 * Symbols: D numbers of a flat row, C channels of a part: the length of its last axis.
 */
import { type Part, placesOf, type Space } from "../../base/index.ts";
import type { Range } from "./episode-store.ts";

/** Place of a part in a flat row. */
export interface PartPlace {
  readonly name: string;
  readonly part: Part;
  /** Its first number in the row, and how many are its own. */
  readonly offset: number;
  readonly size: number;
  /** C. What is counted over a part is counted by channel: over all points of a cloud, all pixels of a picture. */
  readonly channels: number;
}

/** Places of all parts, in the order of the space. */
export function partPlaces(space: Space): PartPlace[] {
  return Object.entries(placesOf(space)).map(([name, [begin, end]]) => ({
    name,
    part: space[name],
    offset: begin,
    size: end - begin,
    channels: space[name].shape.at(-1) ?? 1,
  }));
}

/** Numbers by channel of each part, as numbers by dimension of the flat row, (D,). */
export function spreadChannels(
  space: Space,
  ofPart: (place: PartPlace) => readonly number[],
): readonly number[] {
  return partPlaces(space).flatMap((place) => {
    const channels = ofPart(place);
    return Array.from({ length: place.size }, (_, i) => channels[i % place.channels]);
  });
}

/** Range of each dimension over all rows, (D,) each; dimensions of one channel share theirs. columns: (N, D) each */
export function rangeOf(space: Space, columns: Iterable<Float32Array>): Range {
  const places = partPlaces(space);
  const size = places.reduce((sum, place) => sum + place.size, 0);
  const low = new Float32Array(size).fill(Number.POSITIVE_INFINITY);
  const high = new Float32Array(size).fill(Number.NEGATIVE_INFINITY);
  for (const column of columns)
    for (let at = 0; at < column.length; )
      for (let dimension = 0; dimension < size; dimension++, at++) {
        if (column[at] < low[dimension]) low[dimension] = column[at];
        if (column[at] > high[dimension]) high[dimension] = column[at];
      }
  return {
    low: spreadChannels(space, (place) => byChannel(low, place, Math.min)),
    high: spreadChannels(space, (place) => byChannel(high, place, Math.max)),
  };
}

/** Smallest or largest numbers of a part's channels, (C,). row: (D,) */
function byChannel(
  row: Float32Array,
  { offset, size, channels }: PartPlace,
  pick: (a: number, b: number) => number,
): number[] {
  const picked = [...row.subarray(offset, offset + channels)];
  for (let i = channels; i < size; i++) picked[i % channels] = pick(picked[i % channels], row[offset + i]);
  return picked;
}
