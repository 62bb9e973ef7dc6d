import { describe, expect, test } from "vitest";
import { z } from "zod";
import { UserError } from "./errors.ts";
import { type FileFormat, parseJson, parseVersioned, requireShallow } from "./file-format.ts";

const format: FileFormat<{ format: "toy"; version: 3; size: number }> = {
  format: "toy",
  version: 3,
  schema: z.strictObject({ format: z.literal("toy"), version: z.literal(3), size: z.int() }),
  upgrades: { 2: ({ length, ...rest }) => ({ ...rest, version: 3, size: length }) },
};
const parse = (value: unknown) => parseVersioned(value, "a.json", format);

test("a file of the present version is read as it is", () =>
  expect(parse({ format: "toy", version: 3, size: 5 })).toEqual({ format: "toy", version: 3, size: 5 }));

test("an older file is upgraded", () =>
  expect(parse({ format: "toy", version: 2, length: 5 })).toEqual({ format: "toy", version: 3, size: 5 }));

test("versions are upgraded one after another", () => {
  const upgrades = { ...format.upgrades, 1: () => ({ format: "toy", version: 2, length: 7 }) };
  expect(parseVersioned({ format: "toy", version: 1 }, "a.json", { ...format, upgrades }).size).toBe(7);
});

test.each([
  [
    { format: "toy", version: 4 },
    "a.json is of format version 4; this sodp reads versions up to 3. Update it.",
  ],
  [
    { format: "toy", version: 1 },
    "a.json is of format version 1, which this sodp no longer reads; it reads versions 2, 3.",
  ],
  [{ format: "car", version: 3 }, 'a.json: expected a file of format "toy", got "car".'],
  [{}, 'a.json: expected a file of format "toy", got none.'],
  [null, 'a.json: expected a file of format "toy", got none.'],
  [
    { format: "toy", version: 3, size: 1.5 },
    "a.json is damaged: size: Invalid input: expected int, received number.",
  ],
  [{ format: "toy", version: "3", size: 1 }, "a.json is damaged: version: Invalid input: expected 3."],
])("%j is refused", (value, message) => expect(() => parse(value)).toThrow(new UserError(message)));

test("text that is not JSON is refused", () =>
  expect(() => parseJson('{"format":', "a.json")).toThrow(
    new UserError("a.json is damaged: it is not JSON."),
  ));

describe("depth", () => {
  const nested = (depth: number) => `${'{"a":['.repeat(depth / 2)}${"]}".repeat(depth / 2)}`;

  test("of 100 levels is read, of more refused, before it is parsed", () => {
    expect(JSON.stringify(parseJson(nested(100), "a.json"))).toBe(nested(100));
    for (const text of [nested(102), "[".repeat(1e6)])
      expect(() => parseJson(text, "a.json")).toThrow("a.json is nested deeper than 100 levels.");
  });

  test("counts no brackets of strings", () => {
    const text = JSON.stringify({ [`"[${"[{".repeat(200)}`]: '\\"{'.repeat(200) });
    expect(JSON.stringify(parseJson(text, "a.json"))).toBe(text);
  });

  test("is refused of other values too, and what holds itself", () => {
    const circle: unknown[] = [];
    circle.push({ circle });
    expect(() => requireShallow(circle, "a.yaml")).toThrow(UserError);
    expect(() => requireShallow({ a: [{ b: 1 }, null, "x"] }, "a.yaml")).not.toThrow();
  });
});
