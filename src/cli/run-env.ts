/** @file Environments of a run: what a policy was trained in is what it is shown in, unless asked otherwise. */
import { z } from "zod";
import type { EnvConfig } from "../envs/index.ts";
import { carriedOptions, tasksOfRun } from "./carried.ts";
import { jsonSchema, snake, toSchemaSpelling } from "./flags.ts";
import { type EnvFlags, envOptions, envsOf } from "./shared-flags.ts";

const Options = z.strictObject(envOptions);

/**
 * Environments that the run of a policy was configured with, one per task; none where no run is known, or it had no task.
 * path: as `findPolicy` takes it   asked: flags, which come first
 */
export async function envsOfRun(
  path: string,
  asked: EnvFlags & { readonly task?: readonly string[] | undefined },
): Promise<readonly EnvConfig[]> {
  const tasks = asked.task ?? (await tasksOfRun(path));
  if (tasks.length === 0) return [];
  const carried = Options.safeParse(await carriedOptions(path, tasks)).data ?? {};
  const given = Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined));
  return envsOf({ ...carried, ...given, task: tasks });
}

/**
 * The environment in which a data set's episodes of a task were played, as far as the set's origin tells.
 * steps: at least so many are played
 */
export function envOfOrigin(
  task: string,
  origin: Readonly<Record<string, unknown>>,
  steps: number,
): EnvConfig {
  const { env } = origin as { readonly env?: object };
  const spelt = Object.entries(env ?? {}).map(([key, value]) => [snake(key), value]);
  const known = Options.safeParse(toSchemaSpelling(jsonSchema(Options), Object.fromEntries(spelt), () => {}));
  const { module, options, ...rest } = known.data ?? {};
  const asked = Object.entries({ ...rest, ...options, module, maxSteps: steps });
  return { ...Object.fromEntries(asked.filter(([, value]) => value !== undefined)), env: task };
}
