/** @file Memory that a file or a flag asks for: allocated, or refused before any is taken. */
import { UserError } from "./errors.ts";

/** Bytes that one thing may take: an array of more does not exist in every runtime. */
export const mostBytes = 2 ** 32;

/**
 * Throws UserError if `bytes` are more than `most`, or no size at all. To be called before anything is allocated whose size
 * somebody else decides. what: begins the sentence: "An episode of a.npz"
 */
export function requireRoom(what: string, bytes: number, most = mostBytes): void {
  if (bytes >= 0 && bytes <= most) return;
  throw new UserError(
    `${what} would take ${bytesText(bytes)} of memory; at most ${bytesText(most)} are taken.`,
  );
}

/** Bytes: "1.2 GB". */
export function bytesText(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const power = Math.max(0, Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), units.length - 1));
  const number = bytes / 1000 ** power;
  return `${number < 1e6 ? number.toFixed(power === 0 ? 0 : 1) : number.toExponential(1)} ${units[power]}`;
}
