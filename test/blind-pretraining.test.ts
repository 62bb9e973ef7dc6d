/**
 * @file Pre-training sees neither rewards nor names of tasks: what it is given cannot lead to them (see
 * `src/data/label-free.test.ts`), and it is given nothing else.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { expect, expectTypeOf, test } from "vitest";
import type { pretrain } from "../src/algorithms/index.ts";
import type { Windows } from "../src/data/index.ts";

test("pre-training is given windows, and no other data", () => {
  expectTypeOf<Parameters<typeof pretrain>[1]>().toEqualTypeOf<{
    readonly train: Windows;
    readonly heldOut: Windows;
  }>();
});

test("pre-training and what it trains with know of data no more than what windows are", () => {
  const seen = new Set<string>();
  const reached: string[] = [];
  const visit = (file: string) => {
    if (seen.has(file)) return;
    seen.add(file);
    for (const { from, names } of importsOf(file)) {
      if (from.startsWith("./")) visit(from.slice(2));
      else if (/^\.\.\/(data|rollout|envs)\//.test(from)) reached.push(...names);
    }
  };
  visit("pretrain.ts");
  expect([...seen]).toContain("planner.ts");
  expect([...new Set(reached)]).toEqual(["Windows"]);
});

/** What a file of the algorithms imports, by names. */
function importsOf(file: string): { from: string; names: string[] }[] {
  const path = join(import.meta.dirname, "../src/algorithms", file);
  const source = ts.createSourceFile(path, readFileSync(path, "utf8"), ts.ScriptTarget.Latest);
  return source.statements.filter(ts.isImportDeclaration).map(({ moduleSpecifier, importClause }) => {
    const bindings = importClause?.namedBindings;
    const names =
      bindings && ts.isNamedImports(bindings) ? bindings.elements.map(({ name }) => name.text) : ["*"];
    return { from: (moduleSpecifier as ts.StringLiteral).text, names };
  });
}
