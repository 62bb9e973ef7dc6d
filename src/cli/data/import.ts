/** @file `sodp data import`: an external data set, in another program's format, becomes one of ours. */
import { Command } from "commander";
import { z } from "zod";
import { UserError } from "../../base/index.ts";
import {
  actionRules,
  DatasetWriter,
  type ExternalDataset,
  importFormats,
  openExternalDataset,
  type SourceColumn,
} from "../../data/index.ts";
import { configured } from "../config.ts";
import { jsonOption } from "../env/options.ts";
import { Progress } from "../progress.ts";
import { jsonText, print } from "../terminal.ts";

const name = () => z.string().optional();
const Flags = z.strictObject({
  dataset: z.strictObject({
    root: z
      .string()
      .optional()
      .meta({ placeholder: "folder" })
      .describe(
        "where our data set comes to lie; without it everything is read and checked, nothing written",
      ),
  }),
  format: z
    .enum(Object.keys(importFormats) as (keyof typeof importFormats)[])
    .optional()
    .describe("default: what the path looks like"),
  actions: z.enum(actionRules).default("refuse").describe("what becomes of actions outside [-1, 1]"),
  skipRefused: z
    .boolean()
    .default(false)
    .describe("leave refused episodes out; otherwise the first one is an error"),
  observationKeys: z
    .array(z.string())
    .optional()
    .describe("parts of an observation, in this order; default: all that are numbers"),
  task: name().describe("for formats that do not say; default: the file's or folder's name"),
  episodeSteps: z
    .int()
    .positive()
    .optional()
    .describe("for an .npz file of equally long episodes that marks no ends"),
  arrays: z
    .strictObject({
      observations: z
        .array(z.string())
        .optional()
        .describe("of an .npz file, where they are called otherwise"),
      actions: name().describe("what an .npz file calls its actions"),
      rewards: name().describe("what it calls its rewards"),
      terminals: name().describe("what it calls the flags of true ends"),
      timeouts: name().describe("what it calls the flags of episodes that were cut"),
      successes: name().describe("what it calls the flags of solved steps"),
    })
    .prefault({}),
});

export function importCommand(): Command {
  const command = new Command("import")
    .description(
      "Read an external data set: one in another program's format. Sizes, ranges and numbers are checked; what is left " +
        `out or stands in for something is told. Formats: ${Object.entries(importFormats)
          .map(([name, { summary }]) => `${name} (${summary})`)
          .join("; ")}.`,
    )
    .argument("<path>", "of a file or a folder");
  const read = configured(command, { schema: Flags });
  return command.addOption(jsonOption()).action(async (path: string, { json }: { json?: boolean }) => {
    const { config } = await read();
    const { dataset, skipRefused, arrays, ...options } = config;
    using progress = new Progress("import");
    const refused: { name: string; reason: string }[] = [];
    const onRefused = (name: string, reason: string) => {
      refused.push({ name, reason });
      progress.note(`Left out: ${name}: ${reason}`);
    };
    const set = await openExternalDataset(path, {
      ...options,
      keys: Object.fromEntries(Object.entries(arrays).filter(([, given]) => given !== undefined)),
      ...(skipRefused && { onRefused }),
    });
    for (const line of linesOf(set)) progress.note(line);
    const { steps, episodes } = set.description;
    const found = await take(set, dataset.root, (taken) =>
      progress.progress(steps ? taken.steps : taken.episodes, steps ?? episodes ?? 0, {}),
    );
    const where = dataset.root ?? "Nothing was written";
    progress[Symbol.dispose]();
    print(
      json
        ? jsonText({ folder: dataset.root ?? null, ...found, refused, source: set.description })
        : `${where}: ${found.episodes} episodes, ${found.steps} steps; ${refused.length} episodes were refused.`,
    );
  });
}

interface Taken {
  readonly episodes: number;
  readonly steps: number;
}

/** Reads every episode, and writes it where there is a folder to write to. */
async function take(
  set: ExternalDataset,
  folder: string | undefined,
  onEpisode: (soFar: Taken) => void,
): Promise<Taken> {
  const { format, path } = set.description;
  const writer =
    folder === undefined ? undefined : await DatasetWriter.create(folder, { from: path, format });
  let taken: Taken = { episodes: 0, steps: 0 };
  for await (const episode of set.episodes()) {
    await writer?.add(episode, set.spaces);
    taken = { episodes: taken.episodes + 1, steps: taken.steps + episode.rewards.length };
    onEpisode(taken);
  }
  await writer?.close();
  if (taken.episodes === 0) throw new UserError(`${path} has no episode that can be used.`);
  return taken;
}

/** Description of the data set, in lines. */
function linesOf({ description }: ExternalDataset): string[] {
  const { format, path, observation, action, tasks, fps, notes } = description;
  const several = tasks.length === 1 ? `task ${tasks[0]}` : `${tasks.length} tasks`;
  return [
    `${path}: ${format}, ${several}${fps === undefined ? "" : `, ${fps} steps per second`}.`,
    ...observation.map((column) => `Observation: ${columnText(column)}`),
    `Action: ${columnText(action)}`,
    ...notes,
  ];
}

/** "observation.state, 2 numbers as float32 (x, y), declared between -1 and 1." */
function columnText({ key, shape, size, type, names, range }: SourceColumn): string {
  const called = names ? ` (${names.join(", ")})` : "";
  const [low, high] = range ? [Math.min(...range.low), Math.max(...range.high)] : [];
  const declared =
    Number.isFinite(low) || Number.isFinite(high)
      ? `, declared between ${short(low)} and ${short(high)}`
      : "";
  const axes = shape.length > 1 ? ` (${shape.join(" x ")})` : "";
  return `${key}, ${size} ${size === 1 ? "number" : "numbers"}${axes} as ${type}${called}${declared}.`;
}

const short = (number: number | undefined) => String(Number(number?.toPrecision(4)));
