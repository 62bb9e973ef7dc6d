/** @file Starts a file of this package in a thread of its own: as compiled JavaScript, or as the TypeScript it was. */

import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { type Transferable, Worker } from "node:worker_threads";

/**
 * A thread that runs the file `name` beside the caller, given without its extension.
 * caller: its `import.meta.url`   workerData: what the thread reads under this name
 */
export function startThread(
  name: string,
  caller: string,
  workerData: unknown,
  transferList: Transferable[],
): Worker {
  const file = (extension: string) => new URL(`${name}${extension}`, caller);
  const code = caller.endsWith(".ts") ? throughTsx(file(".ts"), caller) : file(".js");
  return new Worker(code, { workerData, transferList, execArgv: [] });
}

/** A module that runs a TypeScript file. Only developers of this package do, and they have tsx. */
function throughTsx(file: URL, caller: string): URL {
  const tsx = new URL(
    "dist/esm/api/index.mjs",
    pathToFileURL(createRequire(caller).resolve("tsx/package.json")),
  );
  const code = `import { register } from "${tsx}"; register(); await import("${file}");`;
  return new URL(`data:text/javascript,${encodeURIComponent(code)}`);
}
