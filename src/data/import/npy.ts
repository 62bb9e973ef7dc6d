/**
 * @file numpy arrays on disk, read forwards, a piece at a time.
 * Source: numpy/lib/format.py (2.3), format versions 1 to 3. Differs: no pickled objects, no big-endian or Fortran order.
 */
import { bytesText, requireRoom, UserError } from "../../base/index.ts";
import { type TypedColumn, toFloat32 } from "./column.ts";

/** A numpy array whose content has not been read yet. */
export interface NpyArray {
  readonly shape: readonly number[];
  /** As rows along its first axes, so many of them. Throws UserError for an array without them. */
  column(axes: number): TypedColumn;
  /** Closes the file, however far it was read. */
  close(): Promise<void>;
}

interface Dtype {
  readonly type: string;
  readonly bytes: number;
  readonly view: (buffer: ArrayBuffer) => ArrayLike<number> | ArrayLike<bigint>;
}

const dtypes: Readonly<Record<string, Dtype>> = {
  "<f8": { type: "float64", bytes: 8, view: (buffer) => new Float64Array(buffer) },
  "<f4": { type: "float32", bytes: 4, view: (buffer) => new Float32Array(buffer) },
  "<f2": {
    type: "float16",
    bytes: 2,
    view: (buffer) => Float32Array.from(new Uint16Array(buffer), halfFloat),
  },
  "<i8": { type: "int64", bytes: 8, view: (buffer) => new BigInt64Array(buffer) },
  "<i4": { type: "int32", bytes: 4, view: (buffer) => new Int32Array(buffer) },
  "<i2": { type: "int16", bytes: 2, view: (buffer) => new Int16Array(buffer) },
  "<u8": { type: "uint64", bytes: 8, view: (buffer) => new BigUint64Array(buffer) },
  "<u4": { type: "uint32", bytes: 4, view: (buffer) => new Uint32Array(buffer) },
  "<u2": { type: "uint16", bytes: 2, view: (buffer) => new Uint16Array(buffer) },
  "|i1": { type: "int8", bytes: 1, view: (buffer) => new Int8Array(buffer) },
  "|u1": { type: "uint8", bytes: 1, view: (buffer) => new Uint8Array(buffer) },
  "|b1": { type: "bool", bytes: 1, view: (buffer) => new Uint8Array(buffer) },
};

/** The number of half precision that 16 bits stand for. Source: IEEE 754-2019, binary16. */
function halfFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = (bits & 1023) / 1024;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -14 : (1 + fraction) * 2 ** (exponent - 15));
}

/**
 * Reads the header of the array in `pieces`, which are read on as its rows are asked for.
 * name: of the array, for a person   contentBytes: of the whole, header included
 * Throws UserError for what is no array of numbers, or of another size than its shape.
 */
export async function openNpy(
  pieces: AsyncIterable<Uint8Array>,
  name: string,
  contentBytes: number,
): Promise<NpyArray> {
  const reader = new PieceReader(pieces, name, contentBytes);
  try {
    return await readHeader(reader, name);
  } catch (error) {
    await reader.close();
    throw error;
  }
}

async function readHeader(reader: PieceReader, name: string): Promise<NpyArray> {
  const start = await reader.take(8);
  if (new TextDecoder().decode(start.subarray(1, 6)) !== "NUMPY")
    throw new UserError(`${name} is no numpy array.`);
  const lengthBytes = start[6] === 1 ? 2 : 4;
  const lengthView = new DataView((await reader.take(lengthBytes)).buffer);
  const header = new TextDecoder().decode(
    await reader.take(lengthBytes === 2 ? lengthView.getUint16(0, true) : lengthView.getUint32(0, true)),
  );
  const descr = /'descr':\s*'([^']+)'/.exec(header)?.[1] ?? "a record";
  const shapeText = /'shape':\s*\(([^)]*)\)/.exec(header)?.[1];
  if (shapeText === undefined) throw new UserError(`${name} has a header without a shape: ${header.trim()}`);
  const shape = shapeText
    .split(",")
    .filter((text) => text.trim() !== "")
    .map(Number);
  if (!shape.every((length) => Number.isSafeInteger(length) && length >= 0))
    throw new UserError(`${name} has the shape (${shapeText}), which is none.`);
  if (!Object.hasOwn(dtypes, descr))
    throw new UserError(
      `${name} holds ${descr === "|O" ? "pickled objects" : descr}; expected one of ${Object.keys(dtypes).join(", ")}.`,
    );
  if (/'fortran_order':\s*True/.test(header) && shape.length > 1)
    throw new UserError(
      `${name} is stored column by column (Fortran order); save np.ascontiguousarray of it.`,
    );
  const dtype = dtypes[descr];
  const numbers = shape.reduce((product, length) => product * length, 1);
  if (numbers * dtype.bytes !== reader.left)
    throw new UserError(
      `${name} is damaged: it holds ${bytesText(reader.left)}, its shape (${shapeText}) takes ` +
        `${bytesText(numbers * dtype.bytes)}.`,
    );
  return {
    shape,
    column: (axes) => columnOf(reader, dtype, shape, axes, name),
    close: () => reader.close(),
  };
}

function columnOf(
  reader: PieceReader,
  dtype: Dtype,
  shape: readonly number[],
  axes: number,
  name: string,
): TypedColumn {
  if (shape.length < axes)
    throw new UserError(
      `${name} has the shape (${shape.join(", ")}); expected ${axes === 1 ? "a row per step" : "episodes of steps"}.`,
    );
  const product = (lengths: readonly number[]) => lengths.reduce((sum, length) => sum * length, 1);
  const rows = product(shape.slice(0, axes));
  const size = product(shape.slice(axes));
  let position = 0; // rows
  return {
    rows,
    shape: shape.length > axes ? shape.slice(axes) : [1],
    size,
    type: dtype.type,
    async read(from, to) {
      if (from < position)
        throw new Error(`Rows ${from} to ${to} of ${name} were asked for after row ${position}.`);
      await reader.skip((from - position) * size * dtype.bytes);
      const { buffer } = await reader.take((to - from) * size * dtype.bytes);
      position = to;
      if (to === rows) await reader.end();
      return toFloat32(dtype.view(buffer), { name, first: from, size });
    },
  };
}

/** Takes so many bytes at a time from pieces of other lengths. */
class PieceReader {
  private readonly pieces: AsyncIterator<Uint8Array>;
  private readonly name: string;
  private rest: Uint8Array = new Uint8Array(0);
  /** Bytes that nobody has taken yet. */
  left: number;

  /** bytes: of all pieces together */
  constructor(pieces: AsyncIterable<Uint8Array>, name: string, bytes: number) {
    this.pieces = pieces[Symbol.asyncIterator]();
    this.name = name;
    this.left = bytes;
  }

  /** A copy of its own. */
  async take(bytes: number): Promise<Uint8Array<ArrayBuffer>> {
    if (bytes > this.left) throw this.torn();
    requireRoom(`A part of ${this.name}`, bytes);
    this.left -= bytes;
    const out = new Uint8Array(bytes);
    for (let filled = 0; filled < bytes; ) {
      const piece = await this.some(bytes - filled);
      out.set(piece, filled);
      filled += piece.length;
    }
    return out;
  }

  async skip(bytes: number): Promise<void> {
    this.left -= bytes;
    for (let left = bytes; left > 0; ) left -= (await this.some(left)).length;
  }

  /** Reads on to where the content proves to be what was packed. */
  async end(): Promise<void> {
    if (this.rest.length > 0 || !(await this.pieces.next()).done)
      throw new UserError(`${this.name} is damaged: it goes on after its last number.`);
  }

  async close(): Promise<void> {
    await this.pieces.return?.();
  }

  private torn(): UserError {
    return new UserError(`${this.name} is torn: it ends before its last number.`);
  }

  /** From 1 to `most` bytes. */
  private async some(most: number): Promise<Uint8Array> {
    while (this.rest.length === 0) {
      const next = await this.pieces.next();
      if (next.done) throw this.torn();
      this.rest = next.value;
    }
    const piece = this.rest.subarray(0, most);
    this.rest = this.rest.subarray(piece.length);
    return piece;
  }
}
