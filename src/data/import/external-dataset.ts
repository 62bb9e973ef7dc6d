/**
 * @file External data sets: those in another program's format, read one episode at a time.
 * Symbols: T steps, O numbers of an observation, A of an action.
 *
 * A reader of a format says what the set says of itself, and lists episodes that have not been read yet. What holds for
 * every format is here: an episode's parts fit together, all its numbers are finite, and its actions lie in [-1, 1].
 */
import { type Part, type Spaces, UserError } from "../../base/index.ts";
import { checkEpisode, type Episode, type Range } from "../episodes/index.ts";
import type { TransitionKeys } from "./transitions.ts";

/** Numbers under one name in a set. */
export interface SourceColumn {
  readonly key: string;
  /** Sizes of the axes of a step's numbers, and how many they are. */
  readonly shape: readonly number[];
  readonly size: number;
  /** As the set stores them: float32, float64, ... Episodes hold float32; bytes become parts of bytes. */
  readonly type: string;
  /** Names of the numbers of the last axis, where the set has any. */
  readonly names?: readonly string[] | undefined;
  /** Between which the set says they lie, where it does. Infinite where it knows no bound. */
  readonly range?: Range | undefined;
}

/** Description of a data set by itself. Nothing in it has been checked against the episodes. */
export interface DatasetDescription {
  /** "LeRobot v3.0", "Minari", ... */
  readonly format: string;
  readonly path: string;
  /** Columns of an observation, in this order. */
  readonly observation: readonly SourceColumn[];
  readonly action: SourceColumn;
  /** Names of tasks, where they are known before reading. */
  readonly tasks: readonly string[];
  readonly episodes: number | undefined;
  /** Of all episodes. */
  readonly steps: number | undefined;
  /** Steps per second, where the set says so. */
  readonly fps: number | undefined;
  /** Other facts that it tells of itself, by the options with which `exportFormats` tell them again. */
  readonly about?: Readonly<Record<string, string>>;
  /** Sentences about what is left out, and what stands in for what the data set does not have. */
  readonly notes: readonly string[];
}

/** Is told, in a sentence, what of an episode is not known and what stands in for it. */
export type Tell = (sentence: string) => void;

/** An episode that has not been read yet. */
export interface EpisodeSource {
  /** Name for people: "episode 3 of pen.hdf5". */
  readonly name: string;
  /** Throws UserError if it cannot be read. */
  read(tell: Tell): Promise<Episode>;
}

/** One format's part of the work. */
export interface SourceDataset {
  readonly description: DatasetDescription;
  /**
   * In the set's order. Files are open while this runs: a source is read before the next one is asked for. Throws
   * UserError where nothing of the rest can be read.
   */
  sources(): AsyncIterable<EpisodeSource>;
}

/**
 * Treatment of actions outside [-1, 1].
 * "refuse": the episode is refused. "clip": they are cut, as Meta-World's environments do.
 * "scale": the range that the set declares for each action is mapped to [-1, 1].
 */
export const actionRules = ["refuse", "clip", "scale"] as const;
type ActionRule = (typeof actionRules)[number];

export interface EpisodeRules {
  /** By default "refuse". */
  readonly actions?: ActionRule | undefined;
  /** Is told of each episode that is left out, and why. By default the first of them is an error. */
  readonly onRefused?: ((name: string, reason: string) => void) | undefined;
  /** Is told of what is not known of an episode that is read, and what stands in for it. By default nobody. */
  readonly onUnknown?: ((name: string, sentence: string) => void) | undefined;
}

/** Facts that a format may not know, and a caller may. One that a format has no use for is refused. */
export interface FormatOptions {
  /** Parts of an observation, in this order. By default all that are numbers. */
  readonly observationKeys?: readonly string[] | undefined;
  /** For formats that do not say. By default the file's or folder's name. */
  readonly task?: string | undefined;
  /** Names of the other columns, where they are not the usual ones. */
  readonly keys?: Partial<TransitionKeys> | undefined;
  /** Most steps of an episode, for a table that does not mark where episodes were cut. */
  readonly episodeSteps?: number | undefined;
}

/** A format that is read. One record, in a file of its own, listed in `importFormats`. */
export interface ImportFormat {
  /** Its name and mark, in a clause. */
  readonly summary: string;
  /** Those of `FormatOptions` that it has a use for. */
  readonly uses: readonly (keyof FormatOptions)[];
  /** True if a path looks like it: by names of files, or by what a file holds, where two formats share a name. */
  looksLike(path: string, isFolder: boolean): boolean | Promise<boolean>;
  /** Throws UserError for a set that is torn, or lacks observations, actions or ends of episodes. */
  open(path: string, options: FormatOptions): Promise<SourceDataset>;
}

/** An external data set, open for reading. */
export interface ExternalDataset {
  readonly description: DatasetDescription;
  /** A part for each of the description's observations. */
  readonly spaces: Spaces;
  /** Each episode in turn, one in memory; every call starts at the first. Throws UserError for one that is refused. */
  episodes(): AsyncGenerator<Episode>;
}

/** `set` with every episode checked. Throws UserError if its actions are to be scaled and it declares no range. */
export function checkedDataset(
  { description, sources }: SourceDataset,
  rules: EpisodeRules,
): ExternalDataset {
  const settle = settlerOf(description.action, rules.actions ?? "refuse");
  const spaces = spacesOf(description);
  return {
    description,
    spaces,
    async *episodes() {
      for await (const source of untilRefused(sources(), description.path, rules)) {
        const told: string[] = [];
        const episode = await source
          .read((sentence) => told.push(sentence))
          .then((raw) => {
            checkEpisode(raw, spaces, "The episode");
            return settle(raw);
          })
          .catch((error) => refuse(error, source.name, rules));
        if (!episode) continue;
        for (const sentence of new Set(told)) rules.onUnknown?.(source.name, sentence);
        yield episode;
      }
    },
  };
}

/** Spaces of a set's columns. Throws UserError if two observations would have one name. */
function spacesOf({ observation, action }: DatasetDescription): Spaces {
  const parts: Record<string, Part> = {};
  for (const column of observation) {
    const name = partName(column, observation.length === 1);
    if (name in parts)
      throw new UserError(
        `Two observations would be called "${name}": ${observation.map(({ key }) => key).join(", ")}. Name those to read.`,
      );
    parts[name] = partOf(column);
  }
  return { observation: parts, action: { action: partOf(action) } };
}

/**
 * Name of a part: the rest after "observation.", "observations/" or "obs/" in a column's name, in letters, digits and
 * underscores. One that is not called so is the "state" if it is alone, or the "image" if it is pictures.
 */
function partName({ key, shape, type }: SourceColumn, alone: boolean): string {
  const prefix = /^obs(ervations?)?[./]/;
  if (alone && !prefix.test(key)) return type === "uint8" && shape.length > 1 ? "image" : "state";
  const name = key.replace(prefix, "").replaceAll(/\W/g, "_");
  return /^[a-zA-Z]/.test(name) ? name : `part_${name}`;
}

const partOf = ({ shape, type, names }: SourceColumn): Part => ({
  shape,
  ...(type === "uint8" && { dtype: "uint8" as const }),
  ...(names && { names }),
});

const place = (at: number, size: number) => `step ${Math.floor(at / size)}, dimension ${at % size}`;

const clipped = (episode: Episode): Episode => ({
  ...episode,
  actions: episode.actions.map((number) => Math.min(1, Math.max(-1, number))),
});

/** Function that brings actions into [-1, 1], or refuses them. */
function settlerOf(action: SourceColumn, rule: ActionRule): (episode: Episode) => Episode {
  if (rule === "clip") return clipped;
  if (rule === "refuse") return (episode) => withActionsInside(episode, action);
  const { low, high } = action.range ?? {};
  if (!low || !high || ![...low, ...high].every(Number.isFinite))
    throw new UserError(
      `Actions cannot be scaled: the set declares no finite range for "${action.key}". Clip them, or scale them yourself.`,
    );
  return (episode) =>
    withActionsInside(
      {
        ...episode,
        actions: episode.actions.map((number, at) => {
          const i = at % action.size;
          const width = high[i] - low[i];
          return width === 0 ? 0 : (2 * (number - low[i])) / width - 1;
        }),
      },
      action,
    );
}

/** Rounding, of an action or of the range that it is scaled by. */
const bound = 1 + 1e-6;

/** `episode`, with actions that are outside of [-1, 1] by no more than rounding put on its edge. */
function withActionsInside(episode: Episode, action: SourceColumn): Episode {
  if (episode.actions.every((number) => Math.abs(number) <= 1)) return episode;
  const at = episode.actions.findIndex((number) => Math.abs(number) > bound);
  if (at < 0) return clipped(episode);
  const declared = action.range && ` The set declares ${rangeText(action.range, at % action.size)}.`;
  throw new UserError(
    `Expected actions in [-1, 1], got ${episode.actions[at]} at ${place(at, action.size)}.${declared ?? ""} ` +
      `Clip them, or scale them by the declared range.`,
  );
}

const rangeText = ({ low, high }: Range, i: number) => `[${low[i]}, ${high[i]}]`;

/** `sources` until one cannot even be found, which is where the set ends if refusals are told. */
async function* untilRefused(
  sources: AsyncIterable<EpisodeSource>,
  path: string,
  rules: EpisodeRules,
): AsyncGenerator<EpisodeSource> {
  try {
    yield* sources;
  } catch (error) {
    refuse(error, `the rest of ${path}`, rules);
  }
}

/** Tells of a refusal where somebody listens. Throws everything else. */
function refuse(error: unknown, name: string, { onRefused }: EpisodeRules): void {
  if (!(error instanceof UserError)) throw error;
  if (!onRefused) throw error.message.startsWith(name) ? error : new UserError(`${name}: ${error.message}`);
  onRefused(name, error.message);
}
