/**
 * @file How far a long command has come, on stderr: a bar that moves on a terminal, now and then a line elsewhere, and for
 * programs, where SODP_PROGRESS is "json", a line of JSON each time.
 */
import type { ProgressLine } from "../wire/index.ts";
import { shown, tell } from "./terminal.ts";

/** Tells, each time a piece of work is done, how many of `all` pieces are and about how long the rest will take. */
export function startProgress(all: number): (piece: string) => void {
  const start = performance.now();
  let done = 0;
  return (piece) => {
    done++;
    const left = ((performance.now() - start) / done) * (all - done);
    const rest = done === all ? "" : `, about ${duration(left / 1000)} left`;
    tell(`[${done}/${all}] ${piece}${rest}`);
  };
}

/** Stream that shows progress: `process.stderr`, as far as it matters. */
export interface Screen {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** Values shown beside a bar, such as { loss: 0.12, "success": "7/32" }. */
export type Values = Readonly<Record<string, string | number>>;

/** Seconds from one drawing of a bar to the next, and the least from one line to the next. */
const REDRAW = 0.1;
const LINES = 10;
/** Characters of a bar. */
const WIDTH = 24;

/**
 * A job's progress. On a terminal a bar, drawn in place; elsewhere, and under CI, a line at first every ten seconds, then
 * every minute. Nothing is coloured. Dispose it when the job ends.
 */
export class Progress implements Disposable {
  readonly #label: string;
  readonly #screen: Screen;
  readonly #clock: () => number;
  readonly #style: "bar" | "lines" | "json";
  /** First report of the job: what was done, and when, in seconds. */
  #first: { readonly done: number; readonly time: number } | undefined;
  #shown = Number.NEGATIVE_INFINITY;
  #complete = false;
  /** The terminal's last line. */
  #line = "";

  /** clock: seconds */
  constructor(
    label: string,
    screen: Screen = process.stderr,
    environment: NodeJS.ProcessEnv = process.env,
    clock = () => performance.now() / 1000,
  ) {
    this.#label = label;
    this.#screen = screen;
    this.#clock = clock;
    const inPlace = screen.isTTY === true && !environment.CI && environment.TERM !== "dumb";
    this.#style = environment.SODP_PROGRESS === "json" ? "json" : inPlace ? "bar" : "lines";
  }

  /** The job begins, or goes on, after `done` pieces. Untold, it is as the first `progress` says. */
  readonly opened = (done: number): void => {
    this.#first = { done, time: this.#clock() };
  };

  /** `done` of `total` pieces are done. The end is always shown, once. */
  readonly progress = (done: number, total: number, values: Values): void => {
    if (done >= total && this.#complete) return;
    this.#complete = done >= total;
    const now = this.#clock();
    this.#first ??= { done, time: now };
    const elapsed = now - this.#first.time;
    const pause = this.#style === "lines" ? Math.min(60, Math.max(LINES, elapsed / 20)) : REDRAW;
    if (now - this.#shown < pause && done < total) return;
    this.#shown = now;
    if (this.#style === "json") {
      const texts = Object.entries(values).map(([name, value]) => [name, short(value)]);
      const line: ProgressLine = { done, total, values: Object.fromEntries(texts) };
      this.#screen.write(`${JSON.stringify(line)}\n`);
      return;
    }
    const rate = elapsed > 0 ? (done - this.#first.done) / elapsed : 0;
    const parts = [
      `${done}/${total}`,
      ...(rate > 0 ? [`${short(rate)}/s`] : []),
      ...(done < total && rate > 0 ? [`${duration((total - done) / rate)} left`] : []),
      ...(done >= total ? [`took ${duration(elapsed)}`] : []),
      ...Object.entries(values).map(([name, value]) => `${name} ${short(value)}`),
    ];
    if (this.#style === "bar") this.#draw(`${this.#label} ${bar(done / total)} ${parts.join("  ")}`);
    else this.#screen.write(`${shown(`${this.#label} ${percent(done / total)}: ${parts.join(", ")}`)}\n`);
  };

  /** A line that stays, above the bar. */
  readonly note = (text: string): void => {
    const line = this.#line;
    this.#draw("");
    this.#screen.write(`${shown(text)}\n`);
    this.#draw(line);
  };

  [Symbol.dispose](): void {
    if (this.#line !== "") this.#screen.write("\n");
    this.#line = "";
  }

  #draw(line: string): void {
    if (line === "" && this.#line === "") return;
    // A full line would wrap. Some terminals say that their width is 0.
    const fits = line.slice(0, (this.#screen.columns || 80) - 1);
    this.#screen.write(`\r${shown(fits)}\x1b[K`);
    this.#line = fits;
  }
}

function bar(share: number): string {
  const full = Math.round(WIDTH * Math.min(1, share));
  return `${"━".repeat(full)}${"─".repeat(WIDTH - full)} ${percent(share)}`;
}

const percent = (share: number) => `${Math.floor(100 * Math.min(1, share))} %`;

/** Three digits of a number are enough to watch. */
function short(value: string | number): string {
  if (typeof value === "string" || Number.isInteger(value)) return String(value);
  return Math.abs(value) >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}

function duration(seconds: number): string {
  if (seconds < 100) return `${Math.ceil(seconds)} s`;
  return seconds < 6000 ? `${Math.ceil(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}
