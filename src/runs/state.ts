/** @file State that an algorithm needs beside the weights to go on where it was: `training_state/` of a checkpoint. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseJson, type StoredTensors } from "../base/index.ts";
import { makeFolder, readTensors, readText, writeTensors } from "../platform/index.ts";
import { requireIntact } from "./checkpoint.ts";
import { stateFolder } from "./paths.ts";

const pathsIn = (checkpoint: string) => {
  const folder = join(checkpoint, stateFolder);
  return { folder, tensors: join(folder, "state.safetensors"), json: join(folder, "state.json") };
};

/**
 * Writes optimizer, buffers, random streams, counters. Numbers come back with the same bits.
 * checkpoint: the folder that `Run.checkpoint` offers   json: whatever JSON can say; typed arrays are tensors
 */
export async function writeState(checkpoint: string, tensors: StoredTensors, json: unknown): Promise<void> {
  const paths = pathsIn(checkpoint);
  await makeFolder(paths.folder);
  await writeTensors(paths.tensors, tensors);
  await writeFile(paths.json, `${JSON.stringify(json, spell, 2)}\n`);
}

/** State as `writeState` was given it. Throws UserError if it is missing or damaged. */
export async function readState(
  checkpoint: string,
): Promise<{ readonly tensors: StoredTensors; readonly json: unknown }> {
  await requireIntact(checkpoint, stateFolder);
  const paths = pathsIn(checkpoint);
  const { tensors } = await readTensors(paths.tensors);
  return { tensors, json: parseJson(await readText(paths.json), paths.json, unspell) };
}

/** Numbers that JSON has no word for, and -0, which it forgets the sign of. */
const spelt: Readonly<Record<string, number>> = {
  NaN: NaN,
  Infinity: Infinity,
  "-Infinity": -Infinity,
  "-0": -0,
};

function spell(key: string, value: unknown): unknown {
  if (ArrayBuffer.isView(value)) throw new Error(`writeState: "${key}" belongs among the tensors.`);
  if (typeof value !== "number") return value;
  const name = Object.keys(spelt).find((name) => Object.is(spelt[name], value));
  return name === undefined ? value : { $number: name };
}

function unspell(_: string, value: unknown): unknown {
  const { $number: name } = (value ?? {}) as { $number?: unknown };
  return typeof name === "string" && Object.hasOwn(spelt, name) ? spelt[name] : value;
}
