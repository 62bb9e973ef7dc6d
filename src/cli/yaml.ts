/** @file YAML of configuration files and flags, JSON among it. */
import { Lexer, parse } from "yaml";
import { requireRoom, requireShallow, UserError } from "../base/index.ts";

/** Letters of a configuration: the parser takes its time over more. */
const longest = 1e6;
/** Lists and maps inside each other; and blanks before a line, each of which may be a level. */
const deepest = 100;

/**
 * The value of YAML text. name: of its file, for messages
 * Throws UserError if it is no YAML, has aliases without an anchor or too many of them, or is nested too deep.
 */
export function parseYaml(text: string, name: string): unknown {
  requireRoom(name, text.length, longest);
  if (isDeep(text)) throw new UserError(`${name} is nested deeper than ${deepest} levels.`);
  let value: unknown;
  try {
    value = parse(text, { logLevel: "error" });
  } catch (error) {
    const [reason] = String((error as Error).message).split("\n");
    throw new UserError(`${name} is no YAML: ${reason.replace(/:$/, "")}.`);
  }
  requireShallow(value, name);
  return value;
}

/** Token of the lexer before a scalar, which may look like a bracket. */
const scalarFollows = "\x1f";

/** True for what would overflow the parser's stack, which the runtime does not always survive. */
function isDeep(text: string): boolean {
  let [flow, line, before] = [0, 0, ""];
  for (const token of new Lexer().lex(text)) {
    if (before !== scalarFollows) {
      if (token === "[" || token === "{") flow++;
      else if (token === "]" || token === "}") flow--;
      else if (token === "-" || token === "?" || token === ":") line++;
      else if (/^[\r\n]/.test(token)) line = 0;
      else if (/^ +$/.test(token) && token.length > deepest) return true;
      if (flow > deepest || (line > deepest && flow === 0)) return true;
    }
    before = token;
  }
  return false;
}
