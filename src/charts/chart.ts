/** @file Charts as data: plain numbers and names, drawn by panel.ts and figure.ts. */

/** A panel per task, a line per variant; all panels share both axes. */
export interface CurveChart {
  readonly kind: "curves";
  /** Its subject, in a few words. */
  readonly title: string;
  /** A sentence on how to read it. */
  readonly caption: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly panels: readonly CurvePanel[];
}

export interface Axis {
  readonly label: string;
  /** Shares: drawn from 0 to 1, written in percent. */
  readonly share: boolean;
}

export interface CurvePanel {
  readonly title: string;
  readonly lines: readonly Line[];
}

export interface Line {
  /** Equal names have one look in all panels. */
  readonly name: string;
  /** By rising x. */
  readonly points: readonly CurvePoint[];
}

export interface CurvePoint {
  readonly x: number;
  readonly y: number;
  /** The band around y. */
  readonly low: number;
  readonly high: number;
  /** Runs that y summarises. */
  readonly runs: number;
}

/** A panel per task, a cloud of points per kind; positions have no unit. */
export interface ScatterChart {
  readonly kind: "scatter";
  readonly title: string;
  readonly caption: string;
  readonly panels: readonly ScatterPanel[];
}

export interface ScatterPanel {
  readonly title: string;
  readonly clouds: readonly Cloud[];
}

export interface Cloud {
  readonly name: string;
  /** (points, 2) */
  readonly positions: ArrayLike<number>;
}

export type Chart = CurveChart | ScatterChart;

/** Names of the legend, in the order of the first panels that hold them. */
export function namesOf(chart: Chart): readonly string[] {
  const names =
    chart.kind === "curves"
      ? chart.panels.flatMap(({ lines }) => lines.map(({ name }) => name))
      : chart.panels.flatMap(({ clouds }) => clouds.map(({ name }) => name));
  return [...new Set(names)];
}

/** Text alternative of a panel. */
export function describePanel(panel: CurvePanel | ScatterPanel): string {
  const content = "lines" in panel ? panel.lines.map(lastOf) : panel.clouds.map(sizeOf);
  return `${panel.title}: ${content.join(", ")}`;
}

function lastOf({ name, points }: Line): string {
  const last = points.at(-1);
  if (last === undefined) return `${name} has no points`;
  const [y, low, high] = [last.y, last.low, last.high].map((value) => Number(value.toPrecision(3)));
  return `${name} ends at ${y}${low < high ? ` (${low} to ${high})` : ""}`;
}

function sizeOf({ name, positions }: Cloud): string {
  return `${positions.length / 2} points ${name}`;
}
