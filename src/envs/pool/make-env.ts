/** @file Environments in this thread, of a config that may name the user's own module. */
import { UserError } from "../../base/index.ts";
import { type EnvConfig, findEnv, GuardedEnv, makeEnvOn, type OpenEnv, optionsOf } from "../index.ts";
import { loadFamily } from "./family-module.ts";
import { nodeHost } from "./host.ts";

/** The environment of a config, in this thread. Throws UserError if there is none. */
export async function makeEnv(config: EnvConfig): Promise<OpenEnv> {
  const { module } = config;
  if (module === undefined) return makeEnvOn(nodeHost, config);
  const own = await loadFamily(module);
  const { family, name, task } = findEnv(config.env, own);
  if (family !== own) return makeEnvOn(nodeHost, config);
  const options = optionsOf(own, config);
  const blamed = async <T>(what: string, call: () => T | Promise<T>): Promise<T> => {
    try {
      return await call();
    } catch (error) {
      if (error instanceof UserError) throw error;
      throw new UserError(`${module}: ${what}() of "${name}" threw ${error}.`);
    }
  };
  const spaces = await blamed("spaces", () => own.spaces(task, options, nodeHost));
  const env = await blamed("make", () => own.make(task, options, nodeHost));
  return new GuardedEnv(env, { name, spaces, module });
}
