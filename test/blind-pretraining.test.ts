/**
 * @file Pre-training sees neither rewards nor names of tasks: it reads two columns of the data, a sampler of these leads to
 * no other (see `src/data/label-free.test.ts`), and it is given nothing else.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { expect, expectTypeOf, test } from "vitest";
import { type Data, PretrainConfig, pretrain, pretrainPresets } from "../src/algorithms/index.ts";
import type { Sampler } from "../src/data/index.ts";

test("pre-training reads observations and actions, of all episodes alike", () => {
  for (const preset of [{}, ...Object.values(pretrainPresets)]) {
    const { windows, ...others } = pretrain.reads(PretrainConfig.parse(preset));
    expect(others).toEqual({});
    expect(Object.keys(windows).sort()).toEqual(["columns", "padAfter"]); // neither a filter nor weights
    expect(Object.keys(windows.columns).sort()).toEqual(["action", "observation"]);
  }
});

test("it is given samplers of what it reads, and no other data", () => {
  type Given = Parameters<typeof pretrain.start>[1];
  expectTypeOf<Given>().toEqualTypeOf<Data<ReturnType<typeof pretrain.reads>>>();
  expectTypeOf<Given["windows"]["train"]>().toExtend<
    Sampler<{ observation: readonly number[]; action: readonly number[] }>
  >();
});

test("what it trains with knows nothing of data sets, episodes and environments but their types", () => {
  const seen = new Set<string>();
  const reached: string[] = [];
  const visit = (file: string) => {
    if (seen.has(file)) return;
    seen.add(file);
    for (const from of importsOf(file)) {
      if (/^\.{1,2}\/[\w-]+\.ts$/.test(from)) visit(join(file, "..", from));
      else if (/\/(data|rollout|envs)\//.test(from)) reached.push(`${file}: ${from}`);
    }
  };
  visit("sodp/pretrain.ts");
  expect([...seen]).toContain("gradient-learner.ts");
  expect(reached).toEqual([]);
});

/** Imports of a file of the algorithms, beside types. */
function importsOf(file: string): string[] {
  const path = join(import.meta.dirname, "../src/algorithms", file);
  const source = ts.createSourceFile(path, readFileSync(path, "utf8"), ts.ScriptTarget.Latest);
  return source.statements.filter(ts.isImportDeclaration).flatMap(({ moduleSpecifier, importClause }) => {
    const isType = importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword;
    return isType ? [] : [(moduleSpecifier as ts.StringLiteral).text];
  });
}
