/** @file Commands that are known by name, and loaded when they are called: a command line costs what it uses. */
import { Command } from "commander";

/** A command of a list. */
export interface ListedCommand {
  readonly name: string;
  /** A sentence of the list. */
  readonly summary: string;
  /** words: the rest of the command line; undefined: whatever is below is wanted, too */
  load(words: readonly string[] | undefined): Command | Promise<Command>;
}

/** Adds to `parent` the command that `words` begin with; of the others of the list, name and summary. No words: all. */
export async function addListed(
  parent: Command,
  list: readonly ListedCommand[],
  words: readonly string[] | undefined,
): Promise<Command> {
  const called = words?.filter((word) => word !== "help" && !word.startsWith("-"));
  for (const { name, summary, load } of list) {
    const isCalled = called === undefined || called[0] === name;
    const command = isCalled ? await load(called?.slice(1)) : new Command(name);
    parent.addCommand(command.summary(summary));
  }
  return parent;
}
