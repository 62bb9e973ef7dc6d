/** @file One panel of a chart as SVG. Colors are classes "style-<i>", which a dark page overrides. */
import { maximum } from "../base/index.ts";
import { percentLabel, roundRange, tickLabel, ticks } from "./axis.ts";
import {
  type Axis,
  type Cloud,
  type CurveChart,
  type CurvePoint,
  type Line,
  namesOf,
  type ScatterPanel,
} from "./chart.ts";
import { letterHeight, text, textWidth } from "./lettering.ts";
import { type Attributes, element, type Markup, rounded } from "./markup.ts";
import { styleOf } from "./palette.ts";

/** A rectangle of the drawing. */
export interface Frame {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Sides of a frame that carry labels; the others share their neighbour's. */
export interface Labeled {
  readonly left: boolean;
  readonly bottom: boolean;
}

/** Ranges of both axes. */
interface Ranges {
  readonly x: readonly [low: number, high: number];
  readonly y: readonly [low: number, high: number];
}

/** Ranges that hold all panels' lines and bands. */
function rangesOf({ y, panels }: CurveChart): Ranges {
  const points = panels.flatMap(({ lines }) => lines.flatMap((line) => line.points));
  const low = least(points.map((point) => point.low));
  const high = -least(points.map((point) => -point.high));
  const [first, last] = [least(points.map(({ x }) => x)), -least(points.map(({ x }) => -x))];
  const start = first > 0 && first < 0.25 * last ? 0 : first; // steps are counted from 0
  return {
    x: start < last ? [start, last] : roundRange(start, last, 1),
    y: y.share ? [0, 1] : roundRange(low, high, 4),
  };
}

/** Draws lines and bands of the chart's panel of index `panel`; all panels share both axes. */
export function drawCurves(chart: CurveChart, panel: number, frame: Frame, labeled: Labeled): Markup {
  const { left, top, width, height } = frame;
  const { title, lines } = chart.panels[panel];
  const [names, ranges] = [namesOf(chart), rangesOf(chart)];
  const [x, y] = [scale(ranges.x, left, left + width), scale(ranges.y, top + height, top)];
  const band = ({ name, points }: Line) =>
    element(
      "g",
      styleAttributes(names.indexOf(name)),
      element("path", {
        class: "band",
        "fill-opacity": 0.16,
        d: outline([
          ...points.map((point) => [x(point.x), y(point.high)] as const),
          ...points.toReversed().map((point) => [x(point.x), y(point.low)] as const),
        ]),
      }),
    );
  return element(
    "g",
    { class: "panel" },
    panelTitle(title, frame),
    xTicks(chart.x, ranges.x, frame, labeled.bottom),
    yTicks(chart.y, ranges.y, frame, labeled.left),
    lines.filter(({ points }) => points.some(({ low, high }) => low < high)).map(band),
    lines.map((line) => drawLine(line, names, x, y, width)),
  );
}

function drawLine(
  { name, points }: Line,
  names: readonly string[],
  x: (value: number) => number,
  y: (value: number) => number,
  width: number,
): Markup {
  const { dashes, shape } = styleOf(names.indexOf(name));
  const places = points.map((point) => [x(point.x), y(point.y)] as const);
  const roomForMarks = points.length * 12 <= width || points.length === 1;
  const mark = (point: CurvePoint, i: number) =>
    element(
      "path",
      { class: "point", transform: `translate(${places[i].map(rounded).join(" ")})`, d: shape },
      element("title", {}, `${name}: ${Number(point.y.toPrecision(4))} at ${point.x}`),
    );
  return element(
    "g",
    styleAttributes(names.indexOf(name)),
    element("path", {
      class: "curve",
      fill: "none",
      stroke: "currentColor",
      "stroke-width": 1.8,
      "stroke-linejoin": "round",
      "stroke-dasharray": dashes,
      d: places.map((place, i) => `${i === 0 ? "M" : "L"}${place.map(rounded).join(" ")}`).join(""),
    }),
    roomForMarks ? points.map(mark) : [],
  );
}

/** Draws clouds of points. names: all of the chart's; a name's index is its style */
export function drawScatter(panel: ScatterPanel, names: readonly string[], frame: Frame): Markup {
  const { left, top, width, height } = frame;
  const all = panel.clouds.flatMap(({ positions }) => Array.from(positions));
  const sides = [0, 1].map((side) => {
    const values = all.filter((_, i) => i % 2 === side);
    return { low: least(values), high: -least(values.map((value) => -value)) };
  });
  // the same units both ways, 8 units of the drawing free around
  const spans = sides.map(({ low, high }) => high - low);
  const perUnit = Math.min((width - 16) / (spans[0] || 1), (height - 16) / (spans[1] || 1));
  const middle = sides.map(({ low, high }) => (low + high) / 2);
  const place = (a: number, b: number) => [
    left + width / 2 + (a - middle[0]) * perUnit,
    top + height / 2 - (b - middle[1]) * perUnit,
  ];
  const cloud = ({ name, positions }: Cloud) =>
    element(
      "g",
      { ...styleAttributes(names.indexOf(name)), "fill-opacity": 0.75 },
      Array.from({ length: positions.length / 2 }, (_, i) =>
        element("path", {
          class: "point",
          transform: `translate(${place(positions[2 * i], positions[2 * i + 1])
            .map(rounded)
            .join(" ")})`,
          d: styleOf(names.indexOf(name)).shape,
        }),
      ),
    );
  return element(
    "g",
    { class: "panel" },
    panelTitle(panel.title, frame),
    element("rect", { x: left, y: top, width, height, fill: "none", stroke: "currentColor", opacity: 0.35 }),
    panel.clouds.map(cloud),
  );
}

/** Title above a frame. */
export function panelTitle(title: string, { left, top, width }: Frame): Markup {
  return text(title, left, top - 7, { room: width });
}

/** The axis below a frame, with its numbers if `labeled`. */
export function xTicks(axis: Axis, [low, high]: Ranges["x"], frame: Frame, labeled: boolean): Markup {
  const { left, top, width, height } = frame;
  const x = scale([low, high], left, left + width);
  const bottom = top + height;
  const label = (at: number) =>
    text(axisLabel(axis, at), x(at), bottom + letterHeight + 5, { anchor: "middle" });
  const places = ticks(low, high, Math.max(2, Math.floor(width / 40)));
  return element(
    "g",
    { class: "x-axis" },
    element("path", { ...hairline, d: `M${rounded(left)} ${rounded(bottom)}h${rounded(width)}` }),
    places.map((at) =>
      element("path", { class: "tick", ...hairline, d: `M${rounded(x(at))} ${rounded(bottom)}v4` }),
    ),
    labeled ? places.map(label) : [],
  );
}

/** The axis left of a frame, with its numbers if `labeled`. */
export function yTicks(axis: Axis, [low, high]: Ranges["y"], frame: Frame, labeled: boolean): Markup {
  const { left, top, width, height } = frame;
  const y = scale([low, high], top + height, top);
  const places = ticks(low, high, Math.max(2, Math.floor(height / 40)));
  return element(
    "g",
    { class: "y-axis" },
    places.map((at) =>
      element("path", {
        class: "tick",
        ...hairline,
        opacity: 0.15,
        d: `M${rounded(left)} ${rounded(y(at))}h${rounded(width)}`,
      }),
    ),
    labeled
      ? places.map((at) =>
          text(axisLabel(axis, at), left - 6, y(at) + 0.36 * letterHeight, { anchor: "end" }),
        )
      : [],
  );
}

const hairline = { stroke: "currentColor", "stroke-width": 1, fill: "none" } as const;

function axisLabel({ share }: Axis, value: number): string {
  return share ? percentLabel(value) : tickLabel(value);
}

/** Width of the widest label of a y axis, in units. */
export function yLabelWidth(chart: CurveChart): number {
  const labels = ticks(...rangesOf(chart).y, 6).map((value) => axisLabel(chart.y, value));
  return 6 + maximum(labels.map(textWidth));
}

/** Linear map of [low, high] to [from, to]. */
export function scale(
  [low, high]: readonly [number, number],
  from: number,
  to: number,
): (value: number) => number {
  return (value) => from + ((value - low) / (high - low)) * (to - from);
}

function outline(places: readonly (readonly [number, number])[]): string {
  return `M${places.map((place) => place.map(rounded).join(" ")).join("L")}Z`;
}

/** Style of line `index`: its color on white, and a class by which a dark page gives it another. */
export function styleAttributes(index: number): Attributes {
  return { class: `style-${index}`, color: styleOf(index).color, fill: "currentColor" };
}

/** Minimum of any number of values; infinity if there are none. */
function least(values: readonly number[]): number {
  return values.reduce((low, value) => Math.min(low, value), Number.POSITIVE_INFINITY);
}
