/**
 * @file Structures of Thrift's compact protocol, in which Parquet files describe themselves: read with a limit to everything.
 * Source: Apache Thrift, doc/specs/thrift-compact-protocol.md. Differs: maps, sets and UUIDs, which Parquet lacks, are refused.
 */
import { UserError } from "../../base/index.ts";

/** Fields of a structure by their numbers: numbers, structures; undefined for what is only skipped. */
export type ThriftStruct = { readonly [field: number]: number | ThriftStruct | undefined };

const types = {
  stop: 0,
  yes: 1,
  no: 2,
  byte: 3,
  i16: 4,
  i32: 5,
  i64: 6,
  double: 7,
  binary: 8,
  list: 9,
  struct: 12,
};
/** Structures and lists inside each other. */
const deepest = 32;

/** Reads structures of `bytes` one after another. name: of what they are in, for messages. Throws UserError. */
export class ThriftReader {
  readonly #bytes: Uint8Array;
  readonly #name: string;
  at = 0;

  constructor(bytes: Uint8Array, name: string) {
    this.#bytes = bytes;
    this.#name = name;
  }

  struct(depth = 0): ThriftStruct {
    const fields: Record<number, number | ThriftStruct | undefined> = {};
    for (let field = 0; ; ) {
      const head = this.byte();
      const type = head & 15;
      if (type === types.stop) return fields;
      field = head >> 4 ? field + (head >> 4) : this.#zigzag();
      fields[field] = this.#value(type, depth + 1);
    }
  }

  /** A whole number of at most 64 bits, unsigned. */
  varint(): number {
    let value = 0;
    for (let i = 0; i < 10; i++) {
      const byte = this.byte();
      value += (byte & 127) * 2 ** (7 * i);
      if (byte < 128) return value;
    }
    throw this.damage();
  }

  skip(bytes: number): void {
    if (bytes < 0 || this.at + bytes > this.#bytes.length) throw this.damage();
    this.at += bytes;
  }

  damage(): UserError {
    return new UserError(`${this.#name} is damaged: what it says of itself cannot be read.`);
  }

  byte(): number {
    if (this.at >= this.#bytes.length) throw this.damage();
    return this.#bytes[this.at++];
  }

  #zigzag(): number {
    const value = this.varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  #value(type: number, depth: number): number | ThriftStruct | undefined {
    if (depth > deepest) throw this.damage();
    if (type === types.yes || type === types.no) return Number(type === types.yes);
    if (type === types.byte) return this.byte();
    if (type === types.i16 || type === types.i32 || type === types.i64) return this.#zigzag();
    if (type === types.struct) return this.struct(depth);
    if (type === types.double) this.skip(8);
    else if (type === types.binary) this.skip(this.varint());
    else if (type === types.list) this.#list(depth);
    else throw this.damage();
    return undefined;
  }

  #list(depth: number): void {
    const head = this.byte();
    const count = head >> 4 === 15 ? this.varint() : head >> 4;
    const type = head & 15;
    if (count > this.#bytes.length - this.at) throw this.damage(); // each takes a byte or more
    for (let i = 0; i < count; i++) {
      if (type === types.yes || type === types.no) this.byte();
      else this.#value(type, depth + 1);
    }
  }
}
