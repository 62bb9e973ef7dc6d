/** @file `sodp data export`: a data set of ours becomes another program's. */
import { Command } from "commander";
import { z } from "zod";
import { type ExportFormat, exportFormats } from "../../data/export/index.ts";
import { Dataset, type Episode, type Origin } from "../../data/index.ts";
import { configured } from "../config.ts";
import { snake } from "../flags.ts";
import { Progress } from "../progress.ts";
import { jsonText, print } from "../terminal.ts";
import { UsageError } from "../usage-error.ts";

/** Options of all formats, as flags. */
const formatOptions: Readonly<Record<string, z.ZodType>> = Object.assign(
  {},
  ...Object.values(exportFormats).map(({ options }) => options.shape),
);

const Flags = z.strictObject({
  format: z.enum(Object.keys(exportFormats) as (keyof typeof exportFormats)[]).describe(
    `whose: ${Object.values(exportFormats as Formats)
      .map(({ summary }) => summary)
      .join(", ")}`,
  ),
  out: z.string().meta({ placeholder: "folder" }).describe("where it is written; new, or empty"),
  ...formatOptions,
});
type Formats = Readonly<Record<string, ExportFormat>>;

export function exportCommand(): Command {
  const command = new Command("export")
    .description("Write a data set in another program's format; its own library opens it.")
    .argument("<folder>", "folder of a data set");
  const read = configured(command, { schema: Flags });
  return command.action(async (folder: string, { json }: { json?: boolean }) => {
    const { config, overrides } = await read();
    const { format, out, ...options } = config;
    const { write, options: known } = (exportFormats as Formats)[format];
    const given = Object.keys(options).filter((name) => snake(name) in overrides);
    const misplaced = given.find((name) => !(name in known.shape));
    if (misplaced !== undefined)
      throw new UsageError(
        `--${snake(misplaced)} means nothing for ${format}. It has: ${Object.keys(known.shape)
          .map((name) => `--${snake(name)}`)
          .join(", ")}.`,
      );
    using dataset = await Dataset.openWhole(folder);
    using progress = new Progress("export");
    for (const { reason } of dataset.damage) progress.note(`Left out: ${reason}`);
    const episodes = told(dataset, (done) => progress.progress(done, dataset.episodes, {}));
    const about = Object.entries(aboutOf(dataset.origin)).filter(([name]) => name in known.shape);
    const own = given.map((name) => [name, (options as Record<string, unknown>)[name]] as const);
    await write(episodes, dataset.spaces, out, Object.fromEntries([...about, ...own]));
    const written = { folder: out, format, episodes: dataset.episodes, steps: dataset.steps };
    progress[Symbol.dispose]();
    print(json ? jsonText(written) : `${out}: ${written.episodes} episodes, ${written.steps} steps.`);
  });
}

/** Facts that the data set that ours was imported from told of itself, where all that were merged tell the same. */
function aboutOf({ about, merged }: Origin): Readonly<Record<string, unknown>> {
  if (!Array.isArray(merged)) return (about as Record<string, unknown> | undefined) ?? {};
  const [first = {}, ...others] = merged.map((origin) => aboutOf(origin as Origin));
  return Object.fromEntries(
    Object.entries(first).filter(([name, value]) => others.every((other) => other[name] === value)),
  );
}

/** Every episode in turn. */
function* told(dataset: Dataset, onEpisode: (done: number) => void): Generator<Episode> {
  for (let i = 0; i < dataset.episodes; i++) {
    yield dataset.episode(i);
    onEpisode(i + 1);
  }
}
