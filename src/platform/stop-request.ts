/** @file Requests to stop: the signals by which a user or a scheduler asks a process to end. */

export type StopSignal = "SIGINT" | "SIGTERM" | "SIGUSR1";
const signals: readonly StopSignal[] = ["SIGINT", "SIGTERM", "SIGUSR1"];

/** Milliseconds in which signals count as one: npm and tsx pass on a Ctrl-C that the terminal has sent here as well. */
const REPEAT = 1000;

/** The first signal that asks this process to stop, which then does not end it. A second Ctrl-C ends it at once. */
export class StopRequest implements Disposable {
  #signal: StopSignal | undefined;
  #received = 0;
  readonly #onRequest: (signal: StopSignal) => void;

  constructor(onRequest: (signal: StopSignal) => void) {
    this.#onRequest = onRequest;
    for (const signal of signals) process.on(signal, this.#handle);
  }

  get signal(): StopSignal | undefined {
    return this.#signal;
  }

  readonly #handle = (signal: NodeJS.Signals): void => {
    if (this.#signal !== undefined) {
      if (signal === "SIGINT" && performance.now() - this.#received > REPEAT) process.exit(130);
      return;
    }
    this.#signal = signal as StopSignal;
    this.#received = performance.now();
    this.#onRequest(this.#signal);
  };

  [Symbol.dispose](): void {
    for (const signal of signals) process.off(signal, this.#handle);
  }
}
