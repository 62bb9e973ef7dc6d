/** @file Writes a .npz file as numpy does, for tests: arrays of float64, unpacked. */
import { writeFileSync } from "node:fs";
import { crc32 } from "node:zlib";

/** arrays: numbers and shape, by name */
export function writeNpz(
  path: string,
  arrays: Readonly<Record<string, readonly [numbers: readonly number[], shape: readonly number[]]>>,
): void {
  const pieces: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [key, [numbers, shape]] of Object.entries(arrays)) {
    const name = Buffer.from(`${key}.npy`);
    const content = npy(numbers, shape);
    const fields = Buffer.alloc(26); // from the version needed on, as both headers have it
    fields.writeUInt16LE(20, 0);
    fields.writeUInt32LE(crc32(content), 10);
    fields.writeUInt32LE(content.length, 14);
    fields.writeUInt32LE(content.length, 18);
    fields.writeUInt16LE(name.length, 22);
    const local = Buffer.concat([Buffer.from("PK\x03\x04"), fields, name, content]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(offset, 10);
    directory.push(Buffer.concat([Buffer.from("PK\x01\x02\x14\x00"), fields, rest, name]));
    pieces.push(local);
    offset += local.length;
  }
  const bytes = directory.reduce((sum, { length }) => sum + length, 0);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", "latin1");
  end.writeUInt16LE(directory.length, 8);
  end.writeUInt16LE(directory.length, 10);
  end.writeUInt32LE(bytes, 12);
  end.writeUInt32LE(offset, 16);
  writeFileSync(path, Buffer.concat([...pieces, ...directory, end]));
}

function npy(numbers: readonly number[], shape: readonly number[]): Buffer {
  const tuple = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const text = `{'descr': '<f8', 'fortran_order': False, 'shape': (${tuple}), }\n`;
  const head = Buffer.alloc(10);
  head.write("\x93NUMPY\x01\x00", "latin1");
  head.writeUInt16LE(text.length, 8);
  return Buffer.concat([head, Buffer.from(text), Buffer.from(Float64Array.from(numbers).buffer)]);
}
