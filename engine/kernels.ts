/**
 * @file `npm run build:kernels`: compiles assembly/optimizer.ts to WebAssembly and writes it into src/nn/optimizer-wasm.ts,
 * half a kilobyte as text, so that every runtime has it without reading a file.
 */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const top = join(import.meta.dirname, "..");

/** The compiled kernels. file: where the compiler is to put them   Throws if the source does not compile. */
export function compileKernels(file: string): Uint8Array {
  const compiler = createRequire(import.meta.url).resolve("assemblyscript/bin/asc.js");
  const options = ["assembly/optimizer.ts", "--config", "assembly/asconfig.json", "--outFile", file];
  execFileSync(process.execPath, [compiler, ...options], { cwd: top, stdio: "inherit" });
  return readFileSync(file);
}

if (process.argv[1] === import.meta.filename) {
  const text = Buffer.from(compileKernels(join(top, "build/optimizer.wasm"))).toString("base64");
  const module = [
    "/** @file Written by `npm run build:kernels` from assembly/optimizer.ts. */",
    "",
    "/** WebAssembly module of the optimizer's kernels, base64. */",
    "export const optimizerWasm = `",
    ...(text.match(/.{1,96}/g) ?? []),
    "`;",
    "",
  ];
  writeFileSync(join(top, "src/nn/optimizer-wasm.ts"), module.join("\n"));
}
