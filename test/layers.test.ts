/**
 * @file The map: which folder may import which, and what runs in a web page. Imports point left, and enter another folder
 * through its index.ts.
 */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { join, posix } from "node:path";
import ts from "typescript";
import { describe, expect, test } from "vitest";

const numbers = ["base", "tensor", "nn", "diffusion"];
const libraries = [...numbers, "platform", "devices", "envs", "data", "rollout", "wire", "runs"];
const engine = [...libraries, "policies", "algorithms"];
const all = [...engine, "charts", "report", "jobs", "fleet", "server"];
const mayUse = new Map<string, readonly string[]>([
  ["base", []],
  ["platform", ["base"]],
  ["tensor", ["base"]],
  ["devices", ["base", "tensor"]],
  ["nn", ["base", "tensor"]],
  ["diffusion", ["base", "tensor", "nn"]],
  ["envs", ["base", "platform"]],
  ["data", ["base", "platform", "envs"]],
  ["rollout", ["base", "platform", "envs", "data"]],
  ["wire", ["base"]],
  ["runs", ["base", "platform", "wire"]],
  ["policies", libraries],
  ["algorithms", [...libraries, "policies"]],
  ["charts", ["base", "wire"]],
  ["jobs", ["base", "platform", "wire", "runs"]],
  ["report", [...libraries, "charts"]],
  ["fleet", engine],
  ["server", engine],
  ["cli", all],
  ["the public surface", all],
  ["web", ["wire"]],
  ["examples", ["the public surface"]],
]);
const roots = ["src", "web", "examples"]; // tests of the whole and benchmarks may look inside

/** Folders that a web page loads: no part of Node, and at run time nothing but other such files and packages. */
const inPages = ["base", "tensor", "nn", "diffusion", "envs", "rollout", "policies", "charts", "wire"];
/** The parts of them that need Node. Each is entered through an index of its own, as the folder around it is. */
const nodeParts = ["src/envs/pool", "src/envs/python", "src/rollout/local", "src/policies/files"];
/** Parts of other folders that a page loads, likewise. */
const pageParts = ["src/data/episodes"];
/** Parts with an index of their own that only who uses them loads: other programs' formats, and the packages that read them. */
const heavyParts = ["src/data/import", "src/data/export"];
/** Other files that a page loads. */
const filesInPages = [
  ...[
    "src/web.ts",
    "src/tensor.ts",
    "src/nn.ts",
    "src/devices/web.ts",
    "src/devices/ort-session.ts",
    "src/devices/graphs-as-written.ts",
  ],
  ...["src/envs/python/family.ts", "src/envs/python/options.ts"],
];
const packagesInPages = ["zod"];
/** The only files that load a package of their own, by its name. */
const loaders: Readonly<Record<string, readonly string[]>> = {
  "onnxruntime-node": ["src/devices/node-runtime.ts"],
  "onnxruntime-web": ["src/devices/web.ts"],
};
/** Names that Node declares globally and pages do not have. */
const nodeGlobals = ["process", "Buffer", "require", "global", "__dirname", "__filename", "setImmediate"];

/** Modules that tests of any folder may use: devices, files, the optimizer's memory, and what tests share. */
const isShared = (path: string, target: string) =>
  path.endsWith(".test.ts") && (target.startsWith("test/") || shared.includes(target));
const shared = ["src/devices/index.ts", "src/platform/index.ts", "src/nn/optimizer.ts"];

/** The folder on the map that a file belongs to. path: from the repository root, with slashes. */
function folderOf(path: string): string {
  if (/^src\/[^/]+\.ts$/.test(path)) return "the public surface"; // a file per entry point of the package
  const [root, folder] = path.split("/");
  return root === "src" ? folder : root;
}

interface Import {
  readonly name: string;
  /** True if it is there only for its types. */
  readonly isType: boolean;
}

/** All that a file imports, in whatever form. */
function importsOf(text: string): Import[] {
  const found: Import[] = [];
  const add = (specifier: ts.Node | undefined, isType: boolean) => {
    if (specifier && ts.isStringLiteralLike(specifier)) found.push({ name: specifier.text, isType });
  };
  const file = ts.createSourceFile("a.ts", text, ts.ScriptTarget.Latest);
  for (const statement of file.statements)
    if (ts.isImportDeclaration(statement))
      add(statement.moduleSpecifier, statement.importClause?.isTypeOnly ?? false);
    else if (ts.isExportDeclaration(statement)) add(statement.moduleSpecifier, statement.isTypeOnly);
  const visit = (node: ts.Node): void => {
    if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) add(node.argument.literal, true);
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
      add(node.arguments[0], false);
    ts.forEachChild(node, visit);
  };
  if (/\bimport\s*\(/.test(text)) visit(file);
  return found;
}

/** The global names of Node that a file reads. */
function nodeGlobalsIn(text: string): string[] {
  const candidates = nodeGlobals.filter((name) => text.includes(name));
  if (candidates.length === 0) return [];
  const found = new Set<string>();
  const visit = (node: ts.Node, parent?: ts.Node): void => {
    const isMember =
      parent !== undefined &&
      ((ts.isPropertyAccessExpression(parent) && parent.name === node) ||
        ts.isPropertyAssignment(parent) ||
        ts.isPropertySignature(parent));
    if (ts.isIdentifier(node) && candidates.includes(node.text) && !isMember) found.add(node.text);
    ts.forEachChild(node, (child) => visit(child, node));
  };
  visit(ts.createSourceFile("a.ts", text, ts.ScriptTarget.Latest));
  return [...found];
}

const isLocal = (name: string) => name.startsWith(".");
const targetOf = (path: string, name: string) => posix.join(posix.dirname(path), name);
/** Name of the package that an import's name begins with. */
const packageOf = (name: string) => name.match(/^(@[^/]+\/)?[^/]+/)?.[0] ?? name;
const isNode = (name: string) => name.startsWith("node:") || builtinModules.includes(name);
const isInPages = (path: string) =>
  filesInPages.includes(path) ||
  pageParts.some((part) => path.startsWith(`${part}/`)) ||
  (inPages.includes(folderOf(path)) && !nodeParts.some((part) => path.startsWith(`${part}/`)));

/** Faults of imports that are not on the map.   files: texts by path */
function faults(files: Readonly<Record<string, string>>): string[] {
  return Object.entries(files).flatMap(([path, text]) => {
    const imports = importsOf(text);
    const arrows = imports
      .filter(({ name }) => isLocal(name) && /\.tsx?$/.test(name))
      .map(({ name }) => targetOf(path, name))
      .filter((target) => !isShared(path, target))
      .flatMap((target) => fault(path, target));
    const loads = imports
      .filter(({ name, isType }) => !isType && !(loaders[packageOf(name)] ?? [path]).includes(path))
      .map(({ name }) => `${path} imports ${name}: only ${loaders[packageOf(name)].join(" and ")} may`);
    return [...arrows, ...(path.endsWith(".test.ts") ? [] : loads), ...pageFaults(path, text, imports)];
  });
}

/** Faults of a file that pages load: what in it needs Node. */
function pageFaults(path: string, text: string, imports: readonly Import[]): string[] {
  if (!isInPages(path) || path.endsWith(".test.ts")) return [];
  const names = imports.filter(({ isType }) => !isType).map(({ name }) => name);
  const ofNode = names
    .filter((name) => !isLocal(name))
    .filter((name) => {
      const known = [
        ...packagesInPages,
        ...Object.keys(loaders).filter((each) => loaders[each].includes(path)),
      ];
      return isNode(name) || !known.includes(packageOf(name));
    });
  const local = names
    .filter(isLocal)
    .map((name) => targetOf(path, name))
    .filter((target) => fault(path, target).length === 0);
  return [
    ...ofNode.map((name) => `${path} imports ${name}, which pages do not have`),
    ...local
      .filter((target) => !isInPages(target))
      .map((target) => `${path} imports ${target}, which pages cannot load`),
    ...nodeGlobalsIn(text).map((name) => `${path} reads ${name}, which pages do not have`),
  ];
}

function fault(path: string, target: string): string[] {
  const [from, to] = [folderOf(path), folderOf(target)];
  if (from === to) return [];
  const allowed = mayUse.get(from);
  if (!allowed) return [`${path}: the folder ${from} is not on the map`];
  if (!allowed.includes(to))
    return [`${path} imports ${target}: ${from} may use ${allowed.join(", ") || "nothing"}`];
  const entries = [
    `src/${to}`,
    ...[...nodeParts, ...pageParts, ...heavyParts].filter((part) => part.startsWith(`src/${to}/`)),
  ];
  if (to === "the public surface" || entries.some((entry) => target === `${entry}/index.ts`)) return [];
  if (path === "src/web.ts" && target === "src/devices/web.ts") return []; // its folder's index is Node's
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

test("every import is an arrow of the map", { timeout: 60_000 }, () =>
  expect(faults(packageFiles())).toEqual([]),
);

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
    ["an import for its effects", "src/runs/a.ts", `import "../data/index.ts";`],
    ["the two that must not meet", "src/server/a.ts", `import { queue } from "../fleet/index.ts";`],
    ["a report that trains", "src/report/a.ts", `import { act } from "../algorithms/index.ts";`],
    ["training that reports", "src/algorithms/a.ts", `import { chart } from "../report/index.ts";`],
    ["a way past the index", "src/nn/a.ts", `import { matmul } from "../tensor/ops/matmul.ts";`],
    [
      "a nested way past the index",
      "src/envs/metaworld/a.ts",
      `import { Random } from "../../base/random.ts";`,
    ],
    ["a way past a part's index", "src/data/a.ts", `import type { A } from "../envs/pool/a.ts";`],
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

  test.each([
    ["Node in a page", "src/base/a.ts", `import { readFile } from "node:fs/promises";`],
    ["... by its short name", "src/nn/a.ts", `import { join } from "path";`],
    ["... when it is needed", "src/charts/a.ts", `await import("node:fs");`],
    ["... passed on", "src/envs/index.ts", `export { inflate } from "node:zlib";`],
    ["Node's globals in a page", "src/wire/a.ts", `const bytes = Buffer.from(text);`],
    ["a package that pages do not have", "src/envs/a.ts", `import load from "@mujoco/mujoco";`],
    ["a folder of Node in a page", "src/policies/a.ts", `import { a } from "../data/index.ts";`],
    ["Node's part of a folder in a page", "src/rollout/a.ts", `import { a } from "../envs/pool/index.ts";`],
    ["... of its own folder", "src/envs/index.ts", `export { a } from "./pool/index.ts";`],
    ["Node's devices in a page", "src/web.ts", `export { cpu } from "./devices/index.ts";`],
    ["a runtime outside of the devices", "src/algorithms/a.ts", `import { Tensor } from "onnxruntime-node";`],
    ["... or in the wrong one", "src/devices/index.ts", `import { Tensor } from "onnxruntime-web/wasm";`],
    ["a runtime in the tensors", "src/tensor/a.ts", `import { Tensor } from "onnxruntime-web";`],
  ])("%s", (_, path, text) => expect(faults({ [path]: text })).not.toEqual([]));
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
    ["packages", "src/base/a.ts", `import { z } from "zod";`],
    ["a folder's part that needs Node", "src/data/a.ts", `import { a } from "../envs/pool/index.ts";`],
    ["... within its folder", "src/envs/pool/a.ts", `import { a } from "../env.ts"; import "node:os";`],
    ["the page's part of a folder", "src/policies/a.ts", `import { a } from "../data/episodes/index.ts";`],
    ["types of Node's folders", "src/policies/a.ts", `import type { A } from "../data/index.ts";`],
    ["Node where no page goes", "src/platform/a.ts", `import { readFile } from "node:fs/promises";`],
    ["types of what pages do not have", "src/envs/a.ts", `import type { MjModel } from "@mujoco/mujoco";`],
    ["members called like globals of Node", "src/wire/a.ts", `a.process({ process: 1 });`],
    ["a test Node", "src/base/a.test.ts", `import { readFile } from "node:fs/promises";`],
    ["a test devices", "src/tensor/a.test.ts", `import { cpu } from "../devices/index.ts";`],
    ["the page's own device", "src/web.ts", `export { web } from "./devices/web.ts";`],
    [
      "comments and texts",
      "src/base/a.ts",
      `// import "../nn/index.ts";\nconst text = 'import "../nn/index.ts"';`,
    ],
    ["examples the public surface", "examples/01.ts", `import { Random } from "../src/index.ts";`],
    ["... by any of its entry points", "examples/03.ts", `import { act } from "../src/metaworld.ts";`],
  ])("%s", (_, path, text) => expect(faults({ [path]: text })).toEqual([]));
});
