/** @file PNG files, still or moving. Source: W3C, Portable Network Graphics (Third Edition), sections 5, 9, 11 and 13. */

import { crc32, deflateSync } from "node:zlib";
import { UserError } from "../base/index.ts";

/** Pixels row by row from the top left, four bytes each: red, green, blue, opacity. */
interface Image {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
}

/** A picture as a PNG file. */
export function encodePng(image: Image): Uint8Array {
  return file([header(image), chunk("IDAT", packed(image))]);
}

/**
 * Pictures of equal size as one moving PNG that repeats for ever: browsers play it, and what cannot shows the first
 * picture. Later pictures hold only what changed.   period: seconds per picture; the last stays for one more
 */
export function encodeAnimation(frames: readonly Image[], period: number): Uint8Array {
  const [first, ...later] = frames;
  if (first === undefined) throw new UserError("An animation needs at least one picture.");
  const delay = (index: number) =>
    uint16s(Math.round(1000 * (period + (index === frames.length - 1 ? 1 : 0))), 1000);
  const chunks = [
    header(first),
    chunk("acTL", uint32s(frames.length, 0)),
    chunk("fcTL", uint32s(0, first.width, first.height, 0, 0), delay(0), Uint8Array.of(0, 0)),
    chunk("IDAT", packed(first)),
  ];
  let sequence = 1;
  later.forEach((frame, i) => {
    const { image, left, top } = changeOf(frames[i], frame);
    const place = uint32s(sequence++, image.width, image.height, left, top);
    chunks.push(chunk("fcTL", place, delay(i + 1), Uint8Array.of(0, 1))); // laid over what is there
    chunks.push(chunk("fdAT", uint32s(sequence++), packed(image)));
  });
  return file(chunks);
}

/** Difference of `after`: the smallest rectangle around it, transparent where nothing changed. */
function changeOf(before: Image, after: Image): { image: Image; left: number; top: number } {
  const { width, height } = after;
  if (before.width !== width || before.height !== height) {
    const sizes = `${before.width} x ${before.height} and ${width} x ${height}`;
    throw new UserError(`An animation's pictures have one size, got ${sizes}.`);
  }
  const old = new Uint32Array(before.pixels.buffer, before.pixels.byteOffset, width * height);
  const now = new Uint32Array(after.pixels.buffer, after.pixels.byteOffset, width * height);
  let [left, right, top, bottom] = [width - 1, 0, height - 1, 0];
  for (let i = 0; i < now.length; i++) {
    if (now[i] === old[i]) continue;
    const [column, row] = [i % width, Math.floor(i / width)];
    [left, right] = [Math.min(left, column), Math.max(right, column)];
    [top, bottom] = [Math.min(top, row), Math.max(bottom, row)];
  }
  // nothing changed: one transparent pixel
  if (right < left) [left, right, top, bottom] = [0, 0, 0, 0];
  const size = { width: right - left + 1, height: bottom - top + 1 };
  const fresh = new Uint32Array(size.width * size.height);
  for (let i = 0; i < fresh.length; i++) {
    const at = (top + Math.floor(i / size.width)) * width + left + (i % size.width);
    if (now[at] !== old[at]) fresh[i] = now[at];
  }
  return { image: { ...size, pixels: new Uint8Array(fresh.buffer) }, left, top };
}

/** Pixels, each row told from its neighbours by the filter that leaves the smallest numbers, deflated. */
function packed({ width, height, pixels }: Image): Uint8Array {
  const stride = 4 * width;
  const rows = new Uint8Array(height * (stride + 1));
  const residuals = filters.map(() => new Uint8Array(stride));
  for (let row = 0; row < height; row++) {
    const at = row * stride;
    let best = 0;
    let least = Number.POSITIVE_INFINITY;
    for (let filter = 0; filter < filters.length; filter++) {
      const residual = residuals[filter];
      const predict = filters[filter];
      let sum = 0;
      for (let i = 0; i < stride; i++) {
        const left = i >= 4 ? pixels[at + i - 4] : 0;
        const up = row > 0 ? pixels[at + i - stride] : 0;
        const corner = i >= 4 && row > 0 ? pixels[at + i - stride - 4] : 0;
        residual[i] = pixels[at + i] - predict(left, up, corner);
        sum += residual[i] < 128 ? residual[i] : 256 - residual[i];
      }
      if (sum < least) [least, best] = [sum, filter];
    }
    rows[row * (stride + 1)] = best;
    rows.set(residuals[best], row * (stride + 1) + 1);
  }
  return deflateSync(rows, { level: 9 });
}

/** Prediction of a byte from those to its left, above it, and above those; the standard's types 0 to 4. */
const filters: readonly ((left: number, up: number, corner: number) => number)[] = [
  () => 0,
  (left) => left,
  (_, up) => up,
  (left, up) => (left + up) >> 1,
  (left, up, corner) => {
    const toLeft = Math.abs(up - corner);
    const toUp = Math.abs(left - corner);
    const toCorner = Math.abs(left + up - 2 * corner);
    if (toLeft <= toUp && toLeft <= toCorner) return left;
    return toUp <= toCorner ? up : corner;
  },
];

function header({ width, height }: Image): Uint8Array {
  const [bitsPerColor, colorWithOpacity] = [8, 6];
  return chunk("IHDR", uint32s(width, height), Uint8Array.of(bitsPerColor, colorWithOpacity, 0, 0, 0));
}

function file(chunks: readonly Uint8Array[]): Uint8Array {
  const signature = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
  return joined([signature, ...chunks, chunk("IEND")]);
}

function chunk(type: string, ...data: readonly Uint8Array[]): Uint8Array {
  const body = joined([Uint8Array.from(type, (letter) => letter.charCodeAt(0)), ...data]);
  return joined([uint32s(body.length - 4), body, uint32s(crc32(body))]);
}

function uint32s(...values: readonly number[]): Uint8Array {
  return Uint8Array.from(values.flatMap((x) => [x >>> 24, x >>> 16, x >>> 8, x]));
}

function uint16s(...values: readonly number[]): Uint8Array {
  return Uint8Array.from(values.flatMap((x) => [x >>> 8, x]));
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
