import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { parseTensors, type StoredTensor, type StoredTensors, UserError } from "../base/index.ts";
import { locateTensors, readTensors, writeTensors } from "./safetensors-file.ts";

const folder = mkdtempSync(join(tmpdir(), "safetensors-"));
const file = join(folder, "a.safetensors");
afterAll(() => rmSync(folder, { recursive: true }));

const weight: StoredTensor = { dtype: "F32", shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) };
const mask: StoredTensor = { dtype: "BOOL", shape: [3], data: Uint8Array.of(1, 0, 1) };

/** A file of our own making: `header` as JSON text or as what it stands for. */
function forge(header: unknown, data: Uint8Array, announced?: bigint): void {
  const json = Buffer.from(typeof header === "string" ? header : JSON.stringify(header));
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(announced ?? BigInt(json.length));
  writeFileSync(file, Buffer.concat([prefix, json, data]));
}

describe("a file made by Python", () => {
  test("is read with every dtype, shape and name", async () => {
    const { tensors, metadata } = await readTensors(join(import.meta.dirname, "fixtures/python.safetensors"));
    expect(metadata).toEqual({ "made by": "Python", quote: '"' });
    const shape = [2, 3];
    expect(tensors).toMatchObject({
      F64: { shape, data: Float64Array.of(0, 1, 2, 3, 4, 5) },
      F32: { shape, data: Float32Array.of(0, 1, 2, 3, 4, 5) },
      I32: { shape, data: Int32Array.of(0, 1, 2, 3, 4, 5) },
      U32: { shape, data: Uint32Array.of(0, 1, 2, 3, 4, 5) },
      F16: { shape, data: Uint16Array.of(0, 0x3c00, 0x4000, 0x4200, 0x4400, 0x4500) },
      I16: { shape, data: Int16Array.of(0, 1, 2, 3, 4, 5) },
      U16: { shape, data: Uint16Array.of(0, 1, 2, 3, 4, 5) },
      I8: { shape, data: Int8Array.of(0, 1, 2, 3, 4, 5) },
      U8: { shape, data: Uint8Array.of(0, 1, 2, 3, 4, 5) },
      BOOL: { shape, data: Uint8Array.of(0, 1, 1, 1, 1, 1) },
      I64: { shape: [2], data: BigInt64Array.of(-(2n ** 63n), 2n ** 63n - 1n) },
      U64: { shape: [1], data: BigUint64Array.of(2n ** 64n - 1n) },
      scalar: { dtype: "F64", shape: [], data: Float64Array.of(2.5) },
      empty: { dtype: "F32", shape: [0, 3], data: new Float32Array(0) },
      "naïve 名": { dtype: "U8", shape: [3], data: Uint8Array.of(1, 2, 3) },
    });
    expect(new Uint32Array(tensors.nan.data.buffer)).toEqual(
      Uint32Array.of(0x7fc12345, 0xffc00001, 0x80000000),
    );
    expect(Object.keys(tensors).length).toBe(16);
  });
});

describe("what is written is read", () => {
  const tensor: fc.Arbitrary<StoredTensor> = fc.oneof(
    fc.uint8Array().map((data) => ({ dtype: "U8", shape: [data.length], data }) as const),
    fc.uint16Array().map((data) => ({ dtype: "BF16", shape: [1, data.length], data }) as const),
    fc.float64Array().map((data) => ({ dtype: "F64", shape: [data.length, 1], data }) as const),
    fc.bigInt64Array().map((data) => ({ dtype: "I64", shape: [data.length], data }) as const),
    fc.uint32Array().map((bits) => {
      const data = new Float32Array(bits.buffer, bits.byteOffset, bits.length); // every NaN payload
      return { dtype: "F32", shape: [data.length], data } as const;
    }),
  );
  const bits = (tensors: StoredTensors) =>
    Object.fromEntries(
      Object.entries(tensors).map(([name, { dtype, shape, data }]) => [
        name,
        { dtype, shape, bytes: Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("hex") },
      ]),
    );

  test("bit by bit, whatever the names, dtypes and sizes", async () => {
    const names = fc.string({ unit: "binary" }).filter((name) => name !== "__metadata__");
    const texts = fc.dictionary(fc.string(), fc.string());
    await fc.assert(
      fc.asyncProperty(fc.dictionary(names, tensor), texts, async (tensors, metadata) => {
        const { sha256 } = await writeTensors(file, tensors, metadata);
        for (const back of [await readTensors(file), await parseTensors(readFileSync(file), file)]) {
          expect(bits(back.tensors)).toEqual(bits(tensors));
          expect({ ...back.metadata }).toEqual({ ...metadata, sha256 });
        }
      }),
      { numRuns: 100, seed: 1 },
    );
  });

  test("also from a view into the middle of a buffer", async () => {
    const data = new Float32Array(new ArrayBuffer(64), 12, 3).fill(7);
    await writeTensors(file, { view: { dtype: "F32", shape: [3], data } });
    expect((await readTensors(file)).tensors.view.data).toEqual(Float32Array.of(7, 7, 7));
  });

  test("also when a tensor takes several system calls", async () => {
    const data = new Uint8Array(2 ** 26 + 5).fill(3);
    data[2 ** 26] = 4;
    await writeTensors(file, { long: { dtype: "U8", shape: [data.length], data } });
    const { long } = (await readTensors(file)).tensors;
    expect(Buffer.compare(data, long.data as Uint8Array)).toBe(0);
  });

  test("into equal files for equal contents, in whatever order they are given", async () => {
    await writeTensors(file, { weight, mask });
    const bytes = readFileSync(file);
    await writeTensors(file, { mask, weight });
    expect(readFileSync(file)).toEqual(bytes);
  });

  test("with header and tensors aligned", async () => {
    await writeTensors(file, {
      a: mask,
      b: weight,
      c: { dtype: "F64", shape: [1], data: Float64Array.of(1) },
    });
    const bytes = readFileSync(file);
    const length = Number(bytes.readBigUInt64LE());
    const header = JSON.parse(bytes.subarray(8, 8 + length).toString());
    expect(length % 8).toBe(0);
    expect([header.c, header.b, header.a].map((entry) => entry.data_offsets)).toEqual([
      [0, 8],
      [8, 24],
      [24, 27],
    ]);
  });
});

test("tensors are where they are said to lie", async () => {
  await writeTensors(file, { weight, mask }, { made: "here" });
  const { entries, metadata } = await locateTensors(file);
  expect(metadata).toMatchObject({ made: "here" });
  const bytes = readFileSync(file);
  const found = Object.fromEntries(
    entries.map(({ name, begin, end }) => [name, Uint8Array.from(bytes.subarray(begin, end))]),
  );
  expect(found).toEqual({ weight: new Uint8Array(weight.data.buffer), mask: mask.data });
  expect(entries.map(({ dtype, shape }) => [dtype, shape])).toEqual([
    ["F32", [2, 2]],
    ["BOOL", [3]],
  ]);
});

describe("a file appears whole or not at all", () => {
  test("a refused write leaves the old file and nothing else", async () => {
    await writeTensors(file, { weight });
    const before = readFileSync(file);
    await expect(writeTensors(file, { weight: { ...weight, shape: [5] } })).rejects.toThrow(UserError);
    expect(readFileSync(file)).toEqual(before);
    expect(readdirSync(folder)).toEqual(["a.safetensors"]);
  });

  test("a failed write leaves no temporary file", async () => {
    const taken = join(folder, "taken");
    await writeTensors(join(folder, "taken"), { weight });
    await expect(writeTensors(join(taken, "below a file"), { weight })).rejects.toThrow("ENOTDIR");
    rmSync(taken);
    expect(readdirSync(folder)).toEqual(["a.safetensors"]);
  });
});

describe("writing refuses", () => {
  const refusals: [string, StoredTensors, string][] = [
    [
      "a shape that does not fit",
      { w: { ...weight, shape: [3, 2] } },
      'Tensor "w": shape (3, 2) does not fit 4 elements.',
    ],
    [
      "a fractional shape",
      { w: { ...weight, shape: [8, 0.5] } },
      'Tensor "w": shape (8, 0.5) does not fit 4 elements.',
    ],
    [
      "the wrong array",
      { w: { ...weight, dtype: "F64" } as never },
      'Tensor "w": Float32Array does not hold F64.',
    ],
    [
      "an unknown dtype",
      { w: { ...weight, dtype: "F8" } as never },
      'Tensor "w": Float32Array does not hold F8.',
    ],
    ["the reserved name", { __metadata__: weight }, 'A tensor cannot be called "__metadata__".'],
  ];
  test.each(refusals)("%s", async (_, tensors, message) => {
    await expect(writeTensors(file, tensors)).rejects.toThrow(new UserError(message));
  });
});

describe("reading refuses", () => {
  const missing = async (message: string) => {
    await expect(readTensors(file)).rejects.toThrow(new UserError(message.replaceAll("FILE", file)));
  };
  const refused = async (message: string) => {
    await missing(message);
    const bytes = readFileSync(file);
    await expect(parseTensors(bytes, file)).rejects.toThrow(new UserError(message.replaceAll("FILE", file)));
  };
  const data = new Uint8Array(16);
  const entry = (dtype: string, shape: unknown, data_offsets: unknown) => ({ dtype, shape, data_offsets });
  const a = entry("F32", [2], [0, 8]);

  test("a missing file", async () => {
    rmSync(file, { force: true });
    await missing("No file FILE.");
  });

  test("a file too short for any header", async () => {
    writeFileSync(file, "abc");
    await refused("FILE is no safetensors file: it has only 3 bytes.");
  });

  test.each([3n, 100_000_001n, 2n ** 64n - 1n])("a header length of %s that cannot be", async (announced) => {
    forge("{}", new Uint8Array(0), announced);
    const length = Number(announced);
    await refused(`FILE is truncated or no safetensors file: a header of ${length} bytes, at most 2 fit.`);
  });

  test.each(["{", "[]", "null", '{"a": 1}}'])("the header %s", async (header) => {
    forge(header, data);
    await refused("FILE is damaged or no safetensors file: its header is not a JSON object.");
  });

  test("metadata that are no strings", async () => {
    forge({ __metadata__: { step: 3 } }, data);
    await refused("FILE: the header's __metadata__ is not an object of strings.");
  });

  test.each([
    [7],
    [null],
    [{ dtype: "F32", shape: [2] }],
    [entry("F32", "2", [0, 8])],
    [entry("F32", [-2], [0, 8])],
    [entry("F32", [2], [0, 4, 8])],
    [entry("F32", [2], [-8, 0])],
    [entry("F32", [2], [0, 2 ** 60])],
  ])("the entry %j", async (broken) => {
    forge({ a: broken }, data);
    await refused(`FILE: tensor "a" lacks a dtype, shape or data_offsets, got ${JSON.stringify(broken)}.`);
  });

  test("an unknown dtype", async () => {
    forge({ a: entry("F4", [2], [0, 1]) }, data);
    await refused(
      'FILE: tensor "a" is of unknown dtype F4. ' +
        "Known: F64, I64, U64, F32, I32, U32, F16, BF16, I16, U16, I8, U8, BOOL.",
    );
  });

  test("a shape that contradicts the offsets", async () => {
    forge({ a: entry("F32", [3], [0, 16]) }, data);
    await refused('FILE: tensor "a": F32 of shape (3) takes 12 bytes, its offsets 0 to 16 give 16.');
  });

  test("offsets that run backwards", async () => {
    forge({ a: entry("F32", [2], [8, 0]) }, data);
    await refused('FILE: tensor "a": F32 of shape (2) takes 8 bytes, its offsets 8 to 0 give -8.');
  });

  test("tensors that overlap", async () => {
    forge({ a, b: entry("F32", [2], [4, 12]) }, data);
    await refused('FILE: tensor "b" at byte 4 of the data overlaps another tensor, expected 8.');
  });

  test("a gap between tensors", async () => {
    forge({ a, b: entry("F32", [1], [12, 16]) }, data);
    await refused('FILE: tensor "b" at byte 12 of the data leaves a gap before it, expected 8.');
  });

  test("a truncated file, wherever it ends", async () => {
    await writeTensors(file, { weight, mask });
    const bytes = readFileSync(file);
    for (let length = 0; length < bytes.length; length++) {
      writeFileSync(file, bytes.subarray(0, length));
      await expect(readTensors(file)).rejects.toThrow(/truncated|only \d bytes/);
    }
  });

  test("bytes after the last tensor", async () => {
    forge({ a }, data);
    await refused("FILE has unknown bytes at its end: its header describes 8 bytes of data, 16 follow.");
  });

  test("data that does not match the checksum", async () => {
    const { sha256 } = await writeTensors(file, { weight });
    const bytes = readFileSync(file);
    bytes[bytes.length - 1] ^= 1;
    writeFileSync(file, bytes);
    await expect(readTensors(file)).rejects.toThrow(`its header says ${sha256}.`);
    await expect(parseTensors(bytes, file)).rejects.toThrow(`its header says ${sha256}.`);
  });
});
