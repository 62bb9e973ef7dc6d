/**
 * @file TensorBoard's event files: records of protocol buffers, each with checksums.
 * Sources: tensorflow/core/lib/io/record_writer.h (framing), tensorflow/core/util/event.proto and
 * tensorflow/core/framework/summary.proto (fields), RFC 3720 appendix B.4 (CRC-32C).
 */

/** A file's first record. time: seconds since 1970 */
export function fileVersion(time: number): Uint8Array {
  return record(concat([double(1, time), text(3, "brain.Event:2")]));
}

/** A record with one scalar per name. time: seconds since 1970 */
export function scalars(time: number, step: number, values: Readonly<Record<string, number>>): Uint8Array {
  const summary = Object.entries(values).map(([tag, value]) =>
    bytes(1, concat([text(1, tag), float(2, value)])),
  );
  return record(concat([double(1, time), integer(2, step), bytes(5, concat(summary))]));
}

/** Bytes of a file's whole records, from its begin on. */
export function wholeRecords(file: Uint8Array): number {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  let end = 0;
  while (end + 12 <= file.length) {
    const next = end + 12 + Number(view.getBigUint64(end, true)) + 4;
    if (next > file.length) break;
    end = next;
  }
  return end;
}

/** Length, its checksum, data, its checksum. */
function record(data: Uint8Array): Uint8Array {
  const whole = new Uint8Array(12 + data.length + 4);
  const view = new DataView(whole.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, masked(crc32c(whole.subarray(0, 8))), true);
  whole.set(data, 12);
  view.setUint32(12 + data.length, masked(crc32c(data)), true);
  return whole;
}

/** Rotated and shifted, so that a checksum of data that contain checksums stays strong. */
function masked(crc: number): number {
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

const remainders = Uint32Array.from({ length: 256 }, (_, byte) => {
  for (let bit = 0; bit < 8; bit++) byte = byte & 1 ? (byte >>> 1) ^ 0x82f63b78 : byte >>> 1;
  return byte;
});

/** The Castagnoli checksum. */
export function crc32c(data: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of data) crc = (crc >>> 8) ^ remainders[(crc ^ byte) & 255];
  return ~crc >>> 0;
}

/** A protocol buffer's field is its number and wire type, then its value. */
const tag = (field: number, type: number) => varint((field << 3) | type);
const integer = (field: number, value: number) =>
  value === 0 ? new Uint8Array() : concat([tag(field, 0), varint(value)]); // zeros go without saying
const double = (field: number, value: number) =>
  concat([tag(field, 1), new Uint8Array(Float64Array.of(value).buffer)]);
const bytes = (field: number, value: Uint8Array) => concat([tag(field, 2), varint(value.length), value]);
const text = (field: number, value: string) => bytes(field, new TextEncoder().encode(value));
const float = (field: number, value: number) =>
  concat([tag(field, 5), new Uint8Array(Float32Array.of(value).buffer)]);

/** Seven bits per byte, the lowest first. value: integer in [0, 2^53) */
function varint(value: number): Uint8Array {
  const out = [];
  for (; value >= 128; value = Math.floor(value / 128)) out.push((value % 128) | 128);
  return Uint8Array.from([...out, value]);
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
