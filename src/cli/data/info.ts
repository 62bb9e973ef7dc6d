/** @file `sodp data info`: the content of a data set. */
import { Command } from "commander";
import { z } from "zod";
import { describeSpace, wilsonInterval } from "../../base/index.ts";
import { asRanges } from "../../charts/index.ts";
import { absentLabels, Dataset, type TaskCard, taskCards } from "../../data/index.ts";
import { type DataCardContent, writeDataCard } from "../../report/index.ts";
import { configured } from "../config.ts";
import { Progress } from "../progress.ts";
import { file } from "../shared-flags.ts";
import { columns } from "../table.ts";
import { jsonText, print } from "../terminal.ts";
import { bars, intervalText, percent } from "../text.ts";

const Flags = z.strictObject({
  html: file().optional().describe("draw it too, as one page that needs no network"),
});

export function infoCommand(): Command {
  const command = new Command("info")
    .description(
      "Show the content of a data set, per task: episodes, returns and success over the time of collection, actions, places " +
        "of the hand, dimensions that never change.",
    )
    .argument("<folder>", "folder of a data set");
  const read = configured(command, { schema: Flags });
  return command.action(async (folder: string, { json }: { json?: boolean }) => {
    const { html } = (await read()).config;
    using dataset = await Dataset.open(folder);
    using progress = new Progress("read");
    const { damage, faults, cards, about } = cardsOf(folder, dataset, progress);
    const { episodes, steps, spaces, origin, unlisted, unfinished = null, unchecked } = dataset;
    if (html !== undefined) {
      await writeDataCard(html, { ...about, faults, cards });
      progress.note(`Drawn: ${html}`);
    }
    progress[Symbol.dispose]();
    print(
      json
        ? jsonText({ ...about, damage, unlisted, unfinished, unchecked, tasks: cards })
        : [
            `${folder}: ${episodes} episodes, ${steps} steps; observations ${describeSpace(spaces.observation)}, ` +
              `actions ${describeSpace(spaces.action)}.`,
            ...Object.entries(origin).map(([name, value]) => `${name}: ${originText(value)}`),
            "",
            tasksTable(cards),
            ...absentLabels(cards),
            "",
            ...(cards[0].hand.low.length < 3 ? [] : handLines(cards)),
            "Actions, -1 to 1, and dimensions that never change:",
            actionsTable(cards),
          ].join("\n"),
    );
  });
}

/** What is told of a data set, faults first as notes. */
export function cardsOf(folder: string, dataset: Dataset, progress: Progress): CardsOfSet {
  const damage = dataset.damage.map(({ reason }) => reason);
  const cards = taskCards(dataset, {
    onProgress: (done, all) => progress.progress(done, all, {}),
    onRefused: (reason) => damage.push(reason),
  });
  const { episodes, steps, spaces, origin, unlisted } = dataset;
  const faults = [...standingOf(folder, dataset), ...faultsOf(damage, unlisted)];
  for (const fault of faults) progress.note(fault);
  return { damage, faults, cards, about: { folder, episodes, steps, spaces, origin } };
}

interface CardsOfSet {
  readonly damage: readonly string[];
  /** Sentences about what is left out. */
  readonly faults: readonly string[];
  readonly cards: readonly TaskCard[];
  readonly about: Pick<DataCardContent, "folder" | "episodes" | "steps" | "spaces" | "origin">;
}

const handLines = (cards: readonly TaskCard[]): string[] => [
  "Places of the hand (the first three numbers of the state), and the share of 24 x 24 x 24 cells of all tasks' range that",
  "it was in:",
  columns(
    cards.map(({ task, hand }) => [
      task,
      ...hand.low.map((low, axis) => `${"xyz"[axis]} ${low.toFixed(3)} to ${hand.high[axis].toFixed(3)}`),
      percent(hand.share),
    ]),
  ),
  "",
];

/** Sentences about a data set as a whole that is not all there, or not all checked. */
export function standingOf(
  folder: string,
  { unfinished, unchecked }: { readonly unfinished: string | undefined; readonly unchecked: boolean },
): string[] {
  return [
    ...(unfinished === undefined ? [] : [unfinished]),
    ...(unchecked
      ? [
          `${folder} has, or had, a manifest without a checksum: its statistics and names are unchecked. sodp data merge ` +
            `${folder} --out <folder> writes them anew.`,
        ]
      : []),
  ];
}

/** Sentences about what is left out of a data set. */
export function faultsOf(damage: readonly string[], unlisted: readonly string[]): string[] {
  return [
    ...damage.map((reason) => `Left out: ${reason}`),
    ...unlisted.map(
      (file) => `Not part of the data set: ${file}, left by an interrupted writer. It can be removed.`,
    ),
  ];
}

const originText = (value: unknown): string =>
  Array.isArray(value) && value.every((each) => typeof each !== "object")
    ? value.join(" ")
    : typeof value === "string"
      ? value
      : JSON.stringify(value);

function tasksTable(cards: readonly TaskCard[]): string {
  const header = [
    "task",
    "episodes",
    "steps",
    "success",
    "95 % interval",
    "by quarter, %",
    "return",
    "by quarter",
  ];
  return columns([
    header,
    ...cards.map(({ task, episodes, steps, successes, meanReturn, quarters }) => [
      task,
      String(episodes),
      String(steps),
      percent(successes / episodes),
      intervalText(wilsonInterval(successes, episodes)),
      quarters
        .map((quarter) => ((100 * quarter.successes) / quarter.episodes).toFixed(0).padStart(3))
        .join(" "),
      meanReturn.toFixed(0),
      quarters.map((quarter) => quarter.meanReturn.toFixed(0).padStart(4)).join(" "),
    ]),
  ]);
}

function actionsTable(cards: readonly TaskCard[]): string {
  return columns(
    cards.map(({ task, actions, constant }) => [
      task,
      ...actions.map(bars),
      constant.observations.length === 0 ? "" : `observation ${asRanges(constant.observations)}`,
      constant.actions.length === 0 ? "" : `action ${asRanges(constant.actions)}`,
    ]),
  );
}
