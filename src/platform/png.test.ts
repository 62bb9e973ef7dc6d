import { crc32, inflateSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { Random } from "../base/index.ts";
import { encodeAnimation, encodePng } from "./png.ts";

/** A picture with slopes, edges and noise. */
function example(width: number, height: number, shift = 0) {
  const random = new Random(1);
  const pixels = new Uint8Array(4 * width * height);
  for (let i = 0; i < width * height; i++) {
    const [x, y] = [i % width, Math.floor(i / width)];
    const inside = Math.abs(x - 4 - shift) < 3 && y > 2 && y < 7;
    pixels.set([4 * x, 5 * y, inside ? 255 : Math.floor(20 * random.uniform()), 255], 4 * i);
  }
  return { width, height, pixels };
}

interface Chunk {
  readonly type: string;
  readonly data: Buffer;
}

function chunksOf(bytes: Uint8Array): Chunk[] {
  const file = Buffer.from(bytes);
  expect(file.subarray(0, 8).toString("latin1")).toBe("\x89PNG\r\n\x1a\n");
  const chunks: Chunk[] = [];
  for (let at = 8; at < file.length; ) {
    const length = file.readUInt32BE(at);
    const body = file.subarray(at + 4, at + 8 + length);
    expect(file.readUInt32BE(at + 8 + length)).toBe(crc32(body));
    chunks.push({ type: body.toString("latin1", 0, 4), data: body.subarray(4) });
    at += 12 + length;
  }
  return chunks;
}

/** Undoes deflate and the rows' filters, as the standard says it. */
function unpacked(data: Uint8Array, width: number, height: number): Uint8Array {
  const rows = inflateSync(data);
  const stride = 4 * width;
  const pixels = new Uint8Array(stride * height);
  for (let row = 0; row < height; row++) {
    const filter = rows[row * (stride + 1)];
    for (let i = 0; i < stride; i++) {
      const a = i < 4 ? 0 : pixels[row * stride + i - 4];
      const b = row === 0 ? 0 : pixels[(row - 1) * stride + i];
      const c = i < 4 || row === 0 ? 0 : pixels[(row - 1) * stride + i - 4];
      const p = a + b - c;
      const nearest = [a, b, c].sort((x, y) => Math.abs(p - x) - Math.abs(p - y))[0];
      const predicted = [0, a, b, (a + b) >> 1, nearest][filter];
      pixels[row * stride + i] = rows[row * (stride + 1) + 1 + i] + predicted;
    }
  }
  return pixels;
}

describe("a PNG", () => {
  test.each([
    [1, 1],
    [13, 9],
    [40, 30],
  ])("of %i x %i pixels holds the picture", (width, height) => {
    const image = example(width, height);
    const [header, data, end] = chunksOf(encodePng(image));
    expect([header.type, data.type, end.type]).toEqual(["IHDR", "IDAT", "IEND"]);
    expect([header.data.readUInt32BE(0), header.data.readUInt32BE(4)]).toEqual([width, height]);
    expect(unpacked(data.data, width, height)).toEqual(image.pixels);
  });
});

describe("an animation", () => {
  const frames = [0, 1, 1, 5].map((shift) => example(20, 12, shift));
  const chunks = chunksOf(encodeAnimation(frames, 0.05));

  test("plays back every picture", () => {
    let canvas = frames[0].pixels.slice();
    const controls = chunks.filter(({ type }) => type === "fcTL");
    const parts = chunks.filter(({ type }) => type === "IDAT" || type === "fdAT");
    expect([controls.length, parts.length]).toEqual([4, 4]);
    controls.forEach(({ data }, frame) => {
      const [width, height, left, top] = [4, 8, 12, 16].map((at) => data.readUInt32BE(at));
      const part = frame === 0 ? parts[0].data : parts[frame].data.subarray(4);
      const pixels = unpacked(part, width, height);
      canvas = canvas.slice();
      for (let i = 0; i < width * height; i++) {
        if (pixels[4 * i + 3] === 0) continue;
        const at = 4 * ((top + Math.floor(i / width)) * 20 + left + (i % width));
        canvas.set(pixels.subarray(4 * i, 4 * i + 4), at);
      }
      expect(canvas).toEqual(frames[frame].pixels);
    });
  });

  test("numbers its parts and says how long each picture is shown", () => {
    const numbered = chunks.filter(({ type }) => type === "fcTL" || type === "fdAT");
    expect(numbered.map(({ data }) => data.readUInt32BE(0))).toEqual([0, 1, 2, 3, 4, 5, 6]);
    const shown = chunks.flatMap(({ type, data }) =>
      type === "fcTL" ? [data.readUInt16BE(20) / data.readUInt16BE(22)] : [],
    );
    expect(shown).toEqual([0.05, 0.05, 0.05, 1.05]);
    expect(chunks.find(({ type }) => type === "acTL")?.data.readUInt32BE(0)).toBe(4);
  });

  test("refuses none, and pictures of several sizes", () => {
    expect(() => encodeAnimation([], 0.1)).toThrow("at least one picture");
    expect(() => encodeAnimation([example(4, 4), example(4, 5)], 0.1)).toThrow("got 4 x 4 and 4 x 5");
  });
});
