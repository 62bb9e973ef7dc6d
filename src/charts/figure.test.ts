/** @file Charts proven by reading them back: where points stand against the ticks, by their labels. */
import { describe, expect, test } from "vitest";
import type { CurveChart, ScatterChart } from "./chart.ts";
import { figureSvg, legendDrawings, panelDrawing } from "./figure.ts";

const line = (
  name: string,
  ...points: readonly (readonly [x: number, y: number, low: number, high: number])[]
) => ({
  name,
  points: points.map(([x, y, low, high]) => ({ x, y, low, high, runs: 3 })),
});
const bc = line("bc", [0, 0.06, 0, 0.1], [32_000, 0.5, 0.4, 0.7], [64_000, 0.88, 0.8, 1]);
const none = line("none", [0, 0.06, 0, 0.1], [48_000, 0.02, 0, 0.04]);
const success: CurveChart = {
  kind: "curves",
  title: "eval/success_rate over env_steps",
  caption: "Success rate: mean of 3 runs",
  x: { label: "Environment steps", share: false },
  y: { label: "Success rate", share: true },
  panels: [{ title: "drawer-open", lines: [bc, none] }],
};
const loss: CurveChart = {
  ...success,
  y: { label: "train/loss", share: false },
  panels: [{ title: "push", lines: [line("kl", [100, -0.31, -0.35, -0.2], [1600, 1.7, 1.6, 2.2])] }],
};

describe.each([
  ["success rates", success],
  ["losses", loss],
])("%s", (_, chart) => {
  const drawn = readPanel(figureSvg(chart));
  const [x, y] = [fromTicks(drawn.xTicks), fromTicks(drawn.yTicks)];

  test.each(chart.panels[0].lines.map((line, i) => [line.name, line, i] as const))(
    "%s: line and band stand where their numbers are",
    (_, { points }, i) => {
      const spans = [drawn.xTicks, drawn.yTicks].map((ticks) =>
        Math.abs(ticks[ticks.length - 1].value - ticks[0].value),
      );
      const close = (place: readonly number[], [atX, atY]: readonly number[]) => {
        expect(Math.abs(x(place[0]) - atX) / spans[0]).toBeLessThan(1e-3);
        expect(Math.abs(y(place[1]) - atY) / spans[1]).toBeLessThan(1e-3);
      };
      drawn.curves[i].forEach((place, k) => {
        close(place, [points[k].x, points[k].y]);
      });
      const outline = [
        ...points.map((point) => [point.x, point.high]),
        ...points.toReversed().map((point) => [point.x, point.low]),
      ];
      drawn.bands[i].forEach((place, k) => {
        close(place, outline[k]);
      });
      expect([drawn.curves[i].length, drawn.bands[i].length]).toEqual([points.length, outline.length]);
    },
  );
});

test("shares always go from 0 to 100 %, so that charts compare", () => {
  const { yTicks } = readPanel(figureSvg({ ...success, panels: [{ title: "", lines: [none] }] }));
  expect([yTicks[0].value, yTicks[yTicks.length - 1].value]).toEqual([0, 1]);
});

describe("many panels", () => {
  const titles = Array.from({ length: 10 }, (_, i) => `task ${i}`);
  const many = {
    ...success,
    panels: titles.map((title, i) => ({ title, lines: i % 2 ? [none] : [bc, none] })),
  };
  const svg = figureSvg(many);

  test("share their axes: equal values stand at equal heights in a row", () => {
    const panels = svg.split('<g class="panel">').slice(1).map(readPanel);
    const heights = panels.slice(0, 3).map(({ curves }) => curves[curves.length - 1][0][1]);
    expect(new Set(heights).size).toBe(1);
    expect(panels).toHaveLength(10);
  });

  test("a name has one look in all of them", () => {
    const looks = [
      ...svg.matchAll(/class="(style-\d)"[^>]*><path class="curve"[^>]*stroke-dasharray="([^"]*)"/g),
    ];
    expect(new Set(looks.map(([, style, dashes]) => style + dashes)).size).toBe(2);
    expect(looks).toHaveLength(15);
  });

  test("nothing reaches over the drawing's edge", () => {
    const [, width, height] = svg.match(/viewBox="0 0 ([\d.]+) ([\d.]+)"/)?.map(Number) ?? [];
    for (const [, x, y] of svg.matchAll(/<text x="([-\d.]+)" y="([-\d.]+)"/g)) {
      expect(Number(x)).toBeGreaterThan(0);
      expect(Number(x)).toBeLessThan(width);
      expect(Number(y)).toBeLessThan(height);
    }
  });

  test("a panel alone has the chart's axes, its own labels and its place's look", () => {
    const alone = panelDrawing(many, 1).markup;
    const { xTicks, yTicks } = readPanel(alone);
    expect(xTicks.map(({ value }) => value)).toEqual([0, 10_000, 20_000, 30_000, 40_000, 50_000, 60_000]);
    expect(yTicks.length).toBeGreaterThan(2);
    expect(alone).toContain('class="style-1"');
    expect(legendDrawings(many).map(({ markup }) => markup.match(/>([^<]+)<\/text>/)?.[1])).toEqual([
      "bc",
      "none",
    ]);
  });
});

describe("a map of points", () => {
  const positions = [0, 0, 3, 0, 3, 4];
  const map: ScatterChart = {
    kind: "scatter",
    title: "Trajectories",
    caption: "t-SNE",
    panels: [{ title: "push", clouds: [{ name: "before", positions }] }],
  };

  test("keeps the proportions of distances", () => {
    const places = [...figureSvg(map).matchAll(/class="point" transform="translate\(([-\d.]+) ([-\d.]+)\)/g)];
    const [a, b, c] = places.map(([, x, y]) => [Number(x), Number(y)]);
    const far = (p: readonly number[], q: readonly number[]) => Math.hypot(p[0] - q[0], p[1] - q[1]);
    expect(far(b, c) / far(a, b)).toBeCloseTo(4 / 3, 3);
    expect(far(a, c) / far(a, b)).toBeCloseTo(5 / 3, 3);
  });

  test("says in words what it shows", () =>
    expect(figureSvg(map)).toContain('aria-label="Trajectories: push: 3 points before"'));
});

test("the same chart gives the same bytes", () => expect(figureSvg(success)).toBe(figureSvg(success)));

test("names are text, never markup", () => {
  const name = `<script>"&'</script>`;
  const svg = figureSvg({ ...success, title: name, panels: [{ title: name, lines: [{ ...bc, name }] }] });
  expect(svg).not.toContain("<script");
  expect(svg).toContain("&#60;script&#62;&#34;&#38;&#39;");
});

interface Tick {
  readonly at: number;
  readonly value: number;
}

/** A drawing's only panel, or the part of a drawing that is one. */
function readPanel(svg: string) {
  const part = (name: string) => svg.match(new RegExp(`<g class="${name}">(.*?)</g>`))?.[1] ?? "";
  const ticksOf = (axis: string, place: RegExp): Tick[] => {
    const places = [...axis.matchAll(place)].map(([, at]) => Number(at));
    const labels = [...axis.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, label]) => label);
    return labels.map((label, i) => ({ at: places[i], value: numberOf(label) }));
  };
  const paths = (name: string) =>
    [...svg.matchAll(new RegExp(`<path class="${name}"[^>]* d="M([^"]*)"`, "g"))].map(([, d]) =>
      d
        .replace("Z", "")
        .split("L")
        .map((place) => place.split(" ").map(Number)),
    );
  return {
    xTicks: ticksOf(part("x-axis"), /class="tick"[^>]* d="M([-\d.]+) /g),
    yTicks: ticksOf(part("y-axis"), /class="tick"[^>]* d="M[-\d.]+ ([-\d.]+)h/g),
    curves: paths("curve"),
    bands: paths("band"),
  };
}

/** "20k", "−0.5", "40 %" */
function numberOf(label: string): number {
  const [, digits, unit] = label.replace("−", "-").match(/^(-?[\d.]+)(k|M|\u00a0%)?$/) ?? [];
  return Number(digits) * ({ k: 1e3, M: 1e6, "\u00a0%": 0.01 }[unit] ?? 1);
}

/** The value at a place, by an axis's first and last tick. */
function fromTicks(ticks: readonly Tick[]): (at: number) => number {
  const [first, last] = [ticks[0], ticks[ticks.length - 1]];
  return (at) => first.value + ((at - first.at) / (last.at - first.at)) * (last.value - first.value);
}
