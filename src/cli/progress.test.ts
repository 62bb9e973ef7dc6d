import { describe, expect, test } from "vitest";
import { ProgressLine } from "../wire/index.ts";
import { Progress } from "./progress.ts";

/** A screen that remembers, and a clock that is set. */
function watched(isTTY: boolean, environment: NodeJS.ProcessEnv = {}, columns = 100) {
  const written: string[] = [];
  const time = { now: 0 };
  const screen = { isTTY, columns, write: (text: string) => written.push(text) };
  return { written, time, progress: new Progress("train", screen, environment, () => time.now) };
}

/** Empties a terminal's line from here on. */
const CLEAR = "\x1b[K";

/** Lines of a terminal in the end. */
function shown(written: readonly string[]): string[] {
  const lines = [""];
  const text = written.join("").replaceAll(CLEAR, "⌫");
  for (const [, part, control] of text.matchAll(/([^\r\n⌫]*)(\r|\n|⌫|$)/g)) {
    const last = lines[lines.length - 1];
    lines[lines.length - 1] = part.length >= last.length ? part : part + last.slice(part.length);
    if (control === "⌫") lines[lines.length - 1] = part;
    if (control === "\n") lines.push("");
  }
  return lines;
}

describe("on a terminal", () => {
  test("a bar with rate, remaining time and values", () => {
    const { written, time, progress } = watched(true);
    progress.progress(1000, 5000, { loss: 1 });
    time.now = 10;
    progress.progress(2000, 5000, { loss: 0.123456, success: "7/32" });
    expect(written.at(-1)).toBe(
      "\rtrain ━━━━━━━━━━────────────── 40 % 2000/5000  100/s  30 s left  loss 0.123  success 7/32\x1b[K",
    );
  });

  test("the rate is that since it began or went on", () => {
    const { written, time, progress } = watched(true);
    progress.opened(1000);
    time.now = 10;
    progress.progress(2000, 5000, {});
    expect(written.at(-1)).toContain("100/s  30 s left");
  });

  test("it is drawn at most ten times a second, and at the end", () => {
    const { written, time, progress } = watched(true);
    for (let step = 0; step <= 1000; step++) {
      time.now = step / 1000;
      progress.progress(step, 1000, {});
    }
    expect(written.length).toBeLessThan(13);
    expect(written.at(-1)).toContain("100 % 1000/1000");
    expect(written.at(-1)).toContain("took 1 s");
  });

  test("notes stand above it", () => {
    const { written, progress } = watched(true);
    using _ = progress;
    progress.progress(1, 4, {});
    progress.note("saved");
    expect(shown(written).map((line) => line.slice(0, 5))).toEqual(["saved", "train"]);
  });

  test("it is cut where the terminal ends, and its line is left when it ends", () => {
    const { written, progress } = watched(true, {}, 20);
    progress.progress(1, 4, { loss: 3 });
    expect(written.at(-1)).toHaveLength("\r".length + 19 + CLEAR.length);
    progress[Symbol.dispose]();
    expect(written.at(-1)).toBe("\n");
  });

  test("a terminal that does not know its width has the usual one", () => {
    const { written, progress } = watched(true, {}, 0);
    progress.progress(1, 4, { loss: "x".repeat(100) });
    expect(written.at(-1)).toHaveLength("\r".length + 79 + CLEAR.length);
  });
});

test("for programs there is a line of JSON each time, and notes as they are", () => {
  const { written, progress } = watched(true, { SODP_PROGRESS: "json" });
  progress.progress(1, 4, { loss: 0.123456, success: "7/32" });
  progress.note("saved");
  const [line, note] = written;
  expect(ProgressLine.parse(JSON.parse(line))).toEqual({
    done: 1,
    total: 4,
    values: { loss: "0.123", success: "7/32" },
  });
  expect(note).toBe("saved\n");
});

describe("elsewhere", () => {
  test.each([
    ["a file", false, {}],
    ["continuous integration", true, { CI: "true" }],
    ["a terminal without control characters", true, { TERM: "dumb" }],
  ])("%s gets a line now and then, and one at the end", (_, isTTY, environment) => {
    const { written, time, progress } = watched(isTTY, environment);
    for (let step = 0; step <= 3600; step++) {
      time.now = step;
      progress.progress(step, 3600, { loss: 0.5 });
    }
    progress.note("saved");
    progress[Symbol.dispose]();
    expect(written[1]).toBe("train 0 %: 10/3600, 1/s, 60 min left, loss 0.5\n");
    expect(written.length).toBeLessThan(120);
    expect(written.slice(-2)).toEqual(["train 100 %: 3600/3600, 1/s, took 60 min, loss 0.5\n", "saved\n"]);
    expect(written.join("")).not.toContain("\r");
  });
});
