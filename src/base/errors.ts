/** @file Mistakes that the caller can fix, each said in one sentence. */

/**
 * A mistake the caller can fix: wrong flag, wrong shape, torn file. The message says what was expected, what came and
 * what exists instead; the command line prints it without a stack trace. Any other error is a defect of this package.
 */
export class UserError extends Error {
  override readonly name: string = "UserError";
}

/** So many known names are told. */
const listed = 12;

/**
 * The entry of `table` called `name`. Throws UserError that lists known names, the nearest first.
 * kind: what the names are, in the singular ("environment", "device").
 */
export function lookup<T>(table: Readonly<Record<string, T>>, name: string, kind: string): T {
  if (Object.hasOwn(table, name)) return table[name];
  const known = nearestFirst(name, Object.keys(table));
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
