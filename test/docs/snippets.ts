/** @file TypeScript of documents: types of all snippets in one program, against the package's entries as they are in src. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";

export interface Snippet {
  /** "README.md:69" */
  readonly place: string;
  readonly text: string;
}

const top = join(import.meta.dirname, "../..");
const { exports } = JSON.parse(readFileSync(join(top, "package.json"), "utf8")) as {
  readonly exports: Readonly<Record<string, { readonly default?: string }>>;
};

/** Source of each entry of the package, by the name that users import. */
const sources: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(exports).flatMap(([entry, { default: file }]) => {
    const name = /^\.\/dist\/(.*)\.js$/.exec(file ?? "")?.[1];
    return name === undefined ? [] : [[entry.replace(/^\./, "sodp"), join(top, `src/${name}.ts`)]];
  }),
);

/** The snippet with entries' sources in place of their names, for who runs it here. */
export const runnable = (text: string): string =>
  text.replace(/(from |import\()"(sodp(?:\/[\w-]+)?)"/g, (all, before, name) =>
    name in sources ? `${before}${JSON.stringify(sources[name])}` : all,
  );

/** "README.md:71: Cannot find name 'cpu'." for each mistake. */
export function typeFaults(snippets: readonly Snippet[]): string[] {
  const { config } = ts.readConfigFile(join(top, "tsconfig.json"), (path) => readFileSync(path, "utf8"));
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, top);
  const paths = Object.fromEntries(Object.entries(sources).map(([name, source]) => [name, [source]]));
  const own = { ...options, paths, noUnusedLocals: false, noUnusedParameters: false };
  const files = new Map(snippets.map((each, i) => [join(top, `snippet-${i}.ts`), each]));
  const host = ts.createCompilerHost(own);
  const { getSourceFile, fileExists, readFile } = host;
  host.fileExists = (path) => files.has(path) || fileExists(path);
  host.readFile = (path) => files.get(path)?.text ?? readFile(path);
  host.getSourceFile = (path, target, ...rest) => {
    const snippet = files.get(path);
    // A snippet without imports is a module, too: its names are its own.
    if (snippet) return ts.createSourceFile(path, `${snippet.text}\nexport {};`, target, true);
    return getSourceFile(path, target, ...rest);
  };
  const program = ts.createProgram([...files.keys()], own, host);
  return [...files].flatMap(([path, { place }]) => {
    const file = program.getSourceFile(path);
    const [, document, first] = /^(.*):(\d+)$/.exec(place) ?? [];
    return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)].map(
      ({ start = 0, messageText }) => {
        const line = Number(first) + (file?.getLineAndCharacterOfPosition(start).line ?? 0);
        return `${document}:${line}: ${ts.flattenDiagnosticMessageText(messageText, " ")}`;
      },
    );
  });
}
