/** @file Signals that ask a process to stop, and the exit codes that answer them. */

export type StopSignal = "SIGINT" | "SIGTERM" | "SIGHUP" | "SIGUSR1";

/** Exit code of a process that a signal stopped; 75 asks a queue to start it again. */
export const exitCodes: Readonly<Record<StopSignal, number>> = {
  SIGINT: 130,
  SIGTERM: 143,
  SIGHUP: 129,
  SIGUSR1: 75,
};

const signals = Object.keys(exitCodes) as StopSignal[];

/** Milliseconds within which signals count as one: npm and tsx pass on a Ctrl-C that the terminal sent to this process too. */
const ECHO = 1000;

/** The first signal that asks to stop, kept instead of acted on. A second Ctrl-C ends the process at once. */
export class StopRequest implements Disposable {
  #signal: StopSignal | undefined;
  #receivedAt = 0;
  readonly #onSignal: (signal: StopSignal) => void;

  constructor(onSignal: (signal: StopSignal) => void) {
    this.#onSignal = onSignal;
    for (const signal of signals) process.on(signal, this.#onReceived);
  }

  get signal(): StopSignal | undefined {
    return this.#signal;
  }

  readonly #onReceived = (signal: NodeJS.Signals): void => {
    if (this.#signal !== undefined) {
      if (signal === "SIGINT" && performance.now() - this.#receivedAt > ECHO) process.exit(130);
      return;
    }
    if (signal === "SIGHUP") outliveTerminal();
    this.#signal = signal as StopSignal;
    this.#receivedAt = performance.now();
    this.#onSignal(this.#signal);
  };

  [Symbol.dispose](): void {
    for (const signal of signals) process.off(signal, this.#onReceived);
  }
}

/** Lets writing to a terminal that was closed fail in silence: nobody is there to read it. */
function outliveTerminal(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
}
