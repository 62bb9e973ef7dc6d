/**
 * @file Styles of lines: six colors that stay different for the color-blind, each with its own dashes and its own shape of
 * point. Source of the first three: Okabe and Ito 2008, "Color universal design".
 */

export interface Style {
  /** On white, and on the report's dark page. */
  readonly color: string;
  readonly onDark: string;
  /** SVG's stroke-dasharray in units of the drawing; "none" for a full line. */
  readonly dashes: string;
  /** SVG path around (0, 0), of an area near 28. */
  readonly shape: string;
}

const colors = [
  { color: "#0072b2", onDark: "#3a8fe0" }, // blue
  { color: "#d55e00", onDark: "#ff7a33" }, // vermilion
  { color: "#009e73", onDark: "#2fd8a8" }, // green
  { color: "#8811ee", onDark: "#a855f7" }, // violet
  { color: "#551100", onDark: "#f0e442" }, // brown, yellow
  { color: "#222222", onDark: "#ffffff" }, // black, white
] as const;
const dashes = ["none", "7 3", "2 2.5", "10 3 2 3", "4 2", "12 4"];
const shapes = [
  "M3,0A3,3 0 1 1 -3,0A3,3 0 1 1 3,0Z", // circle
  "M0,-4L3.7,2.6L-3.7,2.6Z", // triangle
  "M-2.6,-2.6H2.6V2.6H-2.6Z", // square
  "M0,-3.9L3.9,0L0,3.9L-3.9,0Z", // diamond
  "M-3.9,-1.3H-1.3V-3.9H1.3V-1.3H3.9V1.3H1.3V3.9H-1.3V1.3H-3.9Z", // plus
  "M0,4L3.7,-2.6L-3.7,-2.6Z", // triangle on its tip
];

/** The style of line `index`; colors repeat after six lines, with other dashes. */
export function styleOf(index: number): Style {
  const turn = index + Math.floor(index / colors.length);
  return {
    ...colors[index % colors.length],
    dashes: dashes[turn % dashes.length],
    shape: shapes[turn % shapes.length],
  };
}

/** Number of lines with a color of their own. */
export const colorCount = colors.length;
