/** @file Threads that run a file of this package: as compiled JavaScript, or as the TypeScript that it was. */

import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { type ResourceLimits, type Transferable, Worker } from "node:worker_threads";

/**
 * A thread that runs a TypeScript file, or the JavaScript compiled from it. Mark the file's URL with @vite-ignore: only
 * Node has such threads, and a bundler would look for the file.
 * workerData: what the file reads under this name   resourceLimits: of its memory
 */
export function startThread(
  file: URL,
  workerData: unknown,
  transferList: Transferable[] = [],
  resourceLimits: ResourceLimits = {},
): Worker {
  const compiled = import.meta.url.endsWith(".js");
  const code = compiled ? new URL(file.href.replace(/\.ts$/, ".js")) : throughTsx(file);
  return new Worker(code, { workerData, transferList, resourceLimits, execArgv: [] });
}

/** A module that runs a TypeScript file through tsx, a development dependency. */
function throughTsx(file: URL): URL {
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx/package.json"));
  const api = new URL("dist/esm/api/index.mjs", tsx); // resolving "tsx/esm/api" would give what `require` takes
  const code = `import { register } from "${api}"; register(); await import("${file}");`;
  return new URL(`data:text/javascript,${encodeURIComponent(code)}`);
}
