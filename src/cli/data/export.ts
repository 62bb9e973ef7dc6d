/** @file `sodp data export`: a data set of ours becomes another program's. */
import { Command } from "commander";
import { z } from "zod";
import { Dataset, type Episode, type ExportFormat, exportFormats } from "../../data/index.ts";
import { configured } from "../config.ts";
import { jsonOption } from "../env/options.ts";
import { Progress } from "../progress.ts";
import { jsonText, print } from "../terminal.ts";

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
  out: z.string().meta({ placeholder: "folder" }).describe("where it comes to lie; new, or empty"),
  ...formatOptions,
});
type Formats = Readonly<Record<string, ExportFormat>>;

export function exportCommand(): Command {
  const command = new Command("export")
    .description("Write a data set in another program's format; its own library opens it.")
    .argument("<folder>", "of a data set");
  const read = configured(command, { schema: Flags });
  return command.addOption(jsonOption()).action(async (folder: string, { json }: { json?: boolean }) => {
    const { format, out, ...options } = (await read()).config;
    using dataset = await Dataset.open(folder);
    using progress = new Progress("export");
    const episodes = told(dataset, (done) => progress.progress(done, dataset.episodes, {}));
    const { write, options: known } = (exportFormats as Formats)[format];
    const own = Object.entries(options).filter(([name]) => name in known.shape);
    await write(episodes, dataset.spaces, out, Object.fromEntries(own));
    const written = { folder: out, format, episodes: dataset.episodes, steps: dataset.steps };
    progress[Symbol.dispose]();
    print(json ? jsonText(written) : `${out}: ${written.episodes} episodes, ${written.steps} steps.`);
  });
}

/** Every episode in turn. */
function* told(dataset: Dataset, onEpisode: (done: number) => void): Generator<Episode> {
  for (let i = 0; i < dataset.episodes; i++) {
    yield dataset.episode(i);
    onEpisode(i + 1);
  }
}
