/** @file Options that several of these commands have. */
import { Option } from "commander";
import { parse as parseYaml } from "yaml";
import { lookup, UserError } from "../../base/index.ts";
import { type EnvConfig, type Family, type FoundEnv, findEnv, optionsOf, suites } from "../../envs/index.ts";
import { loadFamily } from "../../envs/pool/index.ts";
import { eachUnderstood, UsageError, understood } from "../arguments.ts";

/** Names of a suite's tasks. */
export const suiteOption = () =>
  new Option("--suite <name>", `which tasks: ${Object.keys(suites).join(", ")}`).argParser(
    understood((name) => lookup(suites, name.toLowerCase(), "suite")),
  );

/** Tasks by name; the option may be repeated. They are looked for once the module is known. */
export const taskOption = () =>
  new Option("--task <name>", "only this task, such as metaworld/drawer-open; may be repeated").argParser(
    eachUnderstood((name) => name),
  );

export const moduleOption = () => new Option("--module <file>", "module with a family of your own");

/** An environment's options as YAML or JSON. */
export const envOptionsOption = () =>
  new Option("--options <values>", 'of the environment: "observation: pointCloud"')
    .default({})
    .argParser(understood(readOptions));

export const jsonOption = () => new Option("--json", "print one JSON document");

function readOptions(text: string): Record<string, unknown> {
  try {
    const values: unknown = parseYaml(text);
    if (typeof values === "object" && values !== null && !Array.isArray(values))
      return values as Record<string, unknown>;
  } catch {} // told below
  throw new UserError(
    `Expected keys with values, such as "observation: pointCloud", got ${JSON.stringify(text)}.`,
  );
}

/** A task as these commands need it. */
export interface ChosenEnv extends FoundEnv {
  readonly config: EnvConfig;
  /** Of its family, checked. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** Tasks by name. Throws UserError for an unknown one, and for options that its family has not. */
export async function chosenEnvs(
  names: readonly string[],
  { module, options }: { readonly module?: string; readonly options: Readonly<Record<string, unknown>> },
): Promise<readonly ChosenEnv[]> {
  const own: Family | undefined = module === undefined ? undefined : await loadFamily(module);
  return names.map((name) => {
    try {
      const found = findEnv(name, own);
      const config = { ...options, env: found.name, ...(module !== undefined && { module }) };
      return { ...found, config, options: optionsOf(found.family, config) };
    } catch (error) {
      throw error instanceof UserError ? new UsageError(error.message) : error;
    }
  });
}
