/** @file MuJoCo's engine: finding its files and loading it. */
import type { MainModule } from "@mujoco/mujoco";
import { UserError } from "../base/index.ts";

/** MuJoCo's WebAssembly module; holds any number of scenes, at most 2 GiB in all. */
export type Engine = MainModule;

/** Files of the engine that a page's server hands out. */
export interface EngineFiles {
  /** URL of mujoco.js of the package @mujoco/mujoco, as it is: it names parts of Node, which bundlers do not find. */
  readonly script: string | URL;
  /** URL of its mujoco.wasm, or of build/mujoco.wasm of this package. Default: beside the script. */
  readonly wasm?: string | URL;
}

let loading: Promise<Engine> | undefined;

/**
 * The engine of this thread, loaded once (0.2 s). files: in a page, needed by the first call; Node finds them installed
 * Throws UserError where they are needed and missing.
 */
export function loadEngine(files?: EngineFiles): Promise<Engine> {
  loading ??= load(files ?? installedFiles());
  return loading;
}

async function load({ script, wasm }: EngineFiles): Promise<Engine> {
  const { default: loadMujoco }: typeof import("@mujoco/mujoco") = await import(
    /* @vite-ignore */ String(script)
  );
  return loadMujoco(wasm === undefined ? {} : { locateFile: () => String(wasm) });
}

/**
 * The npm package's engine with its small functions written into their callers: the same instructions on the same
 * numbers, a quarter faster. `npm run build:engine` writes it; src/envs and dist/envs are equally far from it.
 */
export const inlinedEngine = new URL(/* @vite-ignore */ "../../build/mujoco.wasm", import.meta.url);

/** The installed package, with the inlined engine where it is built. */
function installedFiles(): EngineFiles {
  const files = globalThis.process?.getBuiltinModule?.("node:fs"); // no import: pages are bundled from this file too
  if (files === undefined)
    throw new UserError("loadEngine: a page has to say where mujoco.js is: loadEngine({ script: url }).");
  const script = "@mujoco/mujoco";
  return files.existsSync(inlinedEngine) ? { script, wasm: inlinedEngine } : { script };
}
