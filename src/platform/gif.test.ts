import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { Random } from "../base/index.ts";
import { encodeGif } from "./gif.ts";

/** Pictures of 64 colors, so that none is lost: noise, in which a square wanders. */
function wandering(width: number, height: number, count: number) {
  const random = new Random(1);
  const noise = Array.from({ length: width * height }, () => random.integer(63));
  return Array.from({ length: count }, (_, frame) => {
    const pixels = new Uint8Array(4 * width * height);
    for (let i = 0; i < width * height; i++) {
      const [x, y] = [i % width, Math.floor(i / width)];
      const color = Math.abs(x - 8 - 3 * frame) < 6 && y > 3 && y < 15 ? 63 : noise[i];
      pixels.set([85 * (color & 3), 85 * ((color >> 2) & 3), 85 * (color >> 4), 255], 4 * i);
    }
    return { width, height, pixels };
  });
}

/**
 * Digests of files in which Pillow 12 found exactly these pictures, one after another, with these times
 * (test/oracles/gif_frames.py). The first is large enough for all codes to be used up and begun anew.
 */
test.each([
  ["200 x 120", wandering(200, 120, 4), 0.12, "8edd9c758fcbcba5"],
  ["1 x 1, one picture", wandering(1, 1, 1), 0.05, "ada84d5be882f5df"],
  ["17 x 9, nothing changes", [...wandering(17, 9, 1), ...wandering(17, 9, 1)], 0.5, "24b940af8de97701"],
] as const)("%s is the file in which another program found the same pictures", (_, frames, period, digest) =>
  expect(createHash("sha256").update(encodeGif(frames, period)).digest("hex").slice(0, 16)).toBe(digest),
);

test("of more colors than 255 each is near its own", () => {
  const pixels = Uint8Array.from(
    { length: 4 * 64 * 64 },
    (_, i) => [4 * ((i >> 2) % 64), 4 * (i >> 8), 128, 255][i & 3],
  );
  const file = encodeGif([{ width: 64, height: 64, pixels }], 0.1);
  const table = file.subarray(13, 13 + 3 * 255);
  let worst = 0;
  for (let i = 0; i < pixels.length; i += 4) {
    let nearest = Number.POSITIVE_INFINITY;
    for (let at = 0; at < table.length; at += 3)
      nearest = Math.min(nearest, Math.hypot(...[0, 1, 2].map((c) => table[at + c] - pixels[i + c])));
    worst = Math.max(worst, nearest);
  }
  expect(worst).toBeLessThan(20);
});

test("pictures of several sizes, and none at all, are refused", () => {
  expect(() => encodeGif([], 1)).toThrow("An animation needs at least one picture.");
  expect(() => encodeGif([...wandering(2, 2, 1), ...wandering(3, 2, 1)], 1)).toThrow(
    "An animation's pictures have one size, got 2 x 2 and 3 x 2.",
  );
});
