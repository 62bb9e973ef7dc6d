/**
 * @file The manifest: which shards a data set consists of. What it does not list is not part of the data set, so that
 * replacing this one file, which happens whole or not at all, is what an append comes down to.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { type Spaces, UserError, vectorSpace } from "../base/index.ts";
import { replaceFile } from "../platform/index.ts";

/** What this package writes. Files of a later version are refused. */
const version = 2;

const whole = () => z.int().nonnegative();
const Statistics = z.strictObject({
  count: whole(),
  min: z.array(z.number()).readonly(),
  max: z.array(z.number()).readonly(),
  mean: z.array(z.number()).readonly(),
  std: z.array(z.number()).readonly(),
});
const ShardEntry = z.strictObject({
  file: z
    .string()
    .regex(/^data\/[\w.-]+\.safetensors$/)
    .describe("from the data set's folder"),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .describe("of the file's data section, as its header has it too"),
  bytes: whole().describe("size of the file"),
  episodes: z.int().positive(),
  steps: z.int().positive(),
  quarantined: z
    .string()
    .optional()
    .describe("why the shard must not be used; it keeps its episodes' numbers"),
  stats: z
    .record(z.string(), Statistics)
    .describe("of each column of numbers, by channel: the last axis of a part"),
});
const Part = z.strictObject({
  shape: z.array(z.int().positive()).readonly(),
  dtype: z.enum(["float32", "uint8"]).exactOptional(),
  names: z.array(z.string()).readonly().exactOptional(),
});
const Space = z
  .record(z.string().regex(/^[a-zA-Z]\w*$/), Part)
  .refine((space) => Object.keys(space).length > 0, "it has no part");
const format = z.literal("sodp-dataset");
const content = {
  tasks: z.array(z.string()).readonly().describe("names of tasks, by task_index"),
  origin: z.record(z.string(), z.json()).readonly().describe("how the data came about, in its maker's words"),
  shards: z.array(ShardEntry).readonly(),
};
const Manifest = z.strictObject({
  format,
  version: z.literal(version),
  spaces: z.strictObject({ observation: Space, action: Space }),
  ...content,
});
/** Version 1 knew no parts: an observation is one vector, an action another. */
const Version1 = z
  .strictObject({
    format,
    version: z.literal(1),
    observation_size: z.int().positive(),
    action_size: z.int().positive(),
    ...content,
  })
  .transform(({ observation_size, action_size, tasks, origin, shards }) => ({
    ...emptyManifest(
      { observation: vectorSpace("state", observation_size), action: vectorSpace("action", action_size) },
      origin,
    ),
    tasks,
    shards,
  }));
export type Manifest = Readonly<Omit<z.infer<typeof Manifest>, "spaces">> & { readonly spaces: Spaces };
export type ShardEntry = Readonly<z.infer<typeof ShardEntry>>;
/** How a data set came about: plain JSON in its maker's words. */
export type Origin = Manifest["origin"];

/** The manifest of a new data set. Equal spaces give equal bytes, whatever the order of what their parts say. */
export const emptyManifest = (spaces: Spaces, origin: Origin): Manifest =>
  Manifest.parse({ format: "sodp-dataset", version, spaces, tasks: [], origin, shards: [] });

const pathOf = (folder: string) => join(folder, "manifest.json");

/** The manifest of a data set's folder; undefined if there is none. Throws UserError for one that cannot be understood. */
export async function findManifest(folder: string): Promise<Manifest | undefined> {
  const path = pathOf(folder);
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR"))
      return undefined;
    throw error;
  }
  return understand(text, path);
}

/** As `findManifest`; throws UserError if there is none. */
export async function readManifest(folder: string): Promise<Manifest> {
  const manifest = await findManifest(folder);
  if (manifest !== undefined) return manifest;
  throw new UserError(`${folder} holds no data set: there is no ${pathOf(folder)}.`);
}

/** From now on the data set is what `manifest` says. Its shards must be on disk. */
export async function writeManifest(folder: string, manifest: Manifest): Promise<void> {
  await replaceFile(pathOf(folder), `${JSON.stringify(manifest, null, 1)}\n`);
}

function understand(text: string, path: string): Manifest {
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch {
    throw new UserError(`${path} is damaged: it is not JSON.`);
  }
  const { version: theirs } = z.object({ version: z.unknown() }).safeParse(given).data ?? {};
  if (typeof theirs === "number" && theirs > version)
    throw new UserError(`${path} is of version ${theirs}; this package reads up to ${version}. Update it.`);
  const { data, error } = (theirs === 1 ? Version1 : Manifest).safeParse(given);
  if (data !== undefined) return data;
  const [{ path: where, message }] = error.issues;
  throw new UserError(`${path} is damaged: ${where.join(".") || "the whole"}: ${message}.`);
}
