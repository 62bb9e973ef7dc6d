/** @file The one way of text to the terminal: results to stdout, all else to stderr, nothing of it a command to the terminal. */
import { printable } from "../base/index.ts";

/** A result, or a part of it: lines on stdout. */
export function print(text: string): void {
  console.log(shown(text));
}

/** A value as one JSON document; letters that command a terminal are spelt as JSON has them. */
export const jsonText = (value: unknown): string =>
  printable(JSON.stringify(value, null, 2), "\n", (code) => `\\u${code.padStart(4, "0")}`);

/** Prints lines that are not the result, on stderr. */
export function tell(text: string): void {
  console.error(shown(text));
}

/** Text of several lines as it may be shown, whoever wrote parts of it. */
export const shown = (text: string): string => printable(text, "\n\t");
