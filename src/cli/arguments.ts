/** @file What is written on the command line, read. What cannot be read ends with exit code 2. */
import { InvalidArgumentError } from "commander";
import { UserError } from "../base/index.ts";

/** The command line, or a file it names, asks for what cannot be: exit code 2. */
export class UsageError extends UserError {
  override readonly name = "UsageError";
}

/** Reads with `read`; its UserError becomes the command line's. */
export function understood<T>(read: (text: string) => T): (text: string) => T {
  return (text) => {
    try {
      return read(text);
    } catch (error) {
      if (error instanceof UserError) throw new InvalidArgumentError(error.message);
      throw error;
    }
  };
}

/** As `understood`, for an option that is given several times: a list grows. */
export function eachUnderstood<T>(read: (text: string) => T): (text: string, before?: readonly T[]) => T[] {
  const one = understood(read);
  return (text, before = []) => [...before, one(text)];
}

export function number(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value)) throw new InvalidArgumentError("Expected a number.");
  return value;
}

/** A reader of whole numbers from `least`. */
export function wholeFrom(least: number): (text: string) => number {
  return (text) => {
    const value = number(text);
    if (Number.isInteger(value) && value >= least) return value;
    throw new InvalidArgumentError(`Expected a whole number from ${least}.`);
  };
}
