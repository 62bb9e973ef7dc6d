import { describe, expect, test } from "vitest";
import { lookup, refuseRepeated, UserError } from "./errors.ts";

describe("UserError", () => {
  test("is an Error that names itself", () => {
    const error = new UserError("Use 8 or 16.");
    expect(error).toBeInstanceOf(Error);
    expect(String(error)).toBe("UserError: Use 8 or 16.");
  });

  test("never quotes what would command a terminal", () => {
    const title = "\x1b]0;owned\x07\r\n\u009b2J\u202e\u2028\ud800 end";
    expect(new UserError(`a.json is no "${title}".`).message).toBe(
      'a.json is no "\\u{1b}]0;owned\\u{7}\\u{d}\\u{a}\\u{9b}2J\\u{202e}\\u{2028}\\u{d800} end".',
    );
  });

  test("says where and what to do, however long what it quotes", () => {
    for (const quoted of ["x".repeat(1e6), "\x1b".repeat(1e6)]) {
      const { message } = new UserError(`In a.json: ${quoted}. Use b.`);
      expect(message.length).toBeLessThanOrEqual(500);
      expect(message).toMatch(/^In a\.json: /);
    }
    expect(new UserError(`In a.json: ${"x".repeat(1e6)}. Use b.`).message).toMatch(
      / \[\.\.\.\] x+\. Use b\.$/,
    );
  });
});

describe("lookup", () => {
  const fruit = { apple: 1, banana: 2, cherry: 3 };

  test("finds the entry", () => expect(lookup(fruit, "banana", "fruit")).toBe(2));

  test("lists the known names, the nearest first", () =>
    expect(() => lookup(fruit, "chery", "fruit")).toThrow(
      new UserError('Unknown fruit "chery". Known: cherry, apple, banana.'),
    ));

  test("takes no time for a name that a file made very long", () =>
    expect(() => lookup(fruit, "x".repeat(1e6), "fruit")).toThrow(/^Unknown fruit "x+ \[/));

  test.each(["toString", "__proto__", "constructor"])("does not take %s for an entry", (name) =>
    expect(() => lookup(fruit, name, "fruit")).toThrow(UserError),
  );
});

test("refuseRepeated names what comes twice, and what to do instead", () => {
  expect(() => refuseRepeated(["a", "b", "c"])).not.toThrow();
  expect(() => refuseRepeated(["a", "b", "a", "b"])).toThrow(new UserError("a is named twice."));
  expect(() => refuseRepeated(["b", "b"], "use one")).toThrow(new UserError("b is named twice; use one."));
});
