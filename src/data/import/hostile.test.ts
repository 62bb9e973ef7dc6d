/** @file Files that want another file's content, more memory than there is, or no end. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import { parquetWriteBuffer } from "hyparquet-writer";
import { afterAll, describe, expect, test } from "vitest";
import { UserError } from "../../base/index.ts";
import { newParquet } from "../export/parquet-file.ts";
import { openExternalDataset } from "./index.ts";
import { openParquet } from "./parquet.ts";
import { parseJson } from "./python-json.ts";

const fixtures = join(import.meta.dirname, "../../../test/fixtures");
const scratch = mkdtempSync(join(tmpdir(), "sodp-hostile-"));
afterAll(() => rmSync(scratch, { recursive: true }));

/** Message that refuses to read every episode of a set. */
async function refusal(path: string): Promise<string> {
  try {
    for await (const _ of (await openExternalDataset(path)).episodes());
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
  return "nothing";
}

describe("an HDF5 file", { timeout: 60_000 }, () => {
  test.each([
    ["external-link", /is not whole: it refers to another file, ".*secret.hdf5"/],
    ["external-group", /is not whole: it refers to another file, ".*secret.hdf5"/],
    ["external-storage", /is not whole: it refers to another file, ".*secret.hdf5"/],
    ["virtual", /is not whole: it refers to another file, ".*secret.hdf5"/],
    ["soft-link-loop", /observations/],
    ["group-loop", /observations/],
    ["bomb", /in a file of 2.2 kB, would take .*GB of memory; at most 2.4 MB/],
    ["chunk-bomb", /A chunk of observations in .* would take 720.0 MB/],
  ])("is refused by name: %s", async (name, sentence) =>
    expect(await refusal(join(fixtures, "hostile", `${name}.hdf5`))).toMatch(sentence),
  );

  test("on which the library loops without end is refused, and the next one is read", async () => {
    const sound = join(fixtures, "interchange/minari/box/fixture-v0");
    const copy = join(scratch, "endless");
    cpSync(sound, copy, { recursive: true });
    const path = join(copy, "data/main_data.hdf5");
    writeFileSync(path, readFileSync(path).fill(0, 2085, 2110)); // of a group's list of names
    expect(await refusal(copy)).toMatch(
      /^episode_0 of \S*main_data.hdf5 is damaged: reading it comes to no end\.$/,
    );
    expect(await refusal(sound)).toBe("nothing");
  });
});

/** A zip archive with one entry per name. claims: sizes of contents that the archive tells, where they are not its own */
function zip(
  entries: Readonly<Record<string, Buffer>>,
  claims: Readonly<Record<string, number>> = {},
): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const [name, content] of Object.entries(entries)) {
    const packed = deflateRawSync(content);
    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(20, 0);
    fields.writeUInt16LE(8, 4);
    fields.writeUInt32LE(packed.length, 14);
    fields.writeUInt32LE(claims[name] ?? content.length, 18);
    fields.writeUInt16LE(name.length, 22);
    parts.push(Buffer.from("PK\x03\x04"), fields, Buffer.from(name), packed);
    const place = Buffer.alloc(14);
    place.writeUInt32LE(at, 10);
    directory.push(Buffer.from("PK\x01\x02\x14\x00"), fields, place, Buffer.from(name));
    at += 30 + name.length + packed.length;
  }
  const places = Buffer.concat(directory);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(directory.length / 4, 4);
  end.writeUInt16LE(directory.length / 4, 6);
  end.writeUInt32LE(places.length, 8);
  end.writeUInt32LE(at, 12);
  return Buffer.concat([...parts, places, Buffer.from("PK\x05\x06"), end]);
}

const npy = (shape: string, bytes: number) => {
  const header = `{'descr': '<f4', 'fortran_order': False, 'shape': (${shape}), }\n`;
  const length = Buffer.alloc(2);
  length.writeUInt16LE(header.length);
  return Buffer.concat([
    Buffer.from("\x93NUMPY\x01\x00", "latin1"),
    length,
    Buffer.from(header),
    Buffer.alloc(bytes),
  ]);
};

describe("an .npz file", () => {
  test.each([
    [
      "whose shape its content does not have",
      { observations: npy("1000000000, 39", 64) },
      {},
      /is damaged: it holds 64 B, its shape \(1000000000, 39\) takes 156.0 GB/,
    ],
    [
      "whose content could not be packed so small",
      { observations: npy("1000000000, 39", 64) },
      { "observations.npy": 156e7 },
      /damaged/,
    ],
    [
      "whose shape is none",
      { observations: npy("-1, 1e3", 64) },
      {},
      /has the shape \(-1, 1e3\), which is none/,
    ],
  ])("%s is refused", async (_, arrays, claims, sentence) => {
    const path = join(scratch, "bomb.npz");
    const rest = { actions: npy("4, 2", 32), terminals: npy("4,", 16) };
    const entries = Object.entries({ ...arrays, ...rest }).map(
      ([name, content]) => [`${name}.npy`, content] as const,
    );
    writeFileSync(path, zip(Object.fromEntries(entries), claims));
    expect(await refusal(path)).toMatch(sentence);
  });
});

describe("a Parquet file", () => {
  const path = join(scratch, "a.parquet");
  const numbers = Array.from({ length: 100 }, (_, i) => i % 3);
  const write = (edit: (bytes: Buffer) => void) => {
    const column = { name: "x", data: Int32Array.from(numbers), type: "INT32" as const };
    const bytes = Buffer.from(parquetWriteBuffer({ columnData: [column], codec: "UNCOMPRESSED" }));
    edit(bytes);
    writeFileSync(path, bytes);
  };
  const read = async () => (await openParquet(path)).column("x", 1).read(0, 100);

  test("is read as it was written", async () => {
    write(() => {});
    expect([...(await read())]).toEqual(numbers);
  });

  test("of a thousand equal flags, whose run has a length before it, is read", async () => {
    const flags = newParquet(path, { flag: { element: "boolean" } });
    flags.add({ flag: new Array(1000).fill(false) });
    flags.finish();
    const rows = await (await openParquet(path)).table();
    expect(rows).toHaveLength(1000);
    expect(rows.filter(({ flag }) => flag !== false)).toEqual([]);
  });

  test("with any byte changed gives as many numbers, or is refused in a sentence", {
    timeout: 60_000,
  }, async () => {
    let size = 0;
    write((bytes) => {
      size = bytes.length;
    });
    for (let at = 0; at < size; at++)
      for (const value of [0xff, 0x7f]) {
        write((bytes) => bytes.writeUInt8(value, at));
        await read().then(
          (found) => expect(found).toHaveLength(100),
          (error) => expect(error).toBeInstanceOf(UserError),
        );
      }
  });
});

describe("a LeRobot set", () => {
  test.each([
    "/etc/{chunk_index}/passwd",
    "../outside/{file_index}.parquet",
    "data/../../outside/file-{file_index:03d}.parquet",
    "data/{file_index:0999999999999d}.parquet",
  ])("whose data_path is %s is refused", async (data_path) => {
    const copy = join(scratch, "lerobot");
    rmSync(copy, { recursive: true, force: true });
    cpSync(join(fixtures, "interchange/lerobot"), copy, { recursive: true });
    mkdirSync(join(scratch, "outside"), { recursive: true });
    const file = join(copy, "meta/info.json");
    const info = JSON.parse(readFileSync(file, "utf8"));
    writeFileSync(file, JSON.stringify({ ...info, data_path }));
    expect(await refusal(copy)).toMatch(/names steps outside of it|No file/);
  });
});

/** A frame of zstd, and a block of LZ4 after its size, of less than 256 bytes that are not packed. size: the one that is told */
const zstd = (content: Buffer, size = content.length) => {
  const block = 1 | (content.length << 3);
  const head = [0x28, 0xb5, 0x2f, 0xfd, 0xa0, 0, 0, 0, 0, block & 255, block >> 8, 0];
  const frame = Buffer.concat([Buffer.from(head), content]);
  frame.writeUInt32LE(size, 5);
  return frame;
};
const lz4 = (content: Buffer, size = content.length) => {
  const head = Buffer.from([0, 0, 0, 0, 0xf0, content.length - 15]);
  head.writeUInt32LE(size);
  return Buffer.concat([head, content]);
};

describe("a zarr chunk packed with", { timeout: 60_000 }, () => {
  const plain = join(fixtures, "interchange/zarr/plain.zarr");
  const copy = join(scratch, "packed.zarr");
  const bomb = Buffer.alloc(6e7);
  const write = (id: string, pack: (content: Buffer) => Buffer) => {
    rmSync(copy, { recursive: true, force: true });
    cpSync(plain, copy, { recursive: true });
    const array = join(copy, "data/action");
    const about = JSON.parse(readFileSync(join(array, ".zarray"), "utf8"));
    writeFileSync(join(array, ".zarray"), JSON.stringify({ ...about, compressor: { id } }));
    for (const chunk of ["0.0", "1.0", "2.0"])
      writeFileSync(join(array, chunk), pack(readFileSync(join(array, chunk))));
  };
  const numbers = async (path: string) => {
    const all: unknown[] = [];
    for await (const { actions } of (await openExternalDataset(path)).episodes()) all.push(actions);
    return all;
  };

  test.each<[string, (content: Buffer) => Buffer, (content: Buffer) => Buffer]>([
    ["gzip", gzipSync, () => gzipSync(bomb, { level: 1 })],
    ["zlib", deflateSync, () => deflateSync(bomb, { level: 1 })],
    ["lz4", lz4, (content) => lz4(content, 2 ** 31)],
    ["zstd", zstd, (content) => zstd(content, 2 ** 31)],
  ])("%s is read, and refused before it takes more than its array says", async (id, pack, packBomb) => {
    write(id, pack);
    expect(await numbers(copy)).toEqual(await numbers(plain));
    write(id, packBomb);
    const before = process.memoryUsage.rss();
    expect(await refusal(copy)).toMatch(/data\/action in .* is damaged: its chunk 0 cannot be read\.$/);
    expect(process.memoryUsage.rss() - before).toBeLessThan(3e7);
  });
});

test("JSON of Python with a string that has no end takes no time", () => {
  expect(() => parseJson(`{"a": "${'\\"'.repeat(5e5)}`, "a.json")).toThrow(
    "a.json is damaged: it is not JSON.",
  );
  expect(parseJson('{"a": [NaN, -Infinity, "NaN \\" NaN"]}', "a.json")).toEqual({
    a: ["NaN", "-Infinity", 'NaN " NaN'],
  });
});
