/** @file The wish to stop, as the operating system brings it. */

export type StopSignal = "SIGINT" | "SIGTERM" | "SIGUSR1";
const signals: readonly StopSignal[] = ["SIGINT", "SIGTERM", "SIGUSR1"];

/** Milliseconds in which signals are one: npm and tsx pass on a Ctrl-C that the terminal has sent here as well. */
const ECHO = 1000;

/** Keeps the first signal that asks to stop, instead of dying of it. A second Ctrl-C ends the process at once. */
export class StopRequest implements Disposable {
  #signal: StopSignal | undefined;
  #heard = 0;
  readonly #onAsked: (signal: StopSignal) => void;

  constructor(onAsked: (signal: StopSignal) => void) {
    this.#onAsked = onAsked;
    for (const signal of signals) process.on(signal, this.#hear);
  }

  get signal(): StopSignal | undefined {
    return this.#signal;
  }

  readonly #hear = (signal: NodeJS.Signals): void => {
    if (this.#signal !== undefined) {
      if (signal === "SIGINT" && performance.now() - this.#heard > ECHO) process.exit(130);
      return;
    }
    this.#signal = signal as StopSignal;
    this.#heard = performance.now();
    this.#onAsked(this.#signal);
  };

  [Symbol.dispose](): void {
    for (const signal of signals) process.off(signal, this.#hear);
  }
}
