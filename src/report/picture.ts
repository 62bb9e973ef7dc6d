/** @file Pictures put together: frames around them, several in a row or in rows, moving ones of several episodes. */
import { maximum, minimum } from "../base/index.ts";
import type { Image } from "../envs/index.ts";
import { encodeGif } from "../platform/index.ts";

/** Seconds that an animation plays. */
export const playingSeconds = 3;

const solvedColor = [0, 158, 115, 255];
/** Pixels of a frame, and of the white line between two pictures. */
const [thickness, between] = [5, 4];

/** Draws a frame around the picture in which a task is solved. */
export function frame({ width, height, pixels }: Image): void {
  for (let row = 0; row < height; row++)
    for (let column = 0; column < width; column++) {
      const inside =
        Math.min(row, height - 1 - row) >= thickness && Math.min(column, width - 1 - column) >= thickness;
      if (!inside) pixels.set(solvedColor, 4 * (row * width + column));
    }
}

/** Pictures of one size in rows of `columns`, by default in one row, with white lines between. */
export function beside(images: readonly Image[], columns: number = images.length): Image {
  const [{ width, height }] = images;
  const rows = Math.ceil(images.length / columns);
  const whole = { width: columns * (width + between) - between, height: rows * (height + between) - between };
  const pixels = new Uint8Array(4 * whole.width * whole.height).fill(255);
  for (const [i, image] of images.entries()) {
    const left = (i % columns) * (width + between);
    const top = Math.floor(i / columns) * (height + between);
    for (let row = 0; row < height; row++)
      pixels.set(
        image.pixels.subarray(4 * row * width, 4 * (row + 1) * width),
        4 * ((top + row) * whole.width + left),
      );
  }
  return { ...whole, pixels };
}

/** Pictures of an episode at equal distances. */
interface Moving {
  readonly frames: readonly Image[];
  /** Simulated seconds from one to the next. */
  readonly period: number;
}

/** Several episodes at the same time as one moving GIF, about as wide as high; each stands still once it is over. */
export function gifOf(episodes: readonly Moving[]): Uint8Array {
  const finest = minimum(episodes.map(({ period }) => period));
  const longest = maximum(episodes.map(({ period, frames }) => period * (frames.length - 1)));
  const count = Math.round(longest / finest) + 1;
  const columns = Math.ceil(Math.sqrt(episodes.length));
  const frames = Array.from({ length: count }, (_, i) =>
    beside(
      episodes.map(
        ({ frames, period }) => frames[Math.min(Math.round((i * finest) / period), frames.length - 1)],
      ),
      columns,
    ),
  );
  return encodeGif(frames, playingSeconds / count);
}
