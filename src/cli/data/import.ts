/** @file `sodp data import`: an external data set, in another program's format, becomes one of ours. */
import { Command } from "commander";
import { z } from "zod";
import { maximum, minimum, UserError } from "../../base/index.ts";
import {
  actionRules,
  type ExternalDataset,
  importFormats,
  openExternalDataset,
  type SourceColumn,
} from "../../data/import/index.ts";
import { DatasetWriter, type Origin } from "../../data/index.ts";
import { canonicalTask } from "../../envs/index.ts";
import { configured } from "../config.ts";
import { Progress } from "../progress.ts";
import { jsonText, print } from "../terminal.ts";

const name = () => z.string().optional();
const Flags = z.strictObject({
  dataset: z.strictObject({
    root: z
      .string()
      .optional()
      .meta({ placeholder: "folder" })
      .describe("where the data set is written; without it everything is read and checked, nothing written"),
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
  task: name().describe(
    "task of the episodes, for formats that do not say; default: the file's or folder's name",
  ),
  episodeSteps: z
    .int()
    .positive()
    .optional()
    .describe("most steps of an episode, for a table that does not mark where episodes were cut"),
  arrays: z
    .strictObject({
      observations: z
        .array(z.string())
        .optional()
        .describe("what the set calls its observations, where it is not the usual name"),
      actions: name().describe("what it calls its actions"),
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
    .argument("<path>", "file or folder of the set");
  const read = configured(command, { schema: Flags });
  return command.action(async (path: string, { json }: { json?: boolean }) => {
    const { config } = await read();
    const { dataset, skipRefused, arrays, ...options } = config;
    using progress = new Progress("import");
    const refused: { name: string; reason: string }[] = [];
    const onRefused = (name: string, reason: string) => {
      refused.push({ name, reason });
      progress.note(`Left out: ${name}: ${reason}`);
    };
    const unknown = new Unknown();
    const set = await openExternalDataset(path, {
      ...options,
      keys: Object.fromEntries(Object.entries(arrays).filter(([, given]) => given !== undefined)),
      ...(skipRefused && { onRefused }),
      onUnknown: unknown.add,
    });
    for (const line of linesOf(set)) progress.note(line);
    const { steps, episodes } = set.description;
    const found = await take(set, originOf(set, options.actions), dataset.root, (taken) =>
      progress.progress(steps ? taken.steps : taken.episodes, steps ?? episodes ?? 0, {}),
    );
    for (const line of unknown.lines) progress.note(line);
    const where = dataset.root ?? "Nothing was written";
    progress[Symbol.dispose]();
    print(
      json
        ? jsonText({
            folder: dataset.root ?? null,
            ...found,
            refused,
            unknown: unknown.all,
            source: set.description,
          })
        : `${where}: ${found.episodes} episodes, ${found.steps} steps; ${refused.length} episodes were refused.`,
    );
  });
}

/** Labels that episodes lack, each sentence once. */
class Unknown {
  readonly #found = new Map<string, { episodes: number; readonly first: string }>();

  readonly add = (first: string, sentence: string): void => {
    const known = this.#found.get(sentence) ?? { episodes: 0, first };
    known.episodes++;
    this.#found.set(sentence, known);
  };

  get all(): readonly { readonly sentence: string; readonly episodes: number; readonly first: string }[] {
    return [...this.#found].map(([sentence, found]) => ({ sentence, ...found }));
  }

  get lines(): string[] {
    return this.all.map(({ sentence, episodes, first }) =>
      episodes === 1 ? `${first}: ${sentence}` : `${episodes} episodes, the first ${first}: ${sentence}`,
    );
  }
}

/** Origin of an imported data set: what the other says of itself, and by which range its actions were scaled. */
function originOf({ description }: ExternalDataset, actions: (typeof actionRules)[number]): Origin {
  const { format, path, fps, about, action } = description;
  return {
    from: path,
    format,
    about: { ...about, ...(fps !== undefined && { fps }) },
    ...(actions === "scale" && action.range && { actionsScaledFrom: rangeOf(action.range) }),
    ...(actions === "clip" && { actions: "clipped to [-1, 1]" }),
  };
}

const rangeOf = ({ low, high }: { readonly low: readonly number[]; readonly high: readonly number[] }) => ({
  low: [...low],
  high: [...high],
});

interface Taken {
  readonly episodes: number;
  readonly steps: number;
}

/** Reads every episode, and writes it where there is a folder to write to. Of a set that is refused nothing stays. */
async function take(
  set: ExternalDataset,
  origin: Origin,
  folder: string | undefined,
  onEpisode: (soFar: Taken) => void,
): Promise<Taken> {
  const { path } = set.description;
  const writer = folder === undefined ? undefined : await DatasetWriter.create(folder, origin, "import");
  let taken: Taken = { episodes: 0, steps: 0 };
  try {
    for await (const episode of set.episodes()) {
      await writer?.add({ ...episode, task: canonicalTask(episode.task) }, set.spaces);
      taken = { episodes: taken.episodes + 1, steps: taken.steps + episode.rewards.length };
      onEpisode(taken);
    }
    if (taken.episodes === 0) throw new UserError(`${path} has no episode that can be used.`);
    await writer?.close();
  } catch (error) {
    await writer?.discard();
    throw error;
  }
  return taken;
}

/** Description of the data set, in lines. */
function linesOf({ description }: ExternalDataset): string[] {
  const { format, path, observation, action, tasks, fps, notes } = description;
  const several = tasks.length === 1 ? `task ${tasks[0]}` : `${tasks.length} tasks`;
  const renamed = tasks.filter((task) => canonicalTask(task) !== task);
  return [
    `${path}: ${format}, ${several}${fps === undefined ? "" : `, ${fps} steps per second`}.`,
    ...observation.map((column) => `Observation: ${columnText(column)}`),
    `Action: ${columnText(action)}`,
    ...notes,
    ...(renamed.length > 0
      ? [
          `Tasks of ours are called as ours: ${renamed.map((task) => `${task} is ${canonicalTask(task)}`).join(", ")}.`,
        ]
      : []),
  ];
}

/** "observation.state, 2 numbers as float32 (x, y), declared between -1 and 1." */
function columnText({ key, shape, size, type, names, range }: SourceColumn): string {
  const called = names ? ` (${names.join(", ")})` : "";
  const [low, high] = range ? [minimum(range.low), maximum(range.high)] : [];
  const declared =
    Number.isFinite(low) || Number.isFinite(high)
      ? `, declared between ${short(low)} and ${short(high)}`
      : "";
  const axes = shape.length > 1 ? ` (${shape.join(" x ")})` : "";
  return `${key}, ${size} ${size === 1 ? "number" : "numbers"}${axes} as ${type}${called}${declared}.`;
}

const short = (number: number | undefined) => String(Number(number?.toPrecision(4)));
