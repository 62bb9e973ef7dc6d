import { CommanderError } from "commander";
import { describe, expect, test } from "vitest";
import { UserError } from "../base/index.ts";
import { failureOf } from "./failure.ts";
import { jsonText, shown } from "./terminal.ts";
import { UsageError } from "./usage-error.ts";

describe("a command that failed", () => {
  test.each([
    [new UserError("No file a."), { text: "No file a.", exitCode: 1 }],
    [
      new UserError("A job failed.", { details: ["  line 1", "  line 2"] }),
      "A job failed.\n  line 1\n  line 2",
    ],
    [new UsageError("--a is required."), { text: "--a is required.", exitCode: 2 }],
    [new CommanderError(0, "commander.version", "0.1"), { text: "", exitCode: 0 }],
    [new CommanderError(1, "commander.unknownOption", "error"), { text: "", exitCode: 2 }],
    [
      Object.assign(new Error("EACCES: permission denied, open 'a\x1b'"), {
        code: "EACCES",
        syscall: "open",
      }),
      { text: "EACCES: permission denied, open 'a\\u{1b}'", exitCode: 1 },
    ],
  ])("tells %s", (error, expected) =>
    expect(failureOf(error, false)).toEqual(
      typeof expected === "string" ? { text: expected, exitCode: 1 } : expected,
    ),
  );

  test.each([new TypeError("x is not a\n function\x07"), "a text", undefined, new Error("x".repeat(1e5))])(
    "asks for a report of a defect, in one line without a stack",
    (error) => {
      const { text, exitCode } = failureOf(error, false);
      expect(text).toMatch(/^This is a defect of sodp, please report it .*SODP_DEBUG=1/);
      expect(text).not.toMatch(/\p{Cc}| at /u);
      expect(text.length).toBeLessThan(700);
      expect(exitCode).toBe(1);
    },
  );

  test("shows the stack of a defect where it is asked for", () => {
    expect(failureOf(new TypeError("x"), true).text).toMatch(/TypeError: x.*\n.* at .*failure\.test\.ts/s);
    expect(failureOf(new UserError("x"), true).text).toBe("x");
  });
});

describe("text on the terminal", () => {
  test("commands nothing, and keeps its lines", () =>
    expect(shown("a\tb\nc\x1b[2J\r\u009b\u202e")).toBe("a\tb\nc\\u{1b}[2J\\u{d}\\u{9b}\\u{202e}"));

  test("that is JSON stays the same JSON", () => {
    const value = { "\x1b": "\u009b\u202e\u2028\ud800 \n\\u{1b} \\", list: [1, null] };
    expect(shown(jsonText(value))).toBe(jsonText(value));
    expect(JSON.parse(jsonText(value))).toEqual(value);
  });
});
