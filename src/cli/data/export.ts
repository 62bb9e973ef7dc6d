/** @file `sodp data export`: one of our data sets becomes another program's. */
import { Command } from "commander";
import { z } from "zod";
import { Dataset, type Episode, exportLeRobot, exportMinari } from "../../data/index.ts";
import { configured } from "../config.ts";
import { jsonOption } from "../env/options.ts";
import { Progress } from "../progress.ts";

const Flags = z.strictObject({
  format: z.enum(["lerobot", "minari"]).describe("whose"),
  out: z.string().meta({ placeholder: "folder" }).describe("where it comes to lie; new, or empty"),
  fps: z
    .number()
    .positive()
    .default(80)
    .describe("LeRobot: control steps per second; Meta-World's worlds have 80"),
  id: z.string().default("sodp/data-v0").describe("Minari: its name of the set"),
});

export function exportCommand(): Command {
  const command = new Command("export")
    .description("Write a data set as LeRobot v3 or Minari have theirs; their own libraries open it.")
    .argument("<folder>", "of a data set");
  const read = configured(command, { schema: Flags });
  return command.addOption(jsonOption()).action(async (folder: string, { json }: { json?: boolean }) => {
    const { format, out, fps, id } = (await read()).config;
    using dataset = await Dataset.open(folder);
    using progress = new Progress("export");
    const episodes = told(dataset, (done) => progress.progress(done, dataset.episodes, {}));
    if (format === "lerobot") await exportLeRobot(episodes, out, { fps });
    else await exportMinari(episodes, out, { id });
    const written = { folder: out, format, episodes: dataset.episodes, steps: dataset.steps };
    progress[Symbol.dispose]();
    console.log(
      json
        ? JSON.stringify(written, null, 2)
        : `${out}: ${written.episodes} episodes, ${written.steps} steps.`,
    );
  });
}

/** Every episode in turn. */
function* told(dataset: Dataset, onEpisode: (done: number) => void): Generator<Episode> {
  for (let i = 0; i < dataset.episodes; i++) {
    yield dataset.episode(i);
    onEpisode(i + 1);
  }
}
