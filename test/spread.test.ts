/** @file Arguments of a call lie on the stack: an array of unknown length may overflow it. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { maximum, minimum } from "../src/base/index.ts";

const source = join(import.meta.dirname, "../src");
const files = readdirSync(source, { recursive: true, encoding: "utf8" }).filter(
  (file) => file.endsWith(".ts") && !file.endsWith(".test.ts"),
);

test("no call takes an array as its arguments that may be long", () => {
  const calls = /(Math\.(max|min|hypot)|\.push|\.unshift|\.splice|fromCharCode|fromCodePoint)\(\s*\.\.\./;
  expect(files.filter((file) => calls.test(readFileSync(join(source, file), "utf8")))).toEqual([]);
});

test("the least and the most of a million numbers are found", () => {
  const numbers = Array.from({ length: 1e6 }, (_, i) => Math.sin(i));
  expect([minimum(numbers), maximum(numbers)]).toEqual([expect.closeTo(-1, 5), expect.closeTo(1, 5)]);
  expect([minimum([]), maximum([]), minimum([1, Number.NaN])]).toEqual([Infinity, -Infinity, Number.NaN]);
});
