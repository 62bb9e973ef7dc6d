/** @file Moving pictures and charts on a page. */
import {
  type Chart,
  type Content,
  element,
  legendDrawings,
  type Markup,
  panelDrawing,
} from "../charts/index.ts";
import type { PairedReplay, Replay, ReplayedEpisode } from "./replay.ts";

/** Replays, which stand still on request, with reduced motion, and on paper. */
export function replayPart(replays: readonly (PairedReplay | Replay)[]): Content {
  return [
    element("input", { type: "checkbox", id: "still" }),
    element("label", { for: "still" }, "Still pictures"),
    element("div", { class: "replays" }, replays.map(replayFigure)),
    element(
      "p",
      { class: "note" },
      "A green frame: solved. The pink ball, where there is one, marks the goal.",
    ),
  ];
}

function replayFigure(replay: PairedReplay | Replay): Markup {
  const { task, seed, animation, still, speed } = replay;
  const paired = "before" in replay;
  const words = paired
    ? `Before: ${ending(replay.before)}. After: ${ending(replay.after)}.`
    : capital(`${ending(replay.episode)}.`);
  const alt = `${task}, seed ${seed}${paired ? ", side by side" : ""}. ${words}`;
  const halves = element(
    "div",
    { class: "halves", "aria-hidden": "true" },
    element("span", {}, "before"),
    element("span", {}, "after"),
  );
  return element(
    "figure",
    paired ? {} : { class: "lone" },
    paired ? halves : [],
    element("img", { class: "moving", src: dataUri(animation), alt }),
    element("img", { class: "still", src: dataUri(still), alt }),
    element(
      "figcaption",
      {},
      element("strong", {}, task),
      `, seed ${seed}. ${words} Shown ${speedText(speed)}.`,
    ),
  );
}

function ending({ solved, steps, seconds }: ReplayedEpisode): string {
  return `${solved ? "solved after" : "not solved in"} ${steps} steps (${seconds.toFixed(1)} s)`;
}

const speedText = (speed: number): string =>
  speed < 1
    ? `${Number((1 / speed).toPrecision(2))} times as slow`
    : `${Number(speed.toPrecision(2))} times as fast`;

const capital = (text: string): string => text[0].toUpperCase() + text.slice(1);

function dataUri(png: Uint8Array): string {
  return `data:image/png;base64,${Buffer.from(png).toString("base64")}`;
}

export function chartParts(charts: readonly Chart[]): Content {
  return charts.map((chart) =>
    element(
      "figure",
      { class: "chart" },
      element("figcaption", {}, chart.caption),
      element("div", { class: "legend", "aria-hidden": "true" }, legendDrawings(chart)),
      element(
        "div",
        { class: "panels" },
        chart.panels.map((_, panel) => panelDrawing(chart, panel)),
      ),
    ),
  );
}
