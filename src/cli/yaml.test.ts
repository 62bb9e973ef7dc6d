import { describe, expect, test } from "vitest";
import { UserError } from "../base/index.ts";
import { parseYaml } from "./yaml.ts";

test.each([
  ["a: 1\nb: [x, y]", { a: 1, b: ["x", "y"] }],
  ['{"a": {"b": null}}', { a: { b: null } }],
  ["base: &base {a: 1}\nother: *base", { base: { a: 1 }, other: { a: 1 } }],
  ["", null],
  [`a: [${"1, ".repeat(500)}1]`, { a: new Array(501).fill(1) }],
  ['a: "[[[[" # [[[[', { a: "[[[[" }],
])("%j is read", (text, value) => expect(parseYaml(text, "a.yaml")).toEqual(value));

/** Lists of the list before: a thousand million entries in ten lines. */
const laughs = Array.from({ length: 10 }, (_, i) => `a${i}: &a${i} [${`*a${i - 1}, `.repeat(i && 9)}1]`);

describe("refused in a sentence:", () => {
  test.each([
    ["an alias without an anchor", "a: *b", /a\.yaml is no YAML: Unresolved alias .*b/],
    ["aliases of aliases", laughs.join("\n"), /a\.yaml is no YAML: Excessive alias count/],
    ["what holds itself", "&a [*a]", /nested deeper|Unresolved alias/],
    ["a map that holds itself", "a: &a {b: *a}", /nested deeper|Unresolved alias/],
    ["many levels", `a: ${"[".repeat(200)}${"]".repeat(200)}`, /a\.yaml is nested deeper than 100 levels/],
    ["very many levels", "[".repeat(9e5), /a\.yaml is nested deeper than 100 levels/],
    ["very many levels beside comments", '[ # "]\n'.repeat(1e5), /a\.yaml is nested deeper than 100 levels/],
    ["lists of lists in a line", "- ".repeat(4e5), /a\.yaml is nested deeper than 100 levels/],
    ["keys that are keys", "? ".repeat(4e5), /a\.yaml is nested deeper than 100 levels/],
    [
      "a level per line",
      Array.from({ length: 1300 }, (_, i) => `${" ".repeat(i)}a:`).join("\n"),
      /a\.yaml is nested deeper than 100 levels/,
    ],
    ["a very long file", "a: 1\n".repeat(1e6), /a\.yaml would take 5\.0 MB/],
    ["two values of one key", "a: 1\na: 2", /a\.yaml is no YAML: Map keys must be unique/],
    ["binary data", "\0\x01\x02\ufffd: [", /a\.yaml/],
  ])("%s", (_, text, sentence) => {
    expect(() => parseYaml(text, "a.yaml")).toThrow(sentence);
    expect(() => parseYaml(text, "a.yaml")).toThrow(UserError);
  });
});
