/** @file A column of a set: numbers on disk, one row per step, whatever the file. Symbols: N rows, D numbers per row. */

export interface Column {
  readonly rows: number;
  readonly size: number;
  /** Rows `from` to `to` as float32, (to - from, D). Ranges are asked for in order, none twice. Throws UserError. */
  read(from: number, to: number): Promise<Float32Array>;
}

/** A column of which it is known how it is stored: float32, float64, ..., and in which shape a row is. */
export interface TypedColumn extends Column {
  readonly shape: readonly number[];
  readonly type: string;
}

/** Rows of a column that were decoded together. */
export interface Block {
  readonly from: number;
  readonly to: number;
  /** (to - from, D) */
  readonly numbers: Float32Array;
}

/** Reads any range from blocks, each decoded once however many ranges of it are asked for. decode: the block of a row */
export function readerOf(size: number, decode: (row: number) => Promise<Block>): Column["read"] {
  let block: Block | undefined;
  return async (from, to) => {
    const out = new Float32Array((to - from) * size);
    for (let row = from; row < to; ) {
      if (!block || row < block.from || row >= block.to) block = await decode(row);
      const end = Math.min(to, block.to);
      const rows = block.numbers.subarray((row - block.from) * size, (end - block.from) * size);
      out.set(rows, (row - from) * size);
      row = end;
    }
    return out;
  };
}

/** Columns of equal length side by side, as one of all their numbers. */
export async function readJoined(
  columns: readonly Column[],
  from: number,
  to: number,
): Promise<Float32Array> {
  const parts = await Promise.all(columns.map((column) => column.read(from, to)));
  if (parts.length === 1) return parts[0];
  const size = columns.reduce((sum, column) => sum + column.size, 0);
  const joined = new Float32Array((to - from) * size);
  let offset = 0;
  for (const [i, part] of parts.entries()) {
    const width = columns[i].size;
    for (let row = 0; row < to - from; row++)
      joined.set(part.subarray(row * width, (row + 1) * width), row * size + offset);
    offset += width;
  }
  return joined;
}

/** Numbers that stand for yes and no: 1 where they are not 0. */
export const flags = (numbers: ArrayLike<number>) =>
  Uint8Array.from(numbers, (number) => Number(number !== 0));
