import { expect, test } from "vitest";
import { colorCount, styleOf } from "./palette.ts";

type Color = readonly number[];

/**
 * Matrices of how a color looks without one kind of cone, in linear RGB.
 * Source: Machado, Oliveira and Fernandes 2009, doi:10.1109/TVCG.2009.113, severity 1.
 */
const sights: Readonly<Record<string, readonly Color[]>> = {
  "all cones": [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};
const styles = Array.from({ length: colorCount }, (_, i) => styleOf(i));
const pages = [
  ["white", "#ffffff", styles.map(({ color }) => color)],
  ["the dark page", "#14161a", styles.map(({ onDark }) => onDark)],
] as const;

test.each(pages)("every color stands out from %s by 3 to 1, as WCAG 1.4.11 asks", (_, page, colors) => {
  const brightness = ([r, g, b]: Color) => 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05;
  for (const color of colors) {
    const ratio = brightness(linear(color)) / brightness(linear(page));
    expect(Math.max(ratio, 1 / ratio)).toBeGreaterThan(3);
  }
});

const cases = Object.entries(sights).flatMap(([name, sight]) =>
  pages.map((page) => [name, page[0], sight, page[2]] as const),
);
test.each(cases)("%s tell all colors on %s apart", (_, __, sight, colors) => {
  const seen = colors.map((color) => {
    const light = linear(color);
    return lab(sight.map((row) => Math.min(1, Math.max(0, dot(row, light)))));
  });
  const distances = seen.flatMap((a, i) =>
    seen.slice(0, i).map((b) => Math.hypot(...a.map((x, k) => x - b[k]))),
  );
  expect(Math.min(...distances)).toBeGreaterThan(14); // CIE 1976; 2.3 is just noticeable
});

test("thirty-six lines differ in color, dashes or shape", () => {
  const looks = Array.from({ length: 36 }, (_, i) => JSON.stringify(styleOf(i)));
  expect(new Set(looks).size).toBe(36);
});

function dot(a: Color, b: Color): number {
  return a.reduce((sum, x, i) => sum + x * b[i], 0);
}

/** "#rrggbb" without its gamma, each in [0, 1]. Source: IEC 61966-2-1 (sRGB). */
function linear(color: string): Color {
  return [1, 3, 5].map((at) => {
    const value = Number.parseInt(color.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
}

/** CIE L*a*b* of linear sRGB. */
function lab([r, g, b]: Color): Color {
  const f = (t: number) => (t > 216 / 24389 ? Math.cbrt(t) : (24389 / 27 / 116) * t + 16 / 116);
  const x = f((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505);
  const y = f(0.2126 * r + 0.7152 * g + 0.0722 * b);
  const z = f((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}
