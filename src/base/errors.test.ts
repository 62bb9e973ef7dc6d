import { describe, expect, test } from "vitest";
import { lookup, refuseRepeated, UserError } from "./errors.ts";

describe("UserError", () => {
  test("is an Error that names itself", () => {
    const error = new UserError("Use 8 or 16.");
    expect(error).toBeInstanceOf(Error);
    expect(String(error)).toBe("UserError: Use 8 or 16.");
  });
});

describe("lookup", () => {
  const fruit = { apple: 1, banana: 2, cherry: 3 };

  test("finds the entry", () => expect(lookup(fruit, "banana", "fruit")).toBe(2));

  test("lists the known names, the nearest first", () =>
    expect(() => lookup(fruit, "chery", "fruit")).toThrow(
      new UserError('Unknown fruit "chery". Known: cherry, apple, banana.'),
    ));

  test.each(["toString", "__proto__", "constructor"])("does not take %s for an entry", (name) =>
    expect(() => lookup(fruit, name, "fruit")).toThrow(UserError),
  );
});

test("refuseRepeated names what comes twice, and what to do instead", () => {
  expect(() => refuseRepeated(["a", "b", "c"])).not.toThrow();
  expect(() => refuseRepeated(["a", "b", "a", "b"])).toThrow(new UserError("a is named twice."));
  expect(() => refuseRepeated(["b", "b"], "use one")).toThrow(new UserError("b is named twice; use one."));
});
