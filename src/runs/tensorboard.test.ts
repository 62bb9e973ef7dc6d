import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { crc32c, fileVersion, scalars } from "./tensorboard.ts";

/** Of TensorBoard's own writer: test/oracles/tensorboard_events.py. */
const { events, file } = JSON.parse(
  readFileSync(join(import.meta.dirname, "fixtures/tensorboard.json"), "utf8"),
);

test("a file has the bytes that TensorBoard's own writer gives it", () => {
  const records = [
    fileVersion(events[0].time),
    ...events.map((event: { time: number; step: number; scalars: Record<string, number> }) =>
      scalars(event.time, event.step, event.scalars),
    ),
  ];
  expect(Buffer.concat(records)).toEqual(Buffer.from(file, "base64"));
});

test("the checksum is the published one", () => {
  expect(crc32c(Buffer.from("123456789"))).toBe(0xe3069283); // the check value of CRC-32C's definition
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa); // RFC 3720, appendix B.4
});
