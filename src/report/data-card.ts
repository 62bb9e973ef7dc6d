/** @file A data set as one HTML file: an overview of its tasks, then a card for each. */
import { type Spaces, sizeOfSpace, wilsonInterval } from "../base/index.ts";
import {
  asRanges,
  type Content,
  type CurveChart,
  type CurvePoint,
  densityDrawing,
  element,
  histogramDrawing,
  type Markup,
  panelDrawing,
  percentLabel,
} from "../charts/index.ts";
import { absentLabels, type CollectedPart, type Origin, type TaskCard } from "../data/index.ts";
import { writeWhole } from "../platform/index.ts";
import { replayPart } from "./figures.ts";
import { pageHtml, section, table } from "./page.ts";
import type { Replay } from "./replay.ts";

export interface DataCardContent {
  readonly folder: string;
  readonly episodes: number;
  readonly steps: number;
  readonly spaces: Spaces;
  readonly origin: Origin;
  /** Sentences about what is left out. */
  readonly faults: readonly string[];
  readonly cards: readonly TaskCard[];
  /** Episodes of it that move, and what is known of them. */
  readonly replays?: readonly Replay[];
  readonly shown?: readonly ShownEpisode[];
}

/** An episode that a page shows. */
export interface ShownEpisode {
  /** Its number in the data set, from 0. */
  readonly number: number;
  readonly task: string;
  readonly seed: number;
  readonly steps: number;
  readonly solved: boolean;
  readonly sumOfRewards: number;
}

/** Writes the page to the file `path`, and its folder if need be. */
export async function writeDataCard(path: string, content: DataCardContent): Promise<void> {
  await writeWhole(path, dataCardHtml(content));
}

/** The page as an HTML document. */
export function dataCardHtml(content: DataCardContent): string {
  const { folder, episodes, steps, spaces, origin, faults, cards, replays = [], shown = [] } = content;
  const rewarded = cards.some((card) => card.rewarded);
  const solved = cards.some(({ successes }) => successes > 0);
  const summary = [
    `${counted(episodes, "episode")} of ${counted(cards.length, "task")}, ${counted(steps, "step")}. An observation ` +
      `has ${counted(sizeOfSpace(spaces.observation), "number")}, an action ${sizeOfSpace(spaces.action)}.`,
    ...absentLabels(cards),
    ...(cards[0].hand.low.length < 3
      ? ["Observations have no state of three numbers that could be a hand's place."]
      : []),
    ...faults,
  ];
  const charts = [...(solved ? [successChart(cards)] : []), ...(rewarded ? [returnChart(cards)] : [])];
  return pageHtml(`Data set ${folder}`, [
    summary.map((sentence) => element("p", {}, sentence)),
    section("Tasks", cards, (all) => overview(all, rewarded, solved)),
    section("Episodes", shown, (all) => [replays.length > 0 ? replayPart(replays) : [], shownTable(all)]),
    cards.map((card, i) =>
      taskCard(
        card,
        charts.map((chart) => panelDrawing(chart, i)),
        i,
      ),
    ),
    element(
      "section",
      {},
      element("h2", {}, "How to read this"),
      howToRead(cards[0].hand.low.length === 3).map((sentence) => element("p", { class: "note" }, sentence)),
    ),
    section("Origin", Object.keys(origin).length > 0 ? [origin] : [], () =>
      element("pre", {}, JSON.stringify(origin, null, 2)),
    ),
  ]);
}

/** hand: whether the page tells of one */
const howToRead = (hand: boolean): readonly string[] => [
  "Episodes are in order of collection, in parts of equal size: twenty where they are many. Success: the share of a part's episodes in " +
    "which some step was solved, with the 95 % interval after Wilson. Return: the mean sum of an episode's rewards; band: " +
    "its part's lowest to highest. All tasks have the same axes.",
  "Actions: shares of steps; what lies beyond -1 and 1 is counted at the ends.",
  ...(hand
    ? [
        "Hand: the first three numbers of an observation, which are the hand's place in metres in Meta-World; another " +
          "maker's may be something else. Stronger color: more steps, on a logarithmic scale. Coverage: the share of cells " +
          "that the hand was in, of 24 x 24 x 24 that divide the range of all tasks.",
      ]
    : []),
  "Constant: the dimension's numbers in this task differ by less than 0.0001.",
];

function overview(cards: readonly TaskCard[], rewarded: boolean, solved: boolean): Content {
  const row = (card: TaskCard, i: number) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, element("a", { href: `#task-${i}` }, card.task)),
      cell(counted(card.episodes)),
      cell(counted(card.steps)),
      solved ? cell(percentLabel(card.successes / card.episodes), intervalText(card)) : [],
      rewarded ? cell(short(card.meanReturn)) : [],
      card.hand.low.length === 3 ? cell(percentLabel(card.hand.share)) : [],
    );
  const headings = [
    "Task",
    "Episodes",
    "Steps",
    ...(solved ? ["Success"] : []),
    ...(rewarded ? ["Mean return"] : []),
    ...(cards[0].hand.low.length === 3 ? ["Coverage"] : []),
  ];
  return table(headings, cards.map(row));
}

function shownTable(shown: readonly ShownEpisode[]): Markup {
  const rows = shown.map(({ number, task, seed, steps, solved, sumOfRewards }) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, `${number}`),
      cell(task),
      cell(`${seed}`),
      cell(counted(steps)),
      cell(solved ? "yes" : "no"),
      cell(short(sumOfRewards)),
    ),
  );
  return table(["Episode", "Task", "Seed", "Steps", "Solved", "Return"], rows);
}

const cell = (main: string, small?: string): Markup =>
  element("td", {}, main, small === undefined ? [] : element("small", {}, small));

function intervalText({ successes, episodes }: TaskCard): string {
  const [low, high] = wilsonInterval(successes, episodes);
  return `${Math.round(100 * low)} to ${percentLabel(high)}`;
}

function taskCard(card: TaskCard, curves: readonly Markup[], index: number): Markup {
  const { task, episodes, steps, actions, constant, hand } = card;
  const [x, y, z] = ["x", "y", "z"].map((label, axis) => ({
    label: `Hand ${label}`,
    low: hand.all.low[axis],
    high: hand.all.high[axis],
  }));
  const views =
    hand.low.length === 3
      ? [
          densityDrawing("Hand from above", hand.fromAbove, x, y),
          densityDrawing("Hand from the front", hand.fromFront, x, z),
        ]
      : [];
  const constants = [
    ...(constant.observations.length > 0 ? [`observation ${asRanges(constant.observations)}`] : []),
    ...(constant.actions.length > 0 ? [`action ${asRanges(constant.actions)}`] : []),
  ];
  return element(
    "section",
    { id: `task-${index}` },
    element("h2", {}, task),
    element(
      "p",
      { class: "note" },
      `${counted(episodes, "episode")}, ${counted(steps, "step")}. Constant dimensions: ${constants.join("; ") || "none"}.`,
    ),
    element("div", { class: "panels pairs" }, curves, views),
    element(
      "div",
      { class: "panels small" },
      actions.map((counts, dimension) => histogramDrawing(`Action ${dimension}`, counts, -1, 1)),
    ),
  );
}

function successChart(cards: readonly TaskCard[]): CurveChart {
  const point = ({ successes, episodes }: CollectedPart) => {
    const [low, high] = wilsonInterval(successes, episodes);
    return { y: successes / episodes, low, high };
  };
  return overTime("Success", true, cards, point);
}

function returnChart(cards: readonly TaskCard[]): CurveChart {
  const point = ({ meanReturn, lowReturn, highReturn }: CollectedPart) => ({
    y: meanReturn,
    low: lowReturn,
    high: highReturn,
  });
  return overTime("Return", false, cards, point);
}

/** A panel per task, a point for each part of its episodes, after so many of them. */
function overTime(
  name: string,
  share: boolean,
  cards: readonly TaskCard[],
  point: (part: CollectedPart) => Pick<CurvePoint, "y" | "low" | "high">,
): CurveChart {
  const panels = cards.map((card) => {
    let x = 0;
    const points = card.overTime.map((part) => {
      x += part.episodes;
      return { x, ...point(part), runs: part.episodes };
    });
    return { title: name, lines: [{ name, points }] };
  });
  return {
    kind: "curves",
    title: `${name} over the time of collection`,
    caption: name,
    x: { label: "Episodes collected", share: false },
    y: { label: name, share },
    panels,
  };
}

/** "1 episode", "12,345 steps" */
function counted(count: number, noun?: string): string {
  const digits = count.toLocaleString("en-US");
  return noun === undefined ? digits : `${digits} ${noun}${count === 1 ? "" : "s"}`;
}

const short = (value: number): string => `${Number(value.toPrecision(4))}`.replace("-", "−");
