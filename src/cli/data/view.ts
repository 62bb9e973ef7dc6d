/** @file `sodp data view`: a data set as a page: its card, and episodes of it that move. */
import { Command } from "commander";
import { z } from "zod";
import { Dataset } from "../../data/index.ts";
import { type ShownEpisode, writeDataCard } from "../../report/index.ts";
import { configured } from "../config.ts";
import { Progress } from "../progress.ts";
import { placedOf, replayAll } from "../replays.ts";
import { file } from "../shared-flags.ts";
import { jsonText, print } from "../terminal.ts";
import { cardsOf } from "./info.ts";

const Flags = z.strictObject({
  episodes: z
    .int()
    .positive()
    .default(2)
    .describe("episodes to draw, per task: one that is solved and one that is not come first"),
  out: file().default("view.html").describe("the page to write"),
});

export function viewCommand(): Command {
  const command = new Command("view")
    .description(
      "Draw a data set as one page: what data info tells, and episodes that move, played again in their environments.",
    )
    .argument("<folder>", "folder of a data set");
  const read = configured(command, { schema: Flags });
  return command.action(async (folder: string, { json }: { json?: boolean }) => {
    const { episodes, out } = (await read()).config;
    using dataset = await Dataset.open(folder);
    using progress = new Progress("view");
    const { faults, cards, about } = cardsOf(folder, dataset, progress);
    const chosen = chosenOf(dataset, episodes);
    const placed = chosen.map((i) => placedOf(dataset, i));
    const { replays, faults: undrawn } = await replayAll(placed, (done) =>
      progress.progress(done, placed.length, {}),
    );
    for (const fault of undrawn) progress.note(fault);
    const shown = chosen.map((i) => shownOf(dataset, i));
    await writeDataCard(out, { ...about, faults: [...faults, ...undrawn], cards, replays, shown });
    progress[Symbol.dispose]();
    if (json) print(jsonText({ file: out, episodes: shown, drawn: replays.length, faults: undrawn }));
    else print(`${out}: ${folder}, ${replays.length} of its ${dataset.episodes} episodes drawn.`);
  });
}

/** Episodes of each task: one that is solved and one that is not, then the first others; by number. */
function chosenOf(dataset: Dataset, count: number): readonly number[] {
  const all = Array.from({ length: dataset.episodes }, (_, i) => i);
  return dataset.tasks.flatMap((task) => {
    const own = all.filter((i) => dataset.about(i).task === task);
    const ends = [true, false].flatMap((solved) => own.find((i) => dataset.isSolved(i) === solved) ?? []);
    return [...new Set([...ends, ...own])].slice(0, count).sort((a, b) => a - b);
  });
}

function shownOf(dataset: Dataset, i: number): ShownEpisode {
  const { task, seed, steps } = dataset.about(i);
  const { rewards } = dataset.episode(i);
  const sumOfRewards = rewards.reduce((sum, reward) => sum + reward, 0);
  return { number: i, task, seed, steps, solved: dataset.isSolved(i), sumOfRewards };
}
