/**
 * @file The safetensors format: named typed arrays that Python, browsers and we read alike. The metadata may hold
 * "sha256", the digest of the data section in hexadecimal. Reading and writing of files: src/platform.
 * Source: safetensors 0.8.0, README, "Format". Differs: floats below 16 bits and complex numbers are unknown.
 */

import { UserError } from "./errors.ts";

/** Array type of each dtype. F16 and BF16 stay raw bits: JavaScript has no array for them. BOOL: 0 or 1. */
const arrays = {
  F64: Float64Array,
  I64: BigInt64Array,
  U64: BigUint64Array,
  F32: Float32Array,
  I32: Int32Array,
  U32: Uint32Array,
  F16: Uint16Array,
  BF16: Uint16Array,
  I16: Int16Array,
  U16: Uint16Array,
  I8: Int8Array,
  U8: Uint8Array,
  BOOL: Uint8Array,
};
export type Dtype = keyof typeof arrays;

/** Row-major values: `data.length` is the product of `shape`. */
export type StoredTensor = {
  [D in Dtype]: {
    readonly dtype: D;
    readonly shape: readonly number[];
    readonly data: (typeof arrays)[D]["prototype"];
  };
}[Dtype];
export type StoredTensors = Readonly<Record<string, StoredTensor>>;
export type Metadata = Readonly<Record<string, string>>;

/** Place of a tensor: `begin` and `end` are bytes of the data section, or of the whole file where a function says so. */
export interface TensorPlace {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/** A file starts with the length in bytes of the JSON that follows: a little-endian 64-bit integer. */
const PREFIX_BYTES = 8;
const LONGEST_HEADER = 100_000_000; // as in the reference reader
const METADATA = "__metadata__";

/**
 * The order of tensors in the data section: wide elements first, so that each tensor is aligned to its elements, then
 * by name, so that equal contents give equal files. Throws UserError for a tensor that contradicts itself.
 */
export function inFileOrder(tensors: StoredTensors): [string, StoredTensor][] {
  for (const [name, tensor] of Object.entries(tensors)) checkTensor(name, tensor);
  return Object.entries(tensors).sort(
    ([nameA, a], [nameB, b]) =>
      b.data.BYTES_PER_ELEMENT - a.data.BYTES_PER_ELEMENT || (nameA < nameB ? -1 : 1),
  );
}

/** Prefix and header of a file with these tensors in this order, padded with spaces to a multiple of 8 bytes. */
export function encodeHeader(tensors: readonly [string, StoredTensor][], metadata: Metadata): Uint8Array {
  let end = 0;
  const entries = tensors.map(([name, { dtype, shape, data }]) => {
    const begin = end;
    end += data.byteLength;
    return [name, { dtype, shape, data_offsets: [begin, end] }] as const;
  });
  const json = new TextEncoder().encode(
    JSON.stringify(Object.fromEntries([[METADATA, metadata], ...entries])),
  );
  const header = new Uint8Array(PREFIX_BYTES + Math.ceil(json.length / 8) * 8).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(header.length - PREFIX_BYTES), true);
  header.set(json, PREFIX_BYTES);
  return header;
}

/** Header of a file: its tensors in file order, its metadata, and the byte at which its data section begins. */
export interface Header {
  readonly entries: readonly TensorPlace[];
  readonly metadata: Metadata;
  readonly dataBegin: number;
}

/**
 * Reads the header of a file of `fileBytes`. read: the next `length` bytes of it   name: of the file, for messages
 * Throws UserError if it is truncated, damaged or no safetensors file.
 */
export async function readHeader(
  fileBytes: number,
  name: string,
  read: (length: number) => Uint8Array | Promise<Uint8Array>,
): Promise<Header> {
  const prefix = await read(Math.min(PREFIX_BYTES, fileBytes));
  const header = await read(headerLength(prefix, fileBytes, name));
  const dataBegin = PREFIX_BYTES + header.length;
  return { ...decodeHeader(header, fileBytes - dataBegin, name), dataBegin };
}

/**
 * Tensors of a whole file, as arrays of their own. file: its bytes   name: of the file, for messages
 * Throws UserError if it is truncated, damaged or no safetensors file, or its data do not have the "sha256" that the
 * metadata may tell. Pages that are not served over https cannot compute that digest and skip the check.
 */
export async function parseTensors(
  file: Uint8Array,
  name: string,
): Promise<{ readonly tensors: StoredTensors; readonly metadata: Metadata }> {
  let next = 0;
  const read = (length: number) => {
    next += length;
    return file.subarray(next - length, next);
  };
  const { entries, metadata, dataBegin } = await readHeader(file.length, name, read);
  const data = file.subarray(dataBegin);
  requireDigest(metadata, await digestOf(data), name);
  const tensors = entries.map((entry) => {
    const tensor = zeros(entry);
    bytesOf(tensor).set(data.subarray(entry.begin, entry.end));
    return [entry.name, tensor] as const;
  });
  return { tensors: Object.fromEntries(tensors), metadata };
}

/** Throws UserError if `metadata` has a "sha256" other than `found`. name: of the file */
export function requireDigest(metadata: Metadata, found: string | undefined, name: string): void {
  const { sha256: expected } = metadata;
  if (expected === undefined || found === undefined || found === expected) return;
  throw new UserError(`${name} is damaged: its data has sha256 ${found}, its header says ${expected}.`);
}

/** SHA-256 in hexadecimal; undefined where the page has no WebCrypto. */
async function digestOf(bytes: Uint8Array): Promise<string | undefined> {
  const digest = await globalThis.crypto?.subtle?.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>);
  return digest && [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The header's length in bytes. prefix: the first bytes of a file of `fileBytes`. Throws UserError. */
function headerLength(prefix: Uint8Array, fileBytes: number, path: string): number {
  if (fileBytes < PREFIX_BYTES)
    throw new UserError(`${path} is no safetensors file: it has only ${fileBytes} bytes.`);
  const length = Number(new DataView(prefix.buffer, prefix.byteOffset).getBigUint64(0, true));
  const most = Math.min(fileBytes - PREFIX_BYTES, LONGEST_HEADER);
  if (length <= most) return length;
  throw new UserError(
    `${path} is truncated or no safetensors file: a header of ${length} bytes, at most ${most} fit.`,
  );
}

/** Entries in file order, which cover the `dataBytes` of the data section without gap or overlap. Throws UserError. */
function decodeHeader(
  header: Uint8Array,
  dataBytes: number,
  path: string,
): { entries: TensorPlace[]; metadata: Metadata } {
  const { [METADATA]: metadata = {}, ...tensors } = parseObject(header, path);
  if (!isObject(metadata) || Object.values(metadata).some((value) => typeof value !== "string")) {
    throw new UserError(`${path}: the header's ${METADATA} is not an object of strings.`);
  }
  const entries = Object.entries(tensors)
    .map(([name, value]) => parseEntry(name, value, path))
    .sort((a, b) => a.begin - b.begin || a.end - b.end);
  let end = 0;
  for (const entry of entries) {
    if (entry.begin !== end) {
      const fault = entry.begin < end ? "overlaps another tensor" : "leaves a gap before it";
      throw new UserError(
        `${path}: tensor "${entry.name}" at byte ${entry.begin} of the data ${fault}, expected ${end}.`,
      );
    }
    end = entry.end;
  }
  if (end !== dataBytes) {
    const fault = end > dataBytes ? "is truncated" : "has unknown bytes at its end";
    throw new UserError(`${path} ${fault}: its header describes ${end} bytes of data, ${dataBytes} follow.`);
  }
  return { entries, metadata: metadata as Metadata };
}

/** A tensor of zeros with the dtype and shape of an entry, to be filled through `bytesOf`. */
export function zeros({ dtype, shape }: TensorPlace): StoredTensor {
  return { dtype, shape, data: new arrays[dtype](elements(shape)) } as StoredTensor;
}

/** The memory of a tensor, not a copy. Little-endian like the format, as is every machine that runs JavaScript. */
export function bytesOf({ data }: StoredTensor): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

function checkTensor(name: string, { dtype, shape, data }: StoredTensor): void {
  if (name === METADATA) throw new UserError(`A tensor cannot be called "${METADATA}".`);
  if (!Object.hasOwn(arrays, dtype) || !(data instanceof arrays[dtype])) {
    throw new UserError(`Tensor "${name}": ${data.constructor.name} does not hold ${dtype}.`);
  }
  if (!isShape(shape) || elements(shape) !== data.length) {
    throw new UserError(
      `Tensor "${name}": shape (${shape.join(", ")}) does not fit ${data.length} elements.`,
    );
  }
}

function parseObject(header: Uint8Array, path: string): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(header));
    if (isObject(parsed)) return parsed;
  } catch {}
  throw new UserError(`${path} is damaged or no safetensors file: its header is not a JSON object.`);
}

function parseEntry(name: string, value: unknown, path: string): TensorPlace {
  const { dtype, shape, data_offsets: offsets } = isObject(value) ? value : {};
  if (typeof dtype !== "string" || !isShape(shape) || !isShape(offsets) || offsets.length !== 2) {
    throw new UserError(
      `${path}: tensor "${name}" lacks a dtype, shape or data_offsets, got ${JSON.stringify(value)}.`,
    );
  }
  if (!Object.hasOwn(arrays, dtype)) {
    throw new UserError(
      `${path}: tensor "${name}" is of unknown dtype ${dtype}. Known: ${Object.keys(arrays).join(", ")}.`,
    );
  }
  const [begin, end] = offsets;
  const bytes = elements(shape) * arrays[dtype as Dtype].BYTES_PER_ELEMENT;
  if (end - begin !== bytes) {
    const expected = `${dtype} of shape (${shape.join(", ")}) takes ${bytes} bytes`;
    throw new UserError(
      `${path}: tensor "${name}": ${expected}, its offsets ${begin} to ${end} give ${end - begin}.`,
    );
  }
  return { name, dtype: dtype as Dtype, shape, begin, end };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isShape(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

function elements(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
