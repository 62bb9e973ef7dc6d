/** @file Commands of this program in processes of their own, which are told to stop when this one is. */
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { UserError } from "../base/index.ts";
import { exitCodes } from "../runs/index.ts";
import { ProgressLine } from "../wire/index.ts";

interface Watcher {
  progress(line: ProgressLine): void;
  note(text: string): void;
}

/** On Windows no signal can be sent; there Ctrl-C reaches all processes of a console by itself. */
const signalsAreSent = process.platform !== "win32";

/** Holds processes, and kills them when it is disposed or this process ends. */
export class Children implements Disposable {
  readonly #running = new Set<ChildProcess>();
  #stopped = false;

  constructor() {
    process.on("exit", this.#kill);
  }

  /**
   * Runs `sodp <command> --json`; returns the document it printed, undefined if it was stopped.
   * watcher: told of the command's progress, and in the end of whatever else it said
   * Throws UserError if the command fails.
   */
  async run(command: readonly string[], watcher: Watcher): Promise<unknown> {
    if (this.#stopped) return undefined;
    const child = spawn(process.execPath, [...process.execArgv, process.argv[1], ...command, "--json"], {
      env: { ...process.env, SODP_PROGRESS: "json" },
      stdio: ["ignore", "pipe", "pipe"],
      detached: signalsAreSent, // so that Ctrl-C does not reach it a second time, from the terminal
    });
    this.#running.add(child);
    const ended = new Promise<number | NodeJS.Signals>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code, signal) => resolve(code ?? signal ?? 1));
    });
    const said: string[] = [];
    createInterface({ input: child.stderr }).on("line", (line) => {
      const progress = progressIn(line);
      if (progress) watcher.progress(progress);
      else said.push(line);
    });
    const [printed, end] = await Promise.all([text(child.stdout), ended]);
    this.#running.delete(child);
    if (end === 0) {
      said.forEach(watcher.note);
      return JSON.parse(printed);
    }
    if (this.#stopped && isStop(end)) return undefined;
    throw new UserError([...said, `sodp ${command.join(" ")} ended with ${end}.`].join("\n"));
  }

  /** Asks all that run to stop; from now on nothing is started. */
  stop(): void {
    this.#stopped = true;
    if (signalsAreSent) for (const child of this.#running) child.kill("SIGTERM");
  }

  [Symbol.dispose](): void {
    this.#kill();
    process.off("exit", this.#kill);
  }

  readonly #kill = (): void => {
    for (const child of this.#running) child.kill("SIGKILL");
  };
}

/** Whether a process ended of being asked to: commands that keep something answer with a code, others die of the signal. */
function isStop(end: number | NodeJS.Signals): boolean {
  return Object.entries(exitCodes).some(([signal, code]) => end === signal || end === code);
}

function progressIn(line: string): ProgressLine | undefined {
  try {
    return ProgressLine.parse(JSON.parse(line));
  } catch {
    return undefined;
  }
}
