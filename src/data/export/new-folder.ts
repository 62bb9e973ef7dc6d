/** @file The folder a set is written into. */
import { mkdir, readdir } from "node:fs/promises";
import { UserError } from "../../base/index.ts";

/** Makes `folder` if there is none. Throws UserError if there is something in it. */
export async function newFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const [occupant] = await readdir(folder);
  if (occupant !== undefined)
    throw new UserError(`${folder} is not empty: it holds ${occupant}. A set is written into a new folder.`);
}
