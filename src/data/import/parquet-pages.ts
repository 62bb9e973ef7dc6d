/**
 * @file Pages of a Parquet column, checked before they are decoded: a run of a few bytes may stand for a thousand million
 * numbers, and the decoder would believe it.
 * Source: parquet-format 2.11, README, Encodings.md and parquet.thrift.
 */
import { brotliDecompressSync, crc32, gunzipSync } from "node:zlib";
import type { ColumnMetaData, Compressors, SchemaElement } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { requireRoom, UserError } from "../../base/index.ts";
import { ThriftReader, type ThriftStruct } from "./thrift.ts";

/** Bytes of a page, and numbers of a column that are decoded together. */
const mostPageBytes = 2 ** 30;
const mostValues = 2 ** 26;
/** Values that may be missing in the last group of a packed run. */
const padding = 504;

const pageTypes = { data: 0, dictionary: 2, dataV2: 3 };
const encodings = { plain: 0, plainDictionary: 2, rle: 3, delta: 5, dictionary: 8, split: 9 };

/** A column's pages, which the decoder may be given. */
export interface CheckedChunk {
  /** For the decoder: pages by the byte at which they begin. */
  readonly compressors: Compressors;
}

/**
 * Checks a chunk of a column. bytes: of the chunk   path: its elements of the schema, from the root's child to the leaf
 * name: for messages   Throws UserError for what is damaged, and for an encoding that is not read.
 */
export function checkedChunk(
  bytes: ArrayBuffer,
  { codec, num_values }: ColumnMetaData,
  path: readonly SchemaElement[],
  name: string,
): CheckedChunk {
  const values = Number(num_values);
  requireRoom(`${values} numbers of ${name}`, 8 * values, 8 * mostValues);
  const whole = new Uint8Array(bytes);
  const pages = new Map<number, Uint8Array>();
  const reader = new ThriftReader(whole, name);
  const levels = {
    repetition: path.filter(({ repetition_type: type }) => type === "REPEATED").length,
    definition: path.filter(({ repetition_type: type }) => type !== "REQUIRED").length,
  };
  let seen = 0;
  while (reader.at < whole.length - 1) {
    const page = pageOf(reader, whole, name);
    if (page.type === pageTypes.data || page.type === pageTypes.dataV2) seen += page.values;
    if (page.values < 0 || seen > values) throw reader.damage();
    const unpacked = unpackedPage(page, codec, name);
    pages.set(page.packed.byteOffset, unpacked);
    if (page.type !== pageTypes.dictionary) checkPage(page, unpacked, levels, path.at(-1)?.type, name);
  }
  if (seen !== values) throw reader.damage();
  const given = (input: Uint8Array): Uint8Array => {
    const page = pages.get(input.byteOffset);
    if (page === undefined) throw reader.damage();
    return page;
  };
  return { compressors: { [codec]: given } };
}

interface Page {
  readonly type: number;
  readonly values: number;
  readonly encoding: number;
  /** Bytes of the levels before the values, which are never packed; 0 in pages of version 1. */
  readonly repetitionBytes: number;
  readonly definitionBytes: number;
  readonly isPacked: boolean;
  /** Bytes of the unpacked page, without those levels. */
  readonly bytes: number;
  readonly levels: Uint8Array;
  readonly packed: Uint8Array;
}

const numberIn = (struct: ThriftStruct, field: number): number | undefined => {
  const value = struct[field];
  return typeof value === "number" ? value : undefined;
};

/** The page that begins where `reader` is; leaves it at the next. Throws UserError if its checksum is another. */
function pageOf(reader: ThriftReader, whole: Uint8Array, name: string): Page {
  const header = reader.struct();
  const type = numberIn(header, 1) ?? -1;
  const own = header[{ [pageTypes.data]: 5, [pageTypes.dictionary]: 7, [pageTypes.dataV2]: 8 }[type] ?? -1];
  const [unpackedBytes, packedBytes] = [numberIn(header, 2) ?? -1, numberIn(header, 3) ?? -1];
  if (typeof own !== "object") throw reader.damage();
  const begin = reader.at;
  reader.skip(packedBytes);
  const [checksum, content] = [numberIn(header, 4), whole.subarray(begin, begin + packedBytes)];
  if (checksum !== undefined && (checksum | 0) !== (crc32(content) | 0))
    throw new UserError(`${name} is damaged: a page has another checksum than it says.`);
  const isV2 = type === pageTypes.dataV2;
  const [definitionBytes, repetitionBytes] = isV2 ? [numberIn(own, 5) ?? 0, numberIn(own, 6) ?? 0] : [0, 0];
  const levelBytes = definitionBytes + repetitionBytes;
  if (definitionBytes < 0 || repetitionBytes < 0 || levelBytes > packedBytes) throw reader.damage();
  const bytes = unpackedBytes - levelBytes;
  requireRoom(`A page of ${name}`, bytes, mostPageBytes);
  return {
    type,
    values: numberIn(own, 1) ?? -1,
    encoding: numberIn(own, isV2 ? 4 : 2) ?? -1,
    repetitionBytes,
    definitionBytes,
    isPacked: !isV2 || numberIn(own, 7) !== 0,
    bytes,
    levels: content.subarray(0, levelBytes),
    packed: content.subarray(levelBytes),
  };
}

function unpackedPage({ packed, bytes, isPacked }: Page, codec: string, name: string): Uint8Array {
  const damaged = () => new UserError(`${name} is damaged: a page cannot be unpacked.`);
  if (codec === "UNCOMPRESSED" || !isPacked) {
    if (packed.length !== bytes) throw damaged();
    return packed;
  }
  let page: Uint8Array | undefined;
  try {
    if (codec === "GZIP") page = gunzipSync(packed, { maxOutputLength: Math.max(1, bytes) });
    else if (codec === "BROTLI") page = brotliDecompressSync(packed, { maxOutputLength: Math.max(1, bytes) });
    else if (codec !== "ZSTD" || isModest(packed, bytes))
      page = compressors[codec as keyof Compressors]?.(packed, bytes);
  } catch {}
  if (page?.length !== bytes) throw damaged();
  return page;
}

/** True if a Zstandard frame asks for no more memory than its content. Source: RFC 8878, section 3.1.1.1. */
function isModest(frame: Uint8Array, bytes: number): boolean {
  const [descriptor, window] = [frame[4] ?? 0, frame[5] ?? 0];
  const isSingleSegment = (descriptor & 32) !== 0;
  if (isSingleSegment) return true; // the window is the content, whose size is checked
  const base = 2 ** (10 + (window >> 3));
  return base + (base / 8) * (window & 7) <= Math.max(2 ** 23, 2 * bytes);
}

/** Checks that runs of levels and of numbers stand for no more values than the page has. */
function checkPage(
  page: Page,
  unpacked: Uint8Array,
  levels: { readonly repetition: number; readonly definition: number },
  type: string | undefined,
  name: string,
): void {
  const { values, encoding, repetitionBytes } = page;
  const width = (level: number) => 32 - Math.clz32(level);
  const reader = new ThriftReader(unpacked, name);
  if (page.type === pageTypes.dataV2) {
    const [repetition, definition] = [
      page.levels.subarray(0, repetitionBytes),
      page.levels.subarray(repetitionBytes),
    ];
    if (levels.repetition > 0)
      checkRuns(new ThriftReader(repetition, name), width(levels.repetition), values);
    if (levels.definition > 0)
      checkRuns(new ThriftReader(definition, name), width(levels.definition), values);
  } else {
    for (const level of [levels.repetition, levels.definition]) {
      if (level === 0) continue;
      const bytes = lengthAt(reader, unpacked);
      const begin = reader.at;
      reader.skip(bytes);
      checkRuns(new ThriftReader(unpacked.subarray(begin, reader.at), name), width(level), values);
    }
  }
  const rest = new ThriftReader(unpacked.subarray(reader.at), name);
  if (encoding === encodings.plain || encoding === encodings.split) return;
  if (encoding === encodings.delta) checkDeltas(rest, values);
  else if (encoding === encodings.rle && type === "BOOLEAN") {
    rest.skip(4); // their length, in pages of either version
    checkRuns(rest, 1, values);
  } else if (encoding === encodings.plainDictionary || encoding === encodings.dictionary) {
    if (reader.at === unpacked.length) return; // no values, no width
    const bits = rest.byte();
    if (bits > 32) throw rest.damage();
    if (bits > 0) checkRuns(rest, bits, values);
  } else
    throw new UserError(
      `${name} is encoded in a way that is not read (number ${encoding} of parquet-format).`,
    );
}

/** The length, in bytes, of what follows. */
function lengthAt(reader: ThriftReader, bytes: Uint8Array): number {
  const { at } = reader;
  reader.skip(4);
  return new DataView(bytes.buffer, bytes.byteOffset + at).getUint32(0, true);
}

/** Runs of equal or packed values of `width` bits, up to `values` of them. */
function checkRuns(reader: ThriftReader, width: number, values: number): void {
  for (let seen = 0; seen < values; ) {
    const header = reader.varint();
    const isPacked = header % 2 === 1;
    const count = Math.floor(header / 2) * (isPacked ? 8 : 1);
    if (header >= 2 ** 31 || count > values - seen + (isPacked ? padding : 0)) throw reader.damage();
    seen += count;
    if (!isPacked) reader.skip(Math.ceil(width / 8));
    else if (seen < values) reader.skip((count * width) / 8); // the last run may end early
  }
}

/** Blocks of differences, up to `values` of them. */
function checkDeltas(reader: ThriftReader, values: number): void {
  const [block, miniblocks, count] = [reader.varint(), reader.varint(), reader.varint()];
  if (count > values || block < 8 || block > 2 ** 20 || miniblocks < 1 || block % (8 * miniblocks) !== 0)
    throw reader.damage();
  reader.varint();
  for (let seen = 1; seen < count; seen += block) {
    reader.varint();
    const widths = Array.from({ length: miniblocks }, () => reader.byte());
    if (widths.some((width) => width > 64)) throw reader.damage();
    const bits = widths.reduce((sum, width) => sum + (width * block) / miniblocks, 0);
    if (seen + block < count) reader.skip(bits / 8); // the last block may end early
  }
}
