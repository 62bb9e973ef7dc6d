/** @file Commands of a shell script, as lists of words: as much of a shell as documents use. */

export interface ShellCommand {
  /** Line of the script it begins at, from 0. */
  readonly line: number;
  readonly words: readonly string[];
}

/** Quotes are taken off, lines that end in "\" joined; comments and variables before a command are left out. */
export function commandsIn(script: string): ShellCommand[] {
  const token = /\\\n|[ \t]+|(#[^\n]*)|(\n|;|&&|\|\|?)|((?:'[^']*'|"[^"]*"|\\[^\n]|[^\s'"\\;|&]|&(?!&))+)/gy;
  const commands: ShellCommand[] = [];
  const values = new Map<string, string>();
  const filled = (word: string) => word.replace(/\$(\w+)/g, (all, name) => values.get(name) ?? all);
  let line = 0;
  let words: string[] = [];
  let begun = 0;
  const end = () => {
    const first = words.findIndex((word) => !/^([A-Z_]+=.*|do|done)$/.test(word));
    const [verb, variable, , value] = words;
    if (verb === "for") values.set(variable, value);
    else if (first !== -1) commands.push({ line: begun, words: words.slice(first).map(filled) });
    words = [];
  };
  for (const [text, , stop, word] of script.matchAll(token)) {
    if (stop !== undefined) end();
    if (word !== undefined) {
      if (words.length === 0) begun = line;
      words.push(
        word.replace(/'([^']*)'|"([^"]*)"|\\(.)/g, (_, single, double, one) => single ?? double ?? one),
      );
    }
    line += text.split("\n").length - 1;
  }
  end();
  return commands;
}

/** Words after `sodp` of a command that calls it, however a document calls it. */
export function sodpWords([first, second, ...rest]: readonly string[]): readonly string[] | undefined {
  if (first === "sodp") return second === undefined ? rest : [second, ...rest];
  if (first === "npx" && second === "sodp") return rest;
  if (first === "npx" && second === "tsx" && rest[0] === "src/cli/main.ts") return rest.slice(1);
  if (first === "npm" && second === "start") return ["quickstart", ...rest.slice(1)]; // behind "--"
  return undefined;
}
