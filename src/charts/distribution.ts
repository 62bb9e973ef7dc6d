/** @file Distributions drawn for a page: a histogram over one axis, a density over two. */
import { maximum } from "../base/index.ts";
import { roundRange } from "./axis.ts";
import { drawing } from "./figure.ts";
import { letterHeight, text } from "./lettering.ts";
import { element, type Markup, rounded } from "./markup.ts";
import { type Frame, panelTitle, scale, styleAttributes, xTicks, yTicks } from "./panel.ts";

interface Span {
  readonly label: string;
  readonly low: number;
  readonly high: number;
}

const number = { label: "", share: false };
const share = { label: "", share: true };
/** Units left free above a frame for its title, below it for its axis, and at its right for half a number. */
const above = letterHeight + 11;
const below = letterHeight + 9;
const right = 14;

/** Histogram of counts in equal parts of [low, high], as shares. */
export function histogramDrawing(
  title: string,
  counts: readonly number[],
  low: number,
  high: number,
): Markup {
  const frame: Frame = { left: 44, top: above, width: 150, height: 70 };
  const total = counts.reduce((sum, count) => sum + count, 0);
  const shares = counts.map((count) => count / (total || 1));
  const top = roundRange(0, maximum(shares), 2)[1];
  const y = scale([0, top], frame.top + frame.height, frame.top);
  const width = frame.width / counts.length;
  const bottom = frame.top + frame.height;
  const bars = shares.flatMap((each, i) =>
    each === 0
      ? []
      : [
          `M${rounded(frame.left + i * width)} ${rounded(bottom)}V${rounded(y(each))}h${rounded(width - 0.8)}V${rounded(bottom)}Z`,
        ],
  );
  const most = low + ((shares.indexOf(maximum(shares)) + 0.5) * (high - low)) / counts.length;
  return drawing(
    title,
    `most often near ${Number(most.toPrecision(2))}`,
    frame.left + frame.width + right,
    bottom + below,
    {},
    [
      panelTitle(title, frame),
      yTicks(share, [0, top], frame, true),
      element("path", { ...styleAttributes(0), "fill-opacity": 0.75, d: bars.join("") }),
      xTicks(number, [low, high], frame, true),
    ],
  );
}

/** Shades of a cell, by the logarithm of its count. */
const shades = 8;

/** Density on a plane. counts: (cells along x, cells along y), of equal parts of the spans */
export function densityDrawing(
  title: string,
  counts: readonly (readonly number[])[],
  x: Span,
  y: Span,
): Markup {
  const width = 244;
  const proportion = (y.high - y.low) / (x.high - x.low);
  const height = width * Math.min(Math.max(Number.isFinite(proportion) ? proportion : 1, 0.4), 1.1);
  const frame: Frame = { left: 62, top: above, width, height };
  const most = maximum(counts.flat());
  const [cellWidth, cellHeight] = [width / counts.length, height / counts[0].length];
  const paths = Array.from({ length: shades }, () => "");
  for (const [i, column] of counts.entries())
    for (const [j, count] of column.entries()) {
      if (count === 0) continue;
      const shade = Math.min(Math.floor((shades * Math.log1p(count)) / Math.log1p(most)), shades - 1);
      const [left, top] = [frame.left + i * cellWidth, frame.top + height - (j + 1) * cellHeight];
      paths[shade] +=
        `M${rounded(left)} ${rounded(top)}h${rounded(cellWidth)}v${rounded(cellHeight)}h${rounded(-cellWidth)}Z`;
    }
  const filled = counts.flat().filter((count) => count > 0).length;
  const bottom = frame.top + height;
  return drawing(
    title,
    `${filled} of ${counts.length * counts[0].length} cells`,
    frame.left + width + right,
    bottom + below + letterHeight + 4,
    {},
    [
      panelTitle(title, frame),
      yTicks(number, [y.low, y.high], frame, true),
      paths.map((d, i) =>
        d === ""
          ? []
          : element("path", {
              ...styleAttributes(0),
              "fill-opacity": (i + 1.5) / (shades + 0.5),
              "shape-rendering": "crispEdges",
              d,
            }),
      ),
      xTicks(number, [x.low, x.high], frame, true),
      text(x.label, frame.left + width / 2, bottom + below + letterHeight, { anchor: "middle" }),
      element(
        "g",
        { transform: `translate(${letterHeight} ${rounded(frame.top + height / 2)}) rotate(-90)` },
        text(y.label, 0, 0, { anchor: "middle" }),
      ),
    ],
  );
}
