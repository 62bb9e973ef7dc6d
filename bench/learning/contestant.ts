/** @file One side of the comparison: a process of its own that answers JSON lines, as described in peer.py. */
import { type ChildProcessByStdio, spawn, spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { UserError } from "../../src/base/index.ts";

/** A running contestant; idle while nothing is asked of it. Dispose it to end its process. */
export class Contestant implements Disposable {
  readonly #process: ChildProcessByStdio<Writable, Readable, null>;
  readonly #answers: AsyncIterator<string>;

  constructor(command: string, options: readonly string[]) {
    this.#process = spawn(command, options, { stdio: ["pipe", "pipe", "inherit"] });
    this.#answers = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
  }

  /** Sends one request and waits for its answer. Throws Error if the contestant reports one or ends. */
  async ask<Answer>(expected: z.ZodType<Answer>, request: object): Promise<Answer> {
    const line = JSON.stringify(request);
    this.#process.stdin.write(`${line}\n`);
    const { value, done } = await this.#answers.next();
    const answer = done ? { error: "the process ended" } : JSON.parse(value);
    const failure = z.object({ error: z.string() }).safeParse(answer);
    if (failure.success) throw new Error(`${line} was answered: ${failure.data.error}`);
    return expected.parse(answer);
  }

  /** Resident memory of the process in megabytes, now and at most so far; null where there is no /proc. */
  async memory(): Promise<{ readonly now: number; readonly peak: number } | null> {
    if (process.platform !== "linux") return null;
    const status = await readFile(`/proc/${this.#process.pid}/status`, "utf8");
    const megabytes = (field: string) => Number(status.match(`${field}:\\s+(\\d+) kB`)?.[1]) / 1024;
    return { now: megabytes("VmRSS"), peak: megabytes("VmHWM") };
  }

  [Symbol.dispose](): void {
    this.#process.kill();
  }
}

/** Our side. */
export function startOurs(): Contestant {
  const file = fileURLToPath(new URL("ours.ts", import.meta.url));
  return new Contestant(process.execPath, [...process.execArgv, file]); // this process's flags read TypeScript
}

/** PyTorch. python: what `installPeer` returned. */
export function startPeer(python: string): Contestant {
  return new Contestant(python, [fileURLToPath(new URL("peer.py", import.meta.url))]);
}

/** Installs a peer into a virtual environment of its own if need be. Returns the interpreter to run it with. */
export function installPeer(
  setup = new URL("setup_peer.py", import.meta.url),
  peer = "PyTorch",
  options: readonly string[] = [],
): string {
  const python = process.platform === "win32" ? "python" : "python3";
  const script = fileURLToPath(setup);
  const { status, stdout } = spawnSync(python, [script, ...options], {
    stdio: ["ignore", "pipe", "inherit"],
    encoding: "utf8",
  });
  if (status !== 0)
    throw new UserError(`${python} ${script} failed, and without ${peer} there is nothing to compare with.`);
  return stdout.trim().split("\n").at(-1) as string;
}
