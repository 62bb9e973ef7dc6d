/** @file Contract of a format that is written, and what every writer needs. */
import type { z } from "zod";
import { type Part, type Space, type Spaces, UserError } from "../../base/index.ts";
import type { Episode } from "../episodes/index.ts";

export type Episodes = AsyncIterable<Episode> | Iterable<Episode>;

/** A format that is written. One record, in a file of its own, listed in `exportFormats`. */
export interface ExportFormat<Options extends z.ZodObject = z.ZodObject> {
  /** Whose it is and what opens it, in a clause. */
  readonly summary: string;
  /** Options of this format alone. Each has a default. */
  readonly options: Options;
  /**
   * Writes `episodes`, one in memory at a time, into `folder`, which must be empty or new. What breaks off leaves
   * nothing that reads as a data set: see `inNewFolder`.
   * Throws UserError for no episodes, for an episode that is not whole or of other spaces, and for spaces or options that
   * the format does not know.
   */
  write(episodes: Episodes, spaces: Spaces, folder: string, options: z.input<Options>): Promise<void>;
}

/** The only part of an action, which the formats know as one. Throws UserError if there are several. */
export function onlyAction(action: Space, format: string): Part {
  const [part, ...others] = Object.values(action);
  if (others.length === 0) return part;
  throw new UserError(
    `An action of ${format} is one array of numbers; here it has the parts ${Object.keys(action).join(", ")}.`,
  );
}
