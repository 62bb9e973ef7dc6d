/** @file Text and JSON files: read with one sentence for whatever is wrong with them. */
import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { gunzipSync } from "node:zlib";
import {
  bytesText,
  type FileFormat,
  parseJson,
  parseVersioned,
  requireRoom,
  UserError,
} from "../base/index.ts";
import { replaceFile } from "./files.ts";

/** The JSON of a file. Throws UserError if there is no such file or it is not JSON. */
export async function readJson(path: string): Promise<unknown> {
  return parseJson(await readText(path), path);
}

/**
 * The content of a file of a versioned format; undefined if there is none. Throws UserError as `parseVersioned` does, and
 * for a sealed file that is not what was written.
 */
export async function readVersioned<T>(path: string, format: FileFormat<T>): Promise<T | undefined> {
  const text = await textOf(path);
  if (text === undefined) return undefined;
  return parseVersioned(unsealed(parseJson(text, path), path, format), path, format);
}

/** Writes `content` as JSON with a field "sha256", the digest of all else, as `replaceFile` does. */
export async function replaceSealed(path: string, content: object): Promise<void> {
  await replaceFile(path, `${JSON.stringify({ ...content, sha256: digestOf(content) }, null, 1)}\n`);
}

/** `value` without its seal; as it is, if files of its version have none. Throws UserError if the seal is not its own. */
function unsealed(
  value: unknown,
  path: string,
  { format, version, sealedSince }: FileFormat<unknown>,
): unknown {
  const { sha256, ...content } = (value ?? {}) as Readonly<Record<string, unknown>>;
  const own = typeof content.version === "number" ? content.version : version;
  if (sealedSince === undefined || content.format !== format || own < sealedSince || own > version)
    return value;
  const found = digestOf(content);
  if (sha256 === found) return content;
  throw new UserError(
    `${path} is damaged, or was changed by hand: its sha256 is ${found}, it says ${JSON.stringify(sha256) ?? "none"}.`,
  );
}

/** In hexadecimal: of an object as JSON without spaces, in the order of its keys. */
const digestOf = (content: object) => createHash("sha256").update(JSON.stringify(content)).digest("hex");

/**
 * The text of a file, unpacked if its name ends in ".gz". Throws UserError if there is no such file, it cannot be unpacked, or
 * it is longer than texts can be.
 */
export async function readText(path: string): Promise<string> {
  const text = await textOf(path);
  if (text === undefined) throw new UserError(`No file ${path}.`);
  return text;
}

/** Bytes of a text: a string holds no more. */
const longestText = 2 ** 29 - 24;

async function textOf(path: string): Promise<string | undefined> {
  let bytes: Buffer;
  try {
    const about = await stat(path);
    if (!about.isFile() && !about.isFIFO()) throw new UserError(`${path} is no file.`);
    requireRoom(`The text of ${path}`, about.size, longestText);
    bytes = await readFile(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw error;
  }
  return (path.endsWith(".gz") ? unpacked(bytes, path) : bytes).toString();
}

function unpacked(bytes: Buffer, path: string): Buffer {
  try {
    return gunzipSync(bytes, { maxOutputLength: longestText });
  } catch {
    throw new UserError(`${path} is damaged, or unpacks to more than ${bytesText(longestText)}.`);
  }
}
