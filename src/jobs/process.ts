/** @file Processes of jobs. They are asked to stop when this process is, and end when it ends. */
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { exitCodes } from "../platform/index.ts";
import { ProgressLine } from "../wire/index.ts";
import { jobEnvironment } from "./parent.ts";

/** The end of a process. */
export interface ProcessEnd {
  /** Exit code, or the signal that killed it. */
  readonly code: number | NodeJS.Signals;
  /** Standard output. */
  readonly printed: string;
  /** Lines of standard error that are not progress. */
  readonly lines: readonly string[];
}

/** On Windows no signal can be sent; there Ctrl-C reaches all processes of a console. */
const signalsAreSent = process.platform !== "win32";

/** Running processes, which are killed when this is disposed or this process ends. */
export class Processes implements Disposable {
  readonly #program: readonly string[];
  readonly #running = new Set<ChildProcess>();

  /** program: the words that start `sodp` */
  constructor(program: readonly string[]) {
    this.#program = program;
    process.on("exit", this.#kill);
  }

  /** Runs `sodp <words>` to its end. Rejects if the program cannot be started. */
  async run(words: readonly string[], onProgress: (line: ProgressLine) => void): Promise<ProcessEnd> {
    const [file, ...first] = this.#program;
    const child = spawn(file, [...first, ...words], {
      env: { ...process.env, ...jobEnvironment },
      stdio: ["pipe", "pipe", "pipe"], // the first is closed by the system when this process dies: see parent.ts
      detached: signalsAreSent, // so that Ctrl-C does not reach it a second time, from the terminal
    });
    child.stdin.on("error", () => {}); // a process may end without having read it
    this.#running.add(child);
    const ended = new Promise<number | NodeJS.Signals>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code, signal) => resolve(code ?? signal ?? 1));
    });
    const lines: string[] = [];
    createInterface({ input: child.stderr }).on("line", (line) => {
      const progress = progressIn(line);
      if (progress) onProgress(progress);
      else lines.push(line);
    });
    try {
      const [printed, code] = await Promise.all([text(child.stdout), ended]);
      return { code, printed, lines };
    } finally {
      this.#running.delete(child);
    }
  }

  /** Asks all that run to stop. */
  stop(): void {
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

/** True for the end of a process that was asked to stop: some commands answer with a code, others die of the signal. */
export function isStop(code: ProcessEnd["code"]): boolean {
  return Object.entries(exitCodes).some(([signal, answer]) => code === signal || code === answer);
}

function progressIn(line: string): ProgressLine | undefined {
  if (!line.startsWith("{")) return undefined;
  try {
    return ProgressLine.parse(JSON.parse(line));
  } catch {
    return undefined;
  }
}
