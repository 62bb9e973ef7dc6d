/** @file Environments in a web page. */
import { loadEngine } from "./engine.ts";
import type { OpenEnv } from "./env.ts";
import { makeEnvOn } from "./families.ts";
import type { EnvConfig } from "./family.ts";

/**
 * The environment of a config, in a page: call `loadEngine` before, with the engine's files. Throws UserError if there is
 * none, or if it needs Node, as those in Python do.
 */
export function makePageEnv(config: EnvConfig): Promise<OpenEnv> {
  return makeEnvOn({ loadEngine: () => loadEngine() }, config);
}
