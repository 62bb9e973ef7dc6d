/**
 * @file Reading zip archives, which .npz files are: entries found by the central directory, contents as a stream.
 * Source: PKWARE APPNOTE 6.3.10, sections 4.3.12 to 4.3.16 and 4.5.3. Differs: no encryption, no spanned archives.
 */
import { createReadStream } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { pipeline, Readable } from "node:stream";
import { crc32, createInflateRaw } from "node:zlib";
import { UserError } from "../../base/index.ts";

export interface ZipEntry {
  readonly name: string;
  /** Size of the content, bytes. */
  readonly bytes: number;
  /** The content, decompressed, piece by piece. Throws UserError at its end if it is not what was packed. */
  content(): AsyncGenerator<Uint8Array>;
}

const endSignature = 0x06054b50;
const end64Signature = 0x06064b50;
const locator64Signature = 0x07064b50;
const centralSignature = 0x02014b50;
const localSignature = 0x04034b50;
/** Bytes that a packed byte can stand for. Source: the deflate algorithm's longest match, 258 bytes in 2 bits. */
const mostInflated = 1032;
/** An entry's field that is too large for 32 bits says this, and stands in the extra field instead. */
const inExtra = 0xffff_ffff;
const methods: Readonly<Record<number, string>> = { 12: "bzip2", 14: "LZMA", 93: "Zstandard" };

/** Entries of the archive at `path`. Throws UserError if it is no complete zip archive. */
export async function zipEntries(path: string): Promise<readonly ZipEntry[]> {
  await using file = await open(path);
  const about = await file.stat();
  if (!about.isFile()) throw new UserError(`${path} is no file.`);
  const { size } = about;
  const directory = await findDirectory(file, size, path);
  const view = await readAt(file, directory.offset, directory.bytes, path);
  const entries: ZipEntry[] = [];
  let at = 0;
  while (entries.length < directory.count) {
    if (at + 46 > view.byteLength || view.getUint32(at, true) !== centralSignature) throw torn(path);
    const nameBytes = view.getUint16(at + 28, true);
    const extraBytes = view.getUint16(at + 30, true);
    const next = at + 46 + nameBytes + extraBytes + view.getUint16(at + 32, true);
    if (next > view.byteLength) throw torn(path);
    const extra = new DataView(view.buffer, view.byteOffset + at + 46 + nameBytes, extraBytes);
    const [bytes, packed, offset] = wideFields(
      [view.getUint32(at + 24, true), view.getUint32(at + 20, true), view.getUint32(at + 42, true)],
      extra,
      path,
    );
    const name = new TextDecoder().decode(new Uint8Array(view.buffer, view.byteOffset + at + 46, nameBytes));
    const method = view.getUint16(at + 10, true);
    const sum = view.getUint32(at + 16, true);
    const entry = { path, name, bytes, packed, offset, method, sum };
    if (bytes > mostInflated * packed || (method === 0 && bytes !== packed)) throw damaged(entry);
    const begin = await contentBegin(file, entry);
    entries.push({ name, bytes, content: () => content(entry, begin) });
    at = next;
  }
  if (at !== directory.bytes) throw torn(path);
  return entries;
}

interface Packed {
  readonly path: string;
  readonly name: string;
  readonly bytes: number;
  /** Size in the archive, bytes. */
  readonly packed: number;
  /** First byte of its local header. */
  readonly offset: number;
  readonly method: number;
  /** CRC-32 of the content. */
  readonly sum: number;
}

/** begin: the content's first byte in the archive */
async function* content(entry: Packed, begin: number): AsyncGenerator<Uint8Array> {
  const { path, name, method } = entry;
  if (method !== 0 && method !== 8)
    throw new UserError(
      `${name} in ${path} is packed with ${methods[method] ?? `method ${method}`}; deflate and no packing are read.`,
    );
  let sum = 0;
  let bytes = 0;
  try {
    for await (const piece of method === 0
      ? packedStream(entry, begin)
      : inflated(packedStream(entry, begin))) {
      sum = crc32(piece, sum);
      bytes += piece.length;
      yield piece;
    }
  } catch (error) {
    if (error instanceof Error && "code" in error && String(error.code).startsWith("Z_"))
      throw damaged(entry);
    throw error;
  }
  if (bytes !== entry.bytes || sum !== entry.sum) throw damaged(entry);
}

const damaged = ({ name, path }: Packed) =>
  new UserError(`${name} in ${path} is damaged: its content is not what was packed.`);

/** The first byte of an entry's content. Throws UserError if the header before it is of another entry. */
async function contentBegin(file: FileHandle, { path, offset, name, method }: Packed): Promise<number> {
  const header = await readAt(file, offset, 30, path);
  if (header.getUint32(0, true) !== localSignature) throw torn(path);
  const nameBytes = header.getUint16(26, true);
  const own = new TextDecoder().decode(await readAt(file, offset + 30, nameBytes, path));
  if (own !== name || header.getUint16(8, true) !== method)
    throw new UserError(`${path} is damaged: its directory tells of ${name} where ${own} lies.`);
  return offset + 30 + nameBytes + header.getUint16(28, true);
}

/** An entry's bytes as they lie in the archive. */
function packedStream({ path, packed }: Packed, begin: number): Readable {
  if (packed === 0) return Readable.from([]);
  return createReadStream(path, { start: begin, end: begin + packed - 1, highWaterMark: 2 ** 18 });
}

/** Content that deflate packed. An error on either side, or a reader that stops early, ends both. */
function inflated(packed: Readable): Readable {
  return pipeline(packed, createInflateRaw({ chunkSize: 2 ** 18 }), () => {});
}

/** The three fields of an entry, those that are too large for 32 bits taken from its zip64 extra field, in order. */
function wideFields(fields: readonly [number, number, number], extra: DataView, path: string): number[] {
  for (let at = 0; at + 4 <= extra.byteLength; at += 4 + extra.getUint16(at + 2, true)) {
    if (extra.getUint16(at, true) !== 1) continue;
    let next = at + 4;
    return fields.map((field) => {
      if (field !== inExtra) return field;
      if (next + 8 > extra.byteLength) throw torn(path);
      next += 8;
      return Number(extra.getBigUint64(next - 8, true));
    });
  }
  return [...fields];
}

async function findDirectory(file: FileHandle, size: number, path: string) {
  const tailBytes = Math.min(size, 2 ** 16 + 22); // the archive's comment comes last
  const tailStart = size - tailBytes;
  const tail = await readAt(file, tailStart, tailBytes, path);
  let at = tailBytes - 22;
  while (at >= 0 && tail.getUint32(at, true) !== endSignature) at--;
  if (at < 0 || at + 22 + tail.getUint16(at + 20, true) !== tailBytes) throw torn(path);
  const hasWide = at >= 20 && tail.getUint32(at - 20, true) === locator64Signature;
  if (!hasWide)
    return endingAt(tailStart + at, path, {
      count: tail.getUint16(at + 10, true),
      bytes: tail.getUint32(at + 12, true),
      offset: tail.getUint32(at + 16, true),
    });
  const wideAt = Number(tail.getBigUint64(at - 12, true));
  const wide = await readAt(file, wideAt, 56, path);
  if (wide.getUint32(0, true) !== end64Signature) throw torn(path);
  return endingAt(wideAt, path, {
    count: Number(wide.getBigUint64(32, true)),
    bytes: Number(wide.getBigUint64(40, true)),
    offset: Number(wide.getBigUint64(48, true)),
  });
}

/** `directory` if it ends where byte `end` is. */
function endingAt<T extends { bytes: number; offset: number }>(end: number, path: string, directory: T): T {
  if (directory.offset + directory.bytes !== end) throw torn(path);
  return directory;
}

async function readAt(file: FileHandle, offset: number, bytes: number, path: string): Promise<DataView> {
  if (!Number.isSafeInteger(offset + bytes)) throw torn(path);
  const buffer = new Uint8Array(bytes);
  for (let read = 0; read < bytes; ) {
    const { bytesRead } = await file.read(buffer, read, bytes - read, offset + read);
    if (bytesRead === 0) throw torn(path);
    read += bytesRead;
  }
  return new DataView(buffer.buffer);
}

const torn = (path: string) =>
  new UserError(`${path} is torn, or no .npz file: it is no complete zip archive.`);
