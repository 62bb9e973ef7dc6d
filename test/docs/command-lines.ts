/** @file Command lines of documents, read by the real program, which stops where a command would begin to work. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Command, CommanderError } from "commander";
import { vi } from "vitest";
import { UserError } from "../../src/base/index.ts";
import { createProgram } from "../../src/cli/program.ts";
import { envsNamed } from "../../src/envs/index.ts";

/** Thrown in place of a command's work. */
const { Configured } = vi.hoisted(() => ({ Configured: class extends Error {} }));

vi.mock("../../src/cli/config.ts", async (importActual) => {
  const actual = await importActual<typeof import("../../src/cli/config.ts")>();
  const configured: typeof actual.configured = (command, kind) => {
    const read = actual.configured(command, kind);
    return async (path) => {
      const given = await read(path);
      if (command.options.some(({ long }) => long === "--dry_run")) return given; // it checks more, and ends
      requireTasks(command, given.config as Flags);
      throw new Configured();
    };
  };
  return { ...actual, configured };
});

interface Flags {
  readonly env?: { readonly task?: string | readonly string[]; readonly module?: string };
}

/** Throws UserError for tasks that there are not, of a command's flags or its argument. */
function requireTasks(command: Command, { env }: Flags): void {
  const argument = command.registeredArguments[0]?.name() === "task" ? command.args.slice(0, 1) : [];
  if (env?.module === undefined) envsNamed([...argument, env?.task ?? []].flat());
}

/**
 * Why the program refuses a command line; undefined: it does not.
 * words: after `sodp`   files: of its document, by the names they have there   isPart: values may be missing
 * folder: of files that are needed
 */
export async function refusal(
  words: readonly string[],
  files: ReadonlyMap<string, string>,
  isPart: boolean,
  folder: string,
): Promise<string | undefined> {
  const silent = [process.stdout, process.stderr].map((stream) =>
    vi.spyOn(stream, "write").mockImplementation(() => true),
  );
  const log = vi.spyOn(console, "log").mockImplementation(() => {});
  const fromRun = words.includes("--config_path") && !files.has(words[words.indexOf("--config_path") + 1]);
  const placed = words.map((word, i) => {
    if (words[i - 1] === "--config_path" && fromRun && !existsSync(word)) return emptyRun(folder);
    return files.get(word.replace(/^\.\//, "")) ?? word;
  });
  try {
    const program = await createProgram(placed);
    const trains = leafOf(program, placed).options.some(({ long }) => long === "--dry_run");
    await program.parseAsync(trains ? [...placed, "--dry_run"] : placed, { from: "user" });
    return undefined;
  } catch (error) {
    if (error instanceof Configured) return undefined;
    if (error instanceof CommanderError) {
      const isFine = error.exitCode === 0 || (isPart && error.code === "commander.missingArgument");
      return isFine ? undefined : error.message;
    }
    if (!(error instanceof UserError)) throw error;
    return (isPart || fromRun) && / is required/.test(error.message) ? undefined : error.message;
  } finally {
    for (const spy of [...silent, log]) spy.mockRestore();
  }
}

/** All flags of all commands. */
export async function allFlags(): Promise<ReadonlySet<string>> {
  const below = (command: Command): string[] => [
    ...command.options.map(({ long }) => String(long)),
    ...command.commands.flatMap(below),
  ];
  return new Set(["--help", ...below(await createProgram())]);
}

/** The command that `words` call. */
function leafOf(command: Command, words: readonly string[]): Command {
  const called = command.commands.find((each) => each.name() === words[0]);
  return called ? leafOf(called, words.slice(1)) : command;
}

/** Folder in place of a run's that is only there for a reader who has trained. */
function emptyRun(folder: string): string {
  const run = join(folder, "run");
  mkdirSync(run, { recursive: true });
  writeFileSync(join(run, "config.json"), "{}");
  return run;
}
