/** @file Families in the user's own modules. */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { UserError } from "../../base/index.ts";
import { type Family, families } from "../index.ts";

/**
 * The family that a module exports as `family`. TypeScript is read where Node does (22.18 and newer) or tsx is installed
 * beside the module. Throws UserError if the module cannot be read or exports none.
 * module: path of the file, relative to where the program was started
 */
export async function loadFamily(module: string): Promise<Family> {
  const path = resolve(module);
  if (!existsSync(path)) throw new UserError(`There is no module ${module}.`);
  const family = await read(path).catch((error: unknown) => {
    throw explained(module, error);
  });
  return checked(module, family);
}

async function read(path: string): Promise<unknown> {
  const { typescript } = process.features as { readonly typescript?: string | false }; // from Node 22.10 on
  if (/\.[mc]?ts$/.test(path) && !typescript) await readThroughTsx(path);
  const loaded = await import(/* @vite-ignore */ pathToFileURL(path).href);
  return loaded.family ?? loaded.default?.family; // of a CommonJS package, exports are the default
}

/** Lets this thread read TypeScript, if tsx is installed where the module can see it. */
async function readThroughTsx(path: string): Promise<void> {
  let tsx: URL;
  try {
    tsx = pathToFileURL(createRequire(path).resolve("tsx/package.json"));
  } catch {
    return; // Node's own answer is told
  }
  for (const kind of ["cjs", "esm"]) {
    const { register } = await import(/* @vite-ignore */ new URL(`dist/${kind}/api/index.mjs`, tsx).href);
    register();
  }
}

const codeOf = (error: unknown): unknown => (error as { readonly code?: unknown } | undefined)?.code;

function explained(module: string, error: unknown): UserError {
  if (codeOf(error) === "ERR_UNKNOWN_FILE_EXTENSION")
    return new UserError(
      `${module} is TypeScript, which Node ${process.version} does not read. Use Node 22.18 or newer, ` +
        "install tsx beside it (npm install tsx), or compile it to JavaScript.",
    );
  return new UserError(`${module} cannot be loaded: ${error}.`);
}

/** Throws UserError, in a sentence, unless `family` has what the contract asks for. */
function checked(module: string, family: unknown): Family {
  const wrong = (what: string) =>
    new UserError(`${module}: ${what}. docs/adding-an-environment.md has the contract.`);
  if (typeof family !== "object" || family === null)
    throw wrong("expected an export called family, a record made with defineFamily");
  const { name, tasks, suites, options, spaces, make } = family as Partial<Family>;
  if (typeof name !== "string" || !/^[a-z][a-z0-9-]*$/.test(name))
    throw wrong(`the family's name is lower-case letters, digits and "-", got ${JSON.stringify(name)}`);
  if (name in families) throw wrong(`the family's name "${name}" is taken by one that sodp has`);
  if (!Array.isArray(tasks) || tasks.length === 0) throw wrong("tasks lists at least one name");
  if (typeof suites !== "object") throw wrong("suites are lists of tasks by name, {} if there are none");
  if (typeof options?.safeParse !== "function" || options.shape === undefined)
    throw wrong("options is a zod object, z.strictObject({}) if there are none");
  if (typeof spaces !== "function" || typeof make !== "function")
    throw wrong("spaces and make are functions");
  return family as Family;
}
