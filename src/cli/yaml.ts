/** @file YAML of configuration files and flags, JSON among it. */
import { parse } from "yaml";
import { requireRoom, requireShallow, UserError } from "../base/index.ts";

/** Letters of a configuration: the parser takes its time over more. */
const longest = 1e6;

/**
 * The value of YAML text. name: of its file, for messages
 * Throws UserError if it is no YAML, has aliases without an anchor or too many of them, or is nested too deep.
 */
export function parseYaml(text: string, name: string): unknown {
  requireRoom(name, text.length, longest);
  let value: unknown;
  try {
    value = parse(text, { logLevel: "error" });
  } catch (error) {
    throw new UserError(`${name} is no YAML: ${reasonOf(error)}.`);
  }
  requireShallow(value, name);
  return value;
}

/** First line of what the parser says. It overflows the stack where lists are nested very deep. */
function reasonOf(error: unknown): string {
  const [reason] = String((error as Error).message).split("\n");
  return reason.startsWith("Maximum call stack") ? "it is nested too deep" : reason.replace(/:$/, "");
}
