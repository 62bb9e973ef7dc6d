/** @file A report about a run as one HTML file. */
import { maximum, wilsonInterval } from "../base/index.ts";
import {
  type Chart,
  type Content,
  element,
  type Markup,
  percentLabel,
  styleAttributes,
} from "../charts/index.ts";
import { writeWhole } from "../platform/index.ts";
import { chartParts, replayPart } from "./figures.ts";
import { pageHtml, section, table } from "./page.ts";
import type { PairedReplay } from "./replay.ts";

/** Content of a report. A part without entries is left out of the page. */
export interface ReportContent {
  readonly title: string;
  /** Paragraphs about what was done, and its result. */
  readonly summary: readonly string[];
  /** As it can be typed again. */
  readonly command: string;
  readonly finished: Date;
  readonly outcomes: readonly Outcome[];
  readonly replays: readonly PairedReplay[];
  readonly charts: readonly Chart[];
  readonly parts: readonly Part[];
  /** With all defaults filled in. */
  readonly config: unknown;
  readonly versions: Readonly<Record<string, string>>;
}

/** A task's evaluations on the same seeds. */
interface Outcome {
  readonly task: string;
  readonly before: Score;
  readonly after: Score;
}

export interface Score {
  readonly successes: number;
  readonly episodes: number;
}

/** A part of the run, and its time. */
interface Part {
  readonly name: string;
  readonly seconds: number;
}

/** Writes the report to the file `path`, and its folder if need be. */
export async function writeReport(path: string, content: ReportContent): Promise<void> {
  await writeWhole(path, reportHtml(content));
}

/** The report as an HTML document. */
export function reportHtml(content: ReportContent): string {
  const { title, summary, command, finished, outcomes, replays, charts, parts, config, versions } = content;
  return pageHtml(title, [
    summary.map((paragraph) => element("p", {}, paragraph)),
    element("pre", {}, element("code", {}, command)),
    section("Success", outcomes, outcomeTable),
    section("Episodes", replays, replayPart),
    section(
      "Learning curves",
      charts.filter(({ kind }) => kind === "curves"),
      chartParts,
    ),
    section(
      "Trajectories",
      charts.filter(({ kind }) => kind === "scatter"),
      chartParts,
    ),
    section("Time", parts, timeTable),
    section("Configuration", [config], () => element("pre", {}, JSON.stringify(config, null, 2) ?? "")),
    section("Versions", Object.entries(versions), versionTable),
    element("footer", {}, `Finished ${finished.toISOString().slice(0, 16).replace("T", " ")} UTC.`),
  ]);
}

function outcomeTable(outcomes: readonly Outcome[]): Content {
  const row = ({ task, before, after }: Outcome) => {
    const change = Math.round(100 * (shareOf(after) - shareOf(before)));
    return element(
      "tr",
      {},
      element("th", { scope: "row" }, task),
      scoreCell(before),
      scoreCell(after),
      element("td", {}, `${change < 0 ? "−" : "+"}${Math.abs(change)} points`),
      element("td", { class: "intervals" }, intervalDrawing(before, after)),
    );
  };
  return [
    table(["Task", "Before", "After", "Change", ""], outcomes.map(row)),
    element(
      "p",
      { class: "note" },
      "Share of episodes in which the task was solved, on the same seeds before and after, with the 95 % interval after " +
        "Wilson. None of the seeds was trained on.",
    ),
  ];
}

function scoreCell(score: Score): Markup {
  const [low, high] = intervalOf(score);
  return element(
    "td",
    {},
    element("strong", {}, percentLabel(shareOf(score))),
    element("small", {}, `${Math.round(100 * low)} to ${percentLabel(high)}`),
    element("small", {}, `${score.successes} of ${score.episodes}`),
  );
}

/** Both intervals over an axis from 0 to 100 %: before above, after below. */
function intervalDrawing(before: Score, after: Score): Markup {
  const whisker = (score: Score, y: number, index: number) => {
    const [low, high] = intervalOf(score);
    return element(
      "g",
      { ...styleAttributes(index), stroke: "currentColor" },
      element("path", { d: `M${4 + 120 * low} ${y}H${4 + 120 * high}`, "stroke-width": 2 }),
      element("circle", { cx: 4 + 120 * shareOf(score), cy: y, r: 3.5 }),
    );
  };
  const frame = element("path", { d: "M4 3V33M64 3V33M124 3V33", stroke: "currentColor", opacity: 0.25 });
  return element(
    "svg",
    {
      xmlns: "http://www.w3.org/2000/svg",
      viewBox: "0 0 128 36",
      width: 128,
      height: 36,
      "aria-hidden": "true",
    },
    frame,
    whisker(before, 11, 5),
    whisker(after, 25, 0),
  );
}

function shareOf({ successes, episodes }: Score): number {
  return episodes === 0 ? 0 : successes / episodes;
}

function intervalOf({ successes, episodes }: Score): readonly [number, number] {
  return wilsonInterval(successes, episodes);
}

function timeTable(parts: readonly Part[]): Content {
  const longest = maximum(parts.map(({ seconds }) => seconds));
  const total = parts.reduce((sum, { seconds }) => sum + seconds, 0);
  const row = (name: string, seconds: number, bar: Content) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, name),
      element("td", {}, seconds.toFixed(1)),
      element("td", { class: "intervals" }, bar),
    );
  const bar = (seconds: number) =>
    element(
      "svg",
      {
        xmlns: "http://www.w3.org/2000/svg",
        viewBox: "0 0 128 12",
        width: 128,
        height: 12,
        "aria-hidden": "true",
      },
      element("rect", {
        ...styleAttributes(0),
        width: (128 * seconds) / (longest || 1),
        height: 12,
      }),
    );
  return table(
    ["Part", "Seconds", ""],
    [...parts.map(({ name, seconds }) => row(name, seconds, bar(seconds))), row("together", total, [])],
  );
}

function versionTable(versions: readonly (readonly [name: string, version: string])[]): Content {
  const row = ([name, version]: readonly [string, string]) =>
    element("tr", {}, element("th", { scope: "row" }, name), element("td", {}, version));
  return table(["What", "Version"], versions.map(row));
}
