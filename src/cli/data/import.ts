/** @file `sodp data import`: another program's data set becomes one of ours. */
import { Command } from "commander";
import { z } from "zod";
import {
  actionRules,
  Dataset,
  DatasetWriter,
  type ForeignSet,
  foreignFormats,
  openForeignSet,
  type SourceColumn,
} from "../../data/index.ts";
import { configured } from "../config.ts";
import { jsonOption } from "../env/options.ts";
import { Progress } from "../progress.ts";

const name = () => z.string().optional();
const Flags = z.strictObject({
  dataset: z.strictObject({
    root: z.string().optional().meta({ placeholder: "folder" }).describe("where our data set comes to lie"),
  }),
  format: z.enum(foreignFormats).optional().describe("default: what the path looks like"),
  actions: z.enum(actionRules).default("refuse").describe("what becomes of actions outside [-1, 1]"),
  skipRefused: z.boolean().default(false).describe("leave refused episodes out; otherwise the first one is an error"),
  observationKeys: z
    .array(z.string())
    .optional()
    .describe("parts of an observation, in this order; default: all that are numbers"),
  task: name().describe("for formats that do not say; default: the file's or folder's name"),
  episodeSteps: z.int().positive().optional().describe("for an .npz file of equally long episodes that marks no ends"),
  arrays: z
    .strictObject({
      observations: z.array(z.string()).optional().describe("of an .npz file, where they are called otherwise"),
      actions: name().describe("what an .npz file calls its actions"),
      rewards: name().describe("what it calls its rewards"),
      terminals: name().describe("what it calls the flags of true ends"),
      timeouts: name().describe("what it calls the flags of episodes that were cut"),
      successes: name().describe("what it calls the flags of solved steps"),
    })
    .prefault({}),
  dryRun: z.boolean().default(false).describe("read and check everything, write nothing"),
});

export function importCommand(): Command {
  const command = new Command("import")
    .description(
      `Read another program's data set: ${foreignFormats.join(", ")}. Sizes, ranges and numbers are checked; what is ` +
        "left out or stands in for something is told.",
    )
    .argument("<path>", "of a file or a folder");
  const read = configured(command, { schema: Flags });
  return command.addOption(jsonOption()).action(async (path: string, { json }: { json?: boolean }) => {
    const { config, checked } = await read();
    const { dataset, dryRun, skipRefused, arrays, ...options } = config;
    using progress = new Progress("import");
    const refused: { name: string; reason: string }[] = [];
    const onRefused = (name: string, reason: string) => {
      refused.push({ name, reason });
      progress.note(`Left out: ${name}: ${reason}`);
    };
    const set = await openForeignSet(path, {
      ...options,
      keys: Object.fromEntries(Object.entries(arrays).filter(([, given]) => given !== undefined)),
      ...(skipRefused && { onRefused }),
    });
    for (const line of linesOf(set)) progress.note(line);
    const folder = checked(() => rootOf(dataset.root, dryRun));
    const total = set.description.episodes;
    const onEpisode = (done: number) => progress.progress(done, Math.max(total ?? done, done), {});
    const found = folder === undefined ? await count(set, onEpisode) : await write(set, folder, onEpisode);
    console.log(
      json
        ? JSON.stringify({ ...found, refused, description: set.description }, null, 2)
        : `${folder ?? "Nothing is written"}: ${found.episodes} episodes, ${found.steps} steps; ` +
            `${refused.length} episodes refused.`,
    );
  });
}
