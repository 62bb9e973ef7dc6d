/** @file The map: which folder may import which. Imports point left, and enter another folder through its index.ts. */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import ts from "typescript";
import { describe, expect, test } from "vitest";

/**
 * base ← tensor ← nn   ← diffusion ┐
 * base ← envs   ← data ← rollout   ├ algorithms ← fleet | server ← cli
 * base ← wire   ← runs             ┘ report ←                      cli
 */
const rows = [
  ["base", "tensor", "nn", "diffusion"],
  ["base", "envs", "data", "rollout"],
  ["base", "wire", "runs"],
];
const libraries = [...new Set(rows.flat())];
const engine = [...libraries, "algorithms"];
const mayUse = new Map<string, readonly string[]>([
  ...rows.flatMap((row) => row.map((folder, i) => [folder, row.slice(0, i)] as const)),
  ["algorithms", libraries],
  ["charts", ["base", "wire"]],
  ["jobs", ["base", "wire", "runs"]],
  ["report", [...libraries, "charts"]],
  ["fleet", engine],
  ["server", engine],
  ["cli", [...engine, "charts", "report", "jobs", "fleet", "server"]],
  ["the public surface", [...engine, "charts", "report", "fleet", "server"]],
  ["web", ["wire"]],
  ["examples", ["the public surface"]],
]);
/** Halves of a folder that need Node: entered through indexes of their own. */
const nodeEntries = ["src/envs/pool/index.ts", "src/envs/python/index.ts"];
const roots = ["src", "web", "examples"]; // tests of the whole and benchmarks may look inside
/** A folder's tests may use what tests share. */
const isShared = (path: string, target: string) => path.endsWith(".test.ts") && target.startsWith("test/");

/** The folder on the map that a file belongs to. path: from the repository root, with slashes. */
function folderOf(path: string): string {
  if (/^src\/[^/]+\.ts$/.test(path)) return "the public surface"; // a file per entry point of the package
  const [root, folder] = path.split("/");
  return root === "src" ? folder : root;
}

/** What each import that is not on the map does wrong. files: texts by path. */
function faults(files: Readonly<Record<string, string>>): string[] {
  return Object.entries(files).flatMap(([path, text]) =>
    ts
      .preProcessFile(text)
      .importedFiles.map(({ fileName }) => fileName)
      .filter((name) => name.startsWith(".") && /\.tsx?$/.test(name))
      .map((name) => posix.join(posix.dirname(path), name))
      .filter((target) => !isShared(path, target))
      .flatMap((target) => fault(path, target)),
  );
}

function fault(path: string, target: string): string[] {
  const [from, to] = [folderOf(path), folderOf(target)];
  if (from === to) return [];
  const allowed = mayUse.get(from);
  if (!allowed) return [`${path}: the folder ${from} is not on the map`];
  if (!allowed.includes(to))
    return [`${path} imports ${target}: ${from} may use ${allowed.join(", ") || "nothing"}`];
  if (to === "the public surface" || target === `src/${to}/index.ts` || nodeEntries.includes(target))
    return [];
  return [`${path} imports ${target}: enter ${to} through its index.ts`];
}

/** Every TypeScript file of the package, by path from the repository root. */
function packageFiles(): Record<string, string> {
  const top = join(import.meta.dirname, "..");
  const paths = roots
    .filter((root) => existsSync(join(top, root)))
    .flatMap((root) =>
      readdirSync(join(top, root), { recursive: true, encoding: "utf8" }).map((path) => join(root, path)),
    )
    .filter((path) => /\.tsx?$/.test(path) && !path.includes("node_modules"));
  return Object.fromEntries(
    paths.map((path) => [path.replaceAll("\\", "/"), readFileSync(join(top, path), "utf8")]),
  );
}

test("every import is an arrow of the map", () => expect(faults(packageFiles())).toEqual([]));

test("every folder of src is on the map", () => {
  const folders = Object.keys(packageFiles()).map(folderOf);
  expect(folders.filter((folder) => !mayUse.has(folder))).toEqual([]);
});

describe("the check catches", () => {
  test.each([
    ["an arrow to the right", "src/base/a.ts", `import { nn } from "../nn/index.ts";`],
    ["an arrow across rows", "src/nn/a.ts", `import { env } from "../envs/index.ts";`],
    ["a type's import", "src/envs/a.ts", `import type { Value } from "../tensor/index.ts";`],
    ["a type written in place", "src/envs/a.ts", `let value: import("../tensor/index.ts").Value;`],
    ["a re-export", "src/wire/index.ts", `export { run } from "../runs/index.ts";`],
    ["an import at run time", "src/runs/a.ts", `await import("../data/index.ts");`],
    ["the two that must not meet", "src/server/a.ts", `import { queue } from "../fleet/index.ts";`],
    ["a report that trains", "src/report/a.ts", `import { act } from "../algorithms/index.ts";`],
    ["training that reports", "src/algorithms/a.ts", `import { chart } from "../report/index.ts";`],
    ["a way past the index", "src/nn/a.ts", `import { matmul } from "../tensor/ops/matmul.ts";`],
    [
      "a nested way past the index",
      "src/envs/metaworld/a.ts",
      `import { Random } from "../../base/random.ts";`,
    ],
    ["a way out of src", "src/base/a.ts", `import { it } from "../../test/it.ts";`],
    ["the public surface used inside", "src/cli/main.ts", `import { all } from "../index.ts";`],
    ["a page that uses more than wire", "web/main.ts", `import { Random } from "../src/base/index.ts";`],
    [
      "an example that users could not write",
      "examples/a.ts",
      `import { Random } from "../src/base/index.ts";`,
    ],
    ["a folder off the map", "src/utils/a.ts", `import { Random } from "../base/index.ts";`],
  ])("%s", (_, path, text) => expect(faults({ [path]: text })).toHaveLength(1));
});

describe("the check allows", () => {
  test.each([
    ["an arrow to the left", "src/diffusion/a.ts", `import { Random } from "../base/index.ts";`],
    ["a test what tests share", "src/base/a.test.ts", `import { it } from "../../test/it.ts";`],
    ["neighbours", "src/tensor/backends/js.ts", `import { ops } from "../ops.ts";`],
    [
      "algorithms all three rows",
      "src/algorithms/a.ts",
      `export * from "../nn/index.ts"; export * from "../runs/index.ts";`,
    ],
    ["packages", "src/base/a.ts", `import { z } from "zod"; import { readFile } from "node:fs/promises";`],
    [
      "comments and texts",
      "src/base/a.ts",
      `// import "../nn/index.ts";\nconst text = 'import "../nn/index.ts"';`,
    ],
    ["examples the public surface", "examples/01.ts", `import { Random } from "../src/index.ts";`],
    ["... by any of its entry points", "examples/03.ts", `import { act } from "../src/metaworld.ts";`],
  ])("%s", (_, path, text) => expect(faults({ [path]: text })).toEqual([]));
});
