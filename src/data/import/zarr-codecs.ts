/**
 * @file What zarr's chunks are packed with, unpacked to no more than the description of their array says: the library's own
 * codecs take as much memory as a chunk asks for. Blosc's is checked where the file is read, see `zarr.ts`.
 */
import { promisify } from "node:util";
import { gunzip, inflate } from "node:zlib";
import { registry } from "zarrita";
import { UserError } from "../../base/index.ts";

type CodecEntry = Awaited<ReturnType<Parameters<typeof registry.set>[1]>>;
type ChunkMetadata = Parameters<CodecEntry["fromConfig"]>[1];

/** Bytes that checksums may add to a chunk's numbers. */
const checksumBytes = 64;

/** Bytes of a chunk, at most. Arrays of other things than numbers are not read. */
function mostBytesOf({ shape, dataType }: ChunkMetadata): number {
  const bits = Number(/\d+$/.exec(dataType)?.[0] ?? 64);
  return shape.reduce((product, length) => product * length, 1) * Math.ceil(bits / 8) + checksumBytes;
}

let isLimited = false;

/** Limits what the library unpacks with deflate, LZ4 and zstd, in all of this process. */
export function limitCodecs(): void {
  if (isLimited) return;
  isLimited = true;
  for (const [name, unpack] of [
    ["gzip", promisify(gunzip)],
    ["zlib", promisify(inflate)],
  ] as const)
    setCodec(name, (maker) => async () => ({
      ...(await maker()),
      kind: "bytes_to_bytes",
      fromConfig: (_, meta) => ({
        kind: "bytes_to_bytes",
        encode: refuseToPack,
        decode: async (bytes: Uint8Array) =>
          new Uint8Array(await unpack(bytes, { maxOutputLength: mostBytesOf(meta) })),
      }),
    }));
  for (const [name, sizeOf] of [
    ["lz4", lz4Size],
    ["zstd", zstdSize],
  ] as const)
    setCodec(name, (maker) => async () => {
      const entry = await maker();
      return {
        kind: "bytes_to_bytes",
        fromConfig(config, meta) {
          const codec = entry.fromConfig(config, meta);
          return {
            kind: "bytes_to_bytes",
            encode: refuseToPack,
            decode(bytes: Uint8Array) {
              const size = sizeOf(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
              if (size === undefined || size > mostBytesOf(meta))
                throw new UserError(
                  `A chunk is packed with ${name} and unpacks to ${size ?? "who knows how many"} bytes.`,
                );
              return codec.decode(bytes);
            },
          };
        },
      };
    });
}

/** change: of what makes a codec. A codec has two names, in zarr's versions 2 and 3. */
function setCodec(
  name: string,
  change: (maker: () => Promise<CodecEntry>) => () => Promise<CodecEntry>,
): void {
  for (const each of [name, `numcodecs.${name}`]) {
    const maker = registry.get(each);
    if (maker !== undefined) registry.set(each, change(maker));
  }
}

function refuseToPack(): never {
  throw new Error("Zarr is only read.");
}

/** The size that numcodecs writes in front. Source: numcodecs 0.16, lz4.pyx. */
const lz4Size = (bytes: Buffer): number | undefined => (bytes.length < 4 ? undefined : bytes.readUInt32LE());

/** Frame_Content_Size; undefined if the frame does not say. Source: RFC 8878, section 3.1.1.1. */
function zstdSize(bytes: Buffer): number | undefined {
  if (bytes.length < 6 || bytes.readUInt32LE() !== 0xfd2fb528) return undefined;
  const descriptor = bytes[4];
  const isSingle = (descriptor & 0x20) !== 0;
  const at = 5 + (isSingle ? 0 : 1) + [0, 1, 2, 4][descriptor & 3];
  const flag = descriptor >> 6;
  if (flag === 3) return Number(bytes.readBigUInt64LE(at));
  if (flag === 2) return bytes.readUInt32LE(at);
  if (flag === 1) return 256 + bytes.readUInt16LE(at);
  return isSingle ? bytes[at] : undefined;
}
