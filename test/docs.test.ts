/**
 * @file Documents are true: their snippets compile and run, the program knows their command lines, their links lead somewhere.
 * A snippet that is no whole module says so in its first line: "// Fragment: ...".
 */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, normalize, posix } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { allFlags, refusal } from "./docs/command-lines.ts";
import { type Document, parseDocument } from "./docs/markdown.ts";
import { commandsIn, sodpWords } from "./docs/shell.ts";
import { runnable, type Snippet, typeFaults } from "./docs/snippets.ts";

const top = join(import.meta.dirname, "..");
const below = ["docs", "examples", "experiments", "assets"].flatMap((folder) =>
  readdirSync(join(top, folder), { recursive: true, encoding: "utf8" }).map((path) =>
    posix.join(folder, path),
  ),
);
const paths = ["README.md", "CONTRIBUTING.md", ...below.filter((path) => path.endsWith(".md"))].filter(
  (path) => !path.startsWith("docs/api/"),
);
const documents = new Map(paths.map((path) => [path, parseDocument(readFileSync(join(top, path), "utf8"))]));
/** Pages that say what was. */
const isDated = (path: string) => path === "docs/log.md" || path.startsWith("docs/decisions/");

mkdirSync(join(top, "build"), { recursive: true });
const folder = mkdtempSync(join(top, "build/docs-")); // inside, where packages are found
afterAll(() => rmSync(folder, { recursive: true }));

const isFragment = (text: string) => text.startsWith("// Fragment: ");
const snippets: readonly Snippet[] = [...documents].flatMap(([path, { blocks }]) =>
  blocks
    .filter(({ language, text }) => language === "ts" && !isFragment(text))
    .map(({ line, text }) => ({ place: `${path}:${line}`, text })),
);

test("snippets compile against the package's entries", () => {
  const wrong = { place: "wrong.md:7", text: 'import { cpu } from "sodp";\nconst a: string = cpu();' };
  expect(typeFaults([...snippets, wrong])).toEqual([
    expect.stringMatching(/^wrong\.md:8: Type .* is not assignable to type 'string'/),
  ]);
});

test.each(snippets)("the snippet of $place runs", async ({ place, text }) => {
  const file = join(folder, `${place.replace(/\W/g, "-")}.ts`);
  writeFileSync(file, runnable(text));
  await import(file);
});

/** Files that a document shows, written, by name. */
function filesOf(path: string, { blocks }: Document): Map<string, string> {
  return new Map(
    blocks.flatMap(({ file, text }) => {
      if (file === undefined) return [];
      const copy = join(folder, path.replace(/\W/g, "-"), file);
      mkdirSync(dirname(copy), { recursive: true });
      writeFileSync(copy, runnable(text));
      return [[file, copy] as [string, string]];
    }),
  );
}

/** Mistakes of the command lines of a document, and of what it says of flags in sentences. */
async function commandFaults(path: string, document: Document): Promise<string[]> {
  const faults: string[] = [];
  const files = filesOf(path, document);
  const check = async (line: number, words: readonly string[], isPart: boolean) => {
    const called = sodpWords(words);
    const reason = called ? await refusal(called, files, isPart, folder) : missing(words);
    if (reason !== undefined) faults.push(`${path}:${line}: ${words.join(" ")}: ${reason}`);
  };
  for (const { language, line, text } of document.blocks)
    if (language === "sh")
      for (const command of commandsIn(text)) await check(line + command.line, command.words, false);
  for (const { line, text } of document.spans) {
    if (/^(npx |npm |sodp )/.test(text) && !/[<|*]|\.\.\./.test(text))
      for (const { words } of commandsIn(text)) await check(line, words, true);
    const unknown = text.startsWith("--")
      ? (text.match(/--\w[\w.-]*/g) ?? []).filter((flag) => !flags.has(flag) && !isPrefix(flag, flags))
      : [];
    faults.push(...unknown.map((flag) => `${path}:${line}: no command has ${flag}`));
  }
  return faults;
}

/** True for "--arrays." of "--arrays.*". */
const isPrefix = (flag: string, flags: ReadonlySet<string>) =>
  flag.endsWith(".") && [...flags].some((each) => each.startsWith(flag));

/** Of all commands, and those of npm that documents speak of. */
const flags = new Set([...(await allFlags()), "--ignore-scripts"]);

const { scripts } = JSON.parse(readFileSync(join(top, "package.json"), "utf8"));

/** What a command of npm or npx names that this repository has not. */
function missing([first, second, ...rest]: readonly string[]): string | undefined {
  const [name] = rest.filter((word) => !word.startsWith("-"));
  if (first === "npm" && second === "run") return name in scripts ? undefined : `there is no script ${name}`;
  const path =
    second === "tsx" ? name : second === "vitest" ? rest.filter((word) => word.includes("/"))[0] : undefined;
  return first !== "npx" || path === undefined || existsSync(join(top, path))
    ? undefined
    : `there is no ${path}`;
}

const present = [...documents].filter(([path]) => !isDated(path));
test.each(present)("the program knows the command lines of %s", async (path, document) =>
  expect(await commandFaults(path, document)).toEqual([]),
);

test("no document has marks of a merge", () => {
  const marked = ["CHANGELOG.md", ...paths].filter((path) =>
    /^(<{7}|>{7}|={7}$)/m.test(readFileSync(join(top, path), "utf8")),
  );
  expect(marked).toEqual([]);
});

test("links lead somewhere", () => {
  const broken = [...documents].flatMap(([path, { links }]) =>
    links
      .filter(({ text }) => !/^\w+:/.test(text))
      .filter(({ text }) => {
        const [file, anchor] = text.split("#");
        const target = file === "" ? path : normalize(join(dirname(path), file));
        if (anchor !== undefined) return !documents.get(target)?.anchors.includes(anchor);
        return !existsSync(join(top, target));
      })
      .map(({ line, text }) => `${path}:${line}: ${text}`),
  );
  expect(broken).toEqual([]);
});

describe("the check catches", () => {
  test.each([
    ["a flag that is not", "npx sodp eval --policy.path runs/a --env.tasks toy/reach", "--env.tasks"],
    ["a flag of before", "npx sodp eval --policy.path a --env.task toy/reach --env.worlds 3", "--env.worlds"],
    [
      "a value that is none",
      "npx sodp pretrain --preset laptop --dataset.root a --output_dir b --steps ten",
      "--steps",
    ],
    ["a preset that is not", "npx sodp pretrain --preset desktop --dataset.root a --output_dir b", "desktop"],
    ["a task that is not", "npx sodp eval --policy.path a --env.task metaworld/drawer-opn", "drawer-opn"],
    ["a task that is not, as an argument", "npx sodp env show toy/rech", "toy/rech"],
    [
      "settings that contradict",
      "npx sodp pretrain --dataset.root a --output_dir b --planner.horizon 10",
      "10",
    ],
    ["a command that is not", "npx sodp evaluate", "evaluate"],
    ["what is needed", "npx sodp data collect --env.task mt10", "--dataset.root"],
    [
      "a continued line",
      "VAR=1 npx sodp pretrain \\\n  --dataset.root 'a b' --output_dir b --step 3 # so",
      "--step",
    ],
    ["a script that is not", "npm run -s tset", "tset"],
    ["a file that is not", "npx tsx experiments/mt10/rum.ts a", "rum.ts"],
  ])("%s", async (_, line, word) => {
    const faults = await commandFaults("a.md", parseDocument(`\`\`\`sh\n${line}\n\`\`\``));
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain(word);
  });

  test("a flag in a sentence", async () =>
    expect(await commandFaults("a.md", parseDocument("Try\n`--env.worlds 3`."))).toEqual([
      "a.md:2: no command has --env.worlds",
    ]));
});
