/**
 * @file Moving GIF files. Source: CompuServe, Graphics Interchange Format 89a (1990); Heckbert 1982, "Color image
 * quantization for frame buffer display" (median cut).
 */
import { maximum, UserError } from "../base/index.ts";

/** Pixels row by row from the top left, four bytes each: red, green, blue, opacity, which is ignored. */
interface Image {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
}

/** Colors of a file; one more index means "as before". */
const colors = 255;
const unchanged = colors;
/** Bits of each channel by which colors are told apart. */
const bits = 6;

/**
 * Pictures of equal size as one GIF that repeats for ever, in the 255 colors that suit all of them best. Later pictures hold
 * only what changed.   period: seconds per picture, counted in hundredths; the last stays for one more
 */
export function encodeGif(frames: readonly Image[], period: number): Uint8Array {
  const [first] = frames;
  if (first === undefined) throw new UserError("An animation needs at least one picture.");
  const { width, height } = first;
  const other = frames.find((frame) => frame.width !== width || frame.height !== height);
  if (other !== undefined)
    throw new UserError(
      `An animation's pictures have one size, got ${width} x ${height} and ${other.width} x ${other.height}.`,
    );
  const { table, indexOf } = paletteOf(frames);
  const parts: Uint8Array[] = [
    latin("GIF89a"),
    uint16s(width, height),
    Uint8Array.of(0xf7, 0, 0), // a global table of 256 colors
    table,
    Uint8Array.of(0x21, 0xff, 11),
    latin("NETSCAPE2.0"),
    Uint8Array.of(3, 1, 0, 0, 0), // repeats for ever
  ];
  let before: Uint8Array | undefined;
  for (const [i, frame] of frames.entries()) {
    const now = indicesOf(frame, indexOf);
    const { left, top, ...part } =
      before === undefined ? { left: 0, top: 0, width, height } : changed(before, now, width);
    const delay = Math.max(2, Math.round(100 * (period + (i === frames.length - 1 ? 1 : 0))));
    parts.push(
      Uint8Array.of(0x21, 0xf9, 4, 0b101), // stays as background; one index is transparent
      uint16s(delay),
      Uint8Array.of(unchanged, 0, 0x2c),
      uint16s(left, top, part.width, part.height),
      Uint8Array.of(0, 8),
      blocksOf(packed(cut(now, before, { left, top, ...part }, width))),
    );
    before = now;
  }
  return joined([...parts, Uint8Array.of(0x3b)]);
}

// ------------------------------------------------------------------------------------------------------------ colors

/** Colors that fall into one cell of the cube, and how many pixels have them. */
interface Cell {
  readonly key: number;
  readonly count: number;
  /** Mean of red, green and blue. */
  readonly mean: readonly number[];
}

const keyOf = (red: number, green: number, blue: number): number => {
  const drop = 8 - bits;
  return ((red >> drop) << (2 * bits)) | ((green >> drop) << bits) | (blue >> drop);
};

/** Table of colors, (256, 3), and the index of the color that stands for each cell. */
function paletteOf(frames: readonly Image[]): { readonly table: Uint8Array; readonly indexOf: Uint8Array } {
  const boxes: Cell[][] = [cellsOf(frames)];
  while (boxes.length < colors) {
    const spreads = boxes.map(spreadOf);
    const widest = spreads.reduce((best, { size }, i) => (size > spreads[best].size ? i : best), 0);
    if (spreads[widest].size === 0) break;
    boxes.push(splitOff(boxes[widest], spreads[widest].channel));
  }
  const table = new Uint8Array(3 * 256);
  const indexOf = new Uint8Array(2 ** (3 * bits));
  for (const [index, box] of boxes.entries()) {
    table.set(meanOf(box).map(Math.round), 3 * index);
    for (const { key } of box) indexOf[key] = index;
  }
  return { table, indexOf };
}

function cellsOf(frames: readonly Image[]): Cell[] {
  const sums = [0, 1, 2, 3].map(() => new Float64Array(2 ** (3 * bits)));
  for (const { pixels } of frames)
    for (let i = 0; i < pixels.length; i += 4) {
      const key = keyOf(pixels[i], pixels[i + 1], pixels[i + 2]);
      for (let channel = 0; channel < 3; channel++) sums[channel][key] += pixels[i + channel];
      sums[3][key]++;
    }
  const cells: Cell[] = [];
  sums[3].forEach((count, key) => {
    if (count > 0) cells.push({ key, count, mean: [0, 1, 2].map((channel) => sums[channel][key] / count) });
  });
  return cells;
}

function meanOf(box: readonly Cell[]): number[] {
  const all = box.reduce((sum, { count }) => sum + count, 0);
  return [0, 1, 2].map(
    (channel) => box.reduce((sum, { count, mean }) => sum + count * mean[channel], 0) / all,
  );
}

/** Sum of squared differences along the channel where they are largest; 0 of a single cell. */
function spreadOf(box: readonly Cell[]): { readonly channel: number; readonly size: number } {
  const center = meanOf(box);
  const squares = center.map((middle, channel) =>
    box.reduce((sum, { count, mean }) => sum + count * (mean[channel] - middle) ** 2, 0),
  );
  const channel = squares.indexOf(maximum(squares));
  return { channel, size: box.length < 2 ? 0 : squares[channel] };
}

/** Takes the half of `box` above its median out of it. Neither half is empty. */
function splitOff(box: Cell[], channel: number): Cell[] {
  box.sort((a, b) => a.mean[channel] - b.mean[channel]);
  const half = box.reduce((sum, { count }) => sum + count, 0) / 2;
  let [at, sum] = [0, 0];
  while (at < box.length - 1 && (at === 0 || sum < half)) sum += box[at++].count;
  return box.splice(at);
}

function indicesOf({ pixels }: Image, indexOf: Uint8Array): Uint8Array {
  const indices = new Uint8Array(pixels.length / 4);
  for (let i = 0; i < indices.length; i++)
    indices[i] = indexOf[keyOf(pixels[4 * i], pixels[4 * i + 1], pixels[4 * i + 2])];
  return indices;
}

// ---------------------------------------------------------------------------------------------------------- pictures

interface Part {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** The smallest rectangle around what differs; one pixel if nothing does. */
function changed(before: Uint8Array, now: Uint8Array, width: number): Part {
  let [left, right, top, bottom] = [width, 0, now.length / width, 0];
  for (let i = 0; i < now.length; i++) {
    if (before[i] === now[i]) continue;
    const [column, row] = [i % width, Math.floor(i / width)];
    [left, right] = [Math.min(left, column), Math.max(right, column)];
    [top, bottom] = [Math.min(top, row), Math.max(bottom, row)];
  }
  if (right < left) return { left: 0, top: 0, width: 1, height: 1 };
  return { left, top, width: right - left + 1, height: bottom - top + 1 };
}

/** Indices in a part of a picture, where they are no longer those `before`. */
function cut(now: Uint8Array, before: Uint8Array | undefined, part: Part, width: number): Uint8Array {
  const indices = new Uint8Array(part.width * part.height);
  for (let i = 0; i < indices.length; i++) {
    const at = (part.top + Math.floor(i / part.width)) * width + part.left + (i % part.width);
    indices[i] = before !== undefined && before[at] === now[at] ? unchanged : now[at];
  }
  return indices;
}

/** Codes of LZW: 256 begins anew, 257 ends; they take 9 bits at first and 12 at most. */
const [clear, end, mostCodes] = [256, 257, 4096];

/** Indices in LZW codes of growing width, the lowest bits first. */
function packed(indices: Uint8Array): Uint8Array {
  const bytes: number[] = [];
  let [buffer, filled] = [0, 0];
  let [next, width] = [end + 1, 9];
  const write = (code: number) => {
    buffer |= code << filled;
    for (filled += width; filled >= 8; filled -= 8) {
      bytes.push(buffer & 255);
      buffer >>>= 8;
    }
  };
  /** Code of a known sequence and one index more, by both; 0 if there is none. */
  const longer = new Uint16Array(mostCodes * 256);
  write(clear);
  let known: number = indices[0];
  for (const index of indices.subarray(1)) {
    const place = known * 256 + index;
    if (longer[place] !== 0) {
      known = longer[place];
      continue;
    }
    write(known);
    known = index;
    if (next < mostCodes) {
      longer[place] = next;
      if (next === 2 ** width) width++;
      next++;
    } else {
      write(clear);
      longer.fill(0);
      [next, width] = [end + 1, 9];
    }
  }
  write(known);
  // The reader makes a code of what it has read: at a power of two, the end takes one bit more.
  if (next === 2 ** width && width < 12) width++;
  write(end);
  if (filled > 0) bytes.push(buffer & 255);
  return Uint8Array.from(bytes);
}

/** Bytes in blocks of at most 255, each after its length; an empty one ends them. */
function blocksOf(bytes: Uint8Array): Uint8Array {
  const blocks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += 255) {
    const block = bytes.subarray(at, at + 255);
    blocks.push(Uint8Array.of(block.length), block);
  }
  return joined([...blocks, Uint8Array.of(0)]);
}

// ------------------------------------------------------------------------------------------------------------- bytes

const latin = (text: string): Uint8Array => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

const uint16s = (...values: readonly number[]): Uint8Array =>
  Uint8Array.from(values.flatMap((value) => [value & 255, value >>> 8]));

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
