/**
 * @file The manifest: which shards a data set consists of. What it does not list is not part of the data set, so that
 * replacing this one file, which happens whole or not at all, is what an append comes down to.
 */
import { join } from "node:path";
import { z } from "zod";
import { type FileFormat, parse, type Spaces, spacesSchema, UserError, vectorSpace } from "../base/index.ts";
import { canonicalTask } from "../envs/index.ts";
import { readVersioned, replaceSealed } from "../platform/index.ts";
import { checkConsistency } from "./manifest-check.ts";

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
const Manifest = z
  .strictObject({
    format: z.literal("sodp-dataset"),
    version: z.literal(3),
    spaces: spacesSchema,
    tasks: z.array(z.string()).readonly().describe("names of tasks, by task_index"),
    origin: z
      .record(z.string(), z.json())
      .readonly()
      .describe("how the data came about, in its maker's words"),
    unfinished: z
      .string()
      .optional()
      .describe("what writes the data set, until all of it is there: import, merge, collection"),
    unchecked: z
      .literal(true)
      .optional()
      .describe("statistics and names, or a part of them, come from a manifest without a checksum"),
    shards: z.array(ShardEntry).readonly(),
  })
  .superRefine(checkConsistency);
export type Manifest = Readonly<z.infer<typeof Manifest>>;
export type ShardEntry = Readonly<z.infer<typeof ShardEntry>>;
/**
 * Version 1 knew no parts: an observation is one vector, an action another. Nor did it know families of tasks. Version 2 had
 * no checksum.
 */
const Sizes = z.object({ observation_size: z.int().positive(), action_size: z.int().positive() });

const format: FileFormat<Manifest> = {
  format: "sodp-dataset",
  version: 3,
  schema: Manifest,
  sealedSince: 3,
  upgrades: {
    1: ({ observation_size, action_size, tasks, ...rest }) => {
      const sizes = Sizes.safeParse({ observation_size, action_size }).data;
      const spaces = sizes && {
        observation: vectorSpace("state", sizes.observation_size),
        action: vectorSpace("action", sizes.action_size),
      };
      const names = z.array(z.string()).safeParse(tasks).data;
      return { ...rest, version: 2, spaces, tasks: names?.map(canonicalTask) };
    },
    2: (old) => ({ ...old, version: 3, unchecked: true }),
  },
};
/** Origin of a data set: plain JSON in its maker's words. */
export type Origin = Manifest["origin"];

/**
 * The manifest of a new data set. Equal spaces give equal bytes, whatever the order of what their parts say. Throws
 * UserError for spaces that contradict themselves.
 */
export const emptyManifest = (spaces: Spaces, origin: Origin): Manifest =>
  parse(
    Manifest,
    { format: format.format, version: format.version, spaces, tasks: [], origin, shards: [] },
    "data set",
  );

const pathOf = (folder: string) => join(folder, "manifest.json");

/** The manifest of a data set's folder; undefined if there is none. Throws UserError for one that cannot be understood. */
export async function findManifest(folder: string): Promise<Manifest | undefined> {
  return readVersioned(pathOf(folder), format);
}

/** As `findManifest`; throws UserError if there is none. */
export async function readManifest(folder: string): Promise<Manifest> {
  const manifest = await findManifest(folder);
  if (manifest !== undefined) return manifest;
  throw new UserError(`${folder} holds no data set: there is no ${pathOf(folder)}.`);
}

/** From now on the data set is what `manifest` says. Its shards must be on disk. */
export async function writeManifest(folder: string, manifest: Manifest): Promise<void> {
  await replaceSealed(pathOf(folder), manifest);
}
