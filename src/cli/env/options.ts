/** @file Environments as `sodp env` needs them. */
import { type EnvConfig, type Family, type FoundEnv, findEnv, optionsOf } from "../../envs/index.ts";
import { loadFamily } from "../../envs/pool/index.ts";
import { type EnvFlags, envsOf } from "../shared-flags.ts";

/** The argument of commands about one task, for `command.argument`. */
export const taskArgument = [
  "<task>",
  "family and task, such as metaworld/drawer-open or toy/reach",
] as const;

/** A task as these commands need it. */
export interface ChosenEnv extends FoundEnv {
  readonly config: EnvConfig;
  /** Options of its family, checked. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** Tasks that flags name. Throws UserError for an unknown one, and for options that its family has not. */
export async function chosenEnvs(
  env: EnvFlags & { readonly task: string | readonly string[] },
): Promise<readonly ChosenEnv[]> {
  const own: Family | undefined = env.module === undefined ? undefined : await loadFamily(env.module);
  return (await envsOf(env)).map((config) => {
    const found = findEnv(config.env, own);
    return { ...found, config, options: optionsOf(found.family, config) };
  });
}
