/** @file Mistakes that the caller can fix, each said in one sentence. */

/** Letters of a message. What is longer loses its middle: the beginning says where, the end what to do. */
const longestMessage = 500;
const longestEnd = 150;

/**
 * A mistake the caller can fix: wrong flag, wrong shape, torn file. The message says what was expected, what came and
 * what exists instead; the command line prints it without a stack trace. Any other error is a defect of this package.
 * A message is one line of at most 500 letters, whatever a file that it quotes may hold.
 */
export class UserError extends Error {
  override readonly name: string = "UserError";
  /** Lines to be shown below the message: those of a process that failed. */
  readonly details: readonly string[];

  constructor(message: string, { details = [] }: { readonly details?: readonly string[] } = {}) {
    super(shortened(printable(shortened(message))));
    this.details = details;
  }
}

function shortened(text: string): string {
  if (text.length <= longestMessage) return text;
  const mark = " [...] ";
  return text.slice(0, longestMessage - longestEnd - mark.length) + mark + text.slice(-longestEnd);
}

/**
 * `text` without letters that command a terminal: control characters, line and paragraph ends, marks of writing direction
 * and halves of letters are spelt out, by default as \u{...}. kept: those that stay   spell: by the code in hexadecimal
 */
export function printable(text: string, kept = "", spell = (code: string) => `\\u{${code}}`): string {
  return text.replace(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu, (letter) =>
    kept.includes(letter) ? letter : spell(letter.charCodeAt(0).toString(16)),
  );
}

/** So many known names are told. */
const listed = 12;
/** Names are compared as far as this: a file may name something very long. */
const compared = 100;

/**
 * The entry of `table` called `name`. Throws UserError that lists known names, the nearest first.
 * kind: what the names are, in the singular ("environment", "device").
 */
export function lookup<T>(table: Readonly<Record<string, T>>, name: string, kind: string): T {
  if (Object.hasOwn(table, name)) return table[name];
  const known = nearestFirst(name.slice(0, compared), Object.keys(table));
  const rest = known.length > listed ? ` and ${known.length - listed} more` : "";
  throw new UserError(`Unknown ${kind} "${name}". Known: ${known.slice(0, listed).join(", ")}${rest}.`);
}

/** `names` ordered by edit distance to `name`, so that a typing mistake finds its correction at the front. */
function nearestFirst(name: string, names: readonly string[]): string[] {
  return names
    .map((candidate) => ({ candidate, distance: editDistance(name, candidate) }))
    .sort((a, b) => a.distance - b.distance)
    .map(({ candidate }) => candidate);
}

/** Levenshtein distance: insertions, deletions and substitutions that turn `a` into `b`. */
export function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = previous[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(previous[j] + 1, row[j - 1] + 1, substitution));
    }
    previous = row;
  }
  return previous[b.length];
}

/** Throws UserError if one of `names` comes twice. advice: how to get what may have been meant */
export function refuseRepeated(names: readonly string[], advice?: string): void {
  const repeated = names.find((name, i) => names.indexOf(name) < i);
  if (repeated === undefined) return;
  throw new UserError(`${repeated} is named twice${advice === undefined ? "" : `; ${advice}`}.`);
}

/**
 * An optional package, as `load` imports it. Throws UserError if it is not installed.
 * need: what needs it, the subject of a sentence   how: what to type
 */
export async function optionalPackage<T>(load: () => Promise<T>, need: string, how: string): Promise<T> {
  try {
    return await load();
  } catch (error) {
    if ((error as { readonly code?: string }).code !== "ERR_MODULE_NOT_FOUND") throw error;
    throw new UserError(`${need}, which is not installed: ${how}`);
  }
}
