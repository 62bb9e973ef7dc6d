/** @file Worlds by description: plain data that may cross threads and files. */

import { loadEngine } from "./engine.ts";
import type { Env } from "./env.ts";
import { MetaworldEnv, type MetaworldOptions } from "./metaworld/environment.ts";
import { findTask } from "./metaworld/tasks.ts";
import { PythonEnv, type PythonOptions } from "./python-env.ts";

/** Which world, and how it is set up. */
export type World =
  | ({ readonly kind: "metaworld"; readonly task: string } & MetaworldOptions)
  | ({ readonly kind: "python" } & PythonOptions);

/** The world that `world` describes, in this thread. Throws UserError if there is none. */
export async function makeEnv(world: World): Promise<Env> {
  if (world.kind === "python") return PythonEnv.start(world);
  const { task } = findTask(world.task);
  return new MetaworldEnv(await loadEngine(), task, world);
}
