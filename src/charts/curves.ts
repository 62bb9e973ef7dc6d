/** @file Learning curves of many runs: runs that belong together become one line with a band. */
import {
  type Interval,
  interquartileMeanOfRuns,
  maximum,
  mean,
  minimum,
  Random,
  stratifiedBootstrap,
  UserError,
} from "../base/index.ts";
import type { RunFiles } from "../wire/index.ts";
import type { CurveChart, CurvePanel, CurvePoint, Line } from "./chart.ts";
import { configKey, keysEnding, shown } from "./config-key.ts";
import { binned, type Curve, curveOf, endOf, startOf, valueAt } from "./curve.ts";
import { curveWarnings } from "./curve-warnings.ts";
import { groupBy } from "./group-by.ts";

export interface CurveOptions {
  /** A metric that only grows: "env_steps", "grad_steps", "time/elapsed". */
  readonly x: string;
  /** The metric drawn: "eval/success_rate". */
  readonly y: string;
  /** Runs whose configurations agree in these keys are one line. None: each run is a line. */
  readonly group: readonly string[];
  /** A panel for each value of this key of the configuration. None: one panel, whose lines go over all tasks. */
  readonly panels?: string | undefined;
  readonly center: keyof typeof centers;
  readonly band: keyof typeof bands;
}

export interface LearningCurves {
  readonly chart: CurveChart;
  /** Sentences about runs that are left out, or that differ where a reader would not expect it. */
  readonly warnings: readonly string[];
}

/** Statistic that a line shows of its runs' values at one x, a stratum per task. */
export const centers = {
  mean: { words: "mean", of: (strata) => mean(strata.flatMap((values) => Array.from(values))) },
  iqm: { words: "interquartile mean", of: interquartileMeanOfRuns },
} as const satisfies Record<string, { words: string; of: Statistic }>;

/** Span of the band around a line. */
export const bands = {
  range: {
    words: "lowest to highest run",
    of: (strata) => {
      const values = strata.flat();
      return [minimum(values), maximum(values)];
    },
  },
  bootstrap: {
    words: "95 % interval, stratified bootstrap over runs",
    of: (strata, statistic, random) => stratifiedBootstrap(strata, statistic, random, resamples),
  },
} as const satisfies Record<string, { words: string; of: Band }>;

type Statistic = (strata: readonly ArrayLike<number>[]) => number;
type Band = (strata: readonly (readonly number[])[], statistic: Statistic, random: Random) => Interval;

const resamples = 2000;
/** A line has so many points at most; where runs have more, neighbours are averaged. */
const mostPoints = 200;

/** The runs' learning curves. Throws UserError for a metric or a key that no run has. */
export function learningCurves(runs: readonly RunFiles[], options: CurveOptions): LearningCurves {
  const taskKey = keysEnding(runs, "task")[0];
  const panelKey = options.panels === undefined ? undefined : configKey(runs, options.panels);
  const groupKeys = options.group.map((key) => configKey(runs, key));
  const curves = runs
    .map((run) => curveOf(run, options.x, options.y))
    .filter(({ points }) => points.length > 0);
  if (curves.length === 0) throw new UserError(nothingToDraw(runs, options));
  const warnings = runs
    .filter((run) => curves.every((curve) => curve.run !== run))
    .map(({ folder }) => `${folder} has no ${options.y} over ${options.x}: left out.`);

  const panelOf = ({ run }: Curve) => (panelKey === undefined ? "" : shown(run.config[panelKey]));
  const nameOf = shortNames(runs);
  const lineOf = ({ run }: Curve) =>
    groupKeys.length === 0 ? nameOf(run) : groupKeys.map((key) => shown(run.config[key])).join(", ");
  const taskOf = ({ run }: Curve) => (taskKey === undefined ? "" : shown(run.config[taskKey]));
  const panels: CurvePanel[] = [];
  for (const [panel, ofPanel] of groupBy(curves, panelOf)) {
    const lines: Line[] = [];
    for (const [name, ofLine] of groupBy(ofPanel, lineOf)) {
      const random = new Random(0).split(panel).split(name);
      const begun = maximum(ofLine.map(startOf));
      const reaching = ofLine.filter((curve) => endOf(curve) >= begun);
      lines.push({ name, points: summarize(reaching, taskOf, options, random) });
      for (const { run } of ofLine.filter((curve) => endOf(curve) < begun))
        warnings.push(`${name}: ${run.folder} ends before others begin at ${begun} ${options.x}: left out.`);
      const known = [panelKey, taskKey, ...groupKeys];
      for (const warning of curveWarnings(name, reaching, known, options.x)) warnings.push(warning);
    }
    panels.push({ title: panel || tasksOf(ofPanel, taskOf), lines: lines.sort(byName) });
  }
  return { chart: labeled(panels, options), warnings: [...new Set(warnings)] };
}

function labeled(panels: readonly CurvePanel[], options: CurveOptions): CurveChart {
  const [x, y] = [options.x, options.y].map((metric) => labels[metric] ?? metric);
  const points = panels.flatMap(({ lines }) => lines.flatMap((line) => line.points));
  const fewest = minimum(points.map(({ runs }) => runs));
  const most = maximum(points.map(({ runs }) => runs));
  const count = fewest === most ? `${most}` : `${fewest} to ${most}`;
  const [center, band] = [centers[options.center].words, bands[options.band].words];
  return {
    kind: "curves",
    title: `${options.y} over ${options.x}`,
    caption: most === 1 ? `${y}, a line per run` : `${y}: ${center} of ${count} runs; band: ${band}`,
    x: { label: x, share: false },
    y: {
      label: y,
      share: options.y.includes("success") && points.every(({ low, high }) => low >= 0 && high <= 1),
    },
    panels,
  };
}

/** The points that a chart draws, to 12 digits, as a table with a header: RFC 4180. */
export function curvesCsv({ panels }: CurveChart, { x, y }: Pick<CurveOptions, "x" | "y">): string {
  const rows = panels.flatMap(({ title, lines }) =>
    lines.flatMap(({ name, points }) =>
      points.map((point) => [title, name, point.x, point.y, point.low, point.high, point.runs]),
    ),
  );
  const cell = (value: string | number) => {
    const text = typeof value === "number" ? `${Number(value.toPrecision(12))}` : value;
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [["panel", "line", x, y, "low", "high", "runs"], ...rows]
    .map((row) => `${row.map(cell).join(",")}\n`)
    .join("");
}

const labels: Readonly<Record<string, string>> = {
  env_steps: "Environment steps",
  grad_steps: "Gradient steps",
  "time/elapsed": "Seconds",
  "eval/success_rate": "Success rate",
};

/** The line over all x that every run has reached; between its points a run's value is interpolated. */
function summarize(
  curves: readonly Curve[],
  taskOf: (curve: Curve) => string,
  options: CurveOptions,
  random: Random,
): CurvePoint[] {
  const first = maximum(curves.map(startOf));
  const last = minimum(curves.map(endOf));
  const placesOf = (drawn: readonly Curve[]) => {
    const places = drawn.flatMap(({ points }) => points.map(([x]) => x));
    return [...new Set(places)].filter((x) => x >= first && x <= last).sort((a, b) => a - b);
  };
  const tooMany = placesOf(curves).length > mostPoints;
  const drawn = tooMany ? curves.map((curve) => binned(curve, first, last, mostPoints)) : curves;
  const strata = [...groupBy(drawn, taskOf).values()];
  const statistic = centers[options.center].of;
  return placesOf(drawn).map((x) => {
    const values = strata.map((group) => group.map(({ points }) => valueAt(points, x)));
    // a stream from its start: the same runs are drawn anew at every x
    const [low, high] = bands[options.band].of(values, statistic, random.split("runs"));
    return { x, y: statistic(values), low, high, runs: drawn.length };
  });
}

function nothingToDraw(runs: readonly RunFiles[], { x, y }: CurveOptions): string {
  const known = new Set(runs.flatMap(({ metrics }) => metrics.flatMap((line) => Object.keys(line))));
  const missing = [x, y].filter((name) => !known.has(name));
  if (known.size === 0) return "The runs have logged nothing yet.";
  if (missing.length === 0) return `No run has logged ${y} together with ${x}.`;
  return `No run has logged ${missing.join(" or ")}. Logged: ${[...known].sort().join(", ")}.`;
}

function tasksOf(curves: readonly Curve[], taskOf: (curve: Curve) => string): string {
  const tasks = [...new Set(curves.map(taskOf))];
  return tasks.length === 1 ? tasks[0] : `${tasks.length} tasks`;
}

/** Folders without the part that all share. */
function shortNames(runs: readonly RunFiles[]): (run: RunFiles) => string {
  const paths = runs.map(({ folder }) => folder.split(/[/\\]/));
  const shared = paths[0].findIndex((part, i) =>
    paths.some((path) => i === path.length - 1 || path[i] !== part),
  );
  return ({ folder }) => folder.split(/[/\\]/).slice(shared).join("/");
}

/** By number where names are numbers; otherwise as the runs were given. */
function byName(a: Line, b: Line): number {
  return Number(a.name) - Number(b.name) || 0;
}
