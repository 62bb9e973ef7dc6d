import { expect, test } from "vitest";
import { bytesText, mostBytes, requireRoom } from "./room.ts";

test("what fits is allocated", () => {
  for (const bytes of [0, 1, mostBytes]) expect(() => requireRoom("A batch", bytes)).not.toThrow();
});

test.each([
  [mostBytes + 1, "4.3 GB"],
  [1e12 * 8, "8.0 TB"],
  [1e300, "1.0e+288 TB"],
  [Number.POSITIVE_INFINITY, "Infinity TB"],
  [Number.NaN, "NaN"],
  [-4, "-4 B"],
])("%d bytes are refused", (bytes, text) =>
  expect(() => requireRoom("A batch", bytes)).toThrow(`A batch would take ${text}`),
);

test.each([
  [0, "0 B"],
  [999, "999 B"],
  [1000, "1.0 kB"],
  [4.2e9, "4.2 GB"],
])("%d bytes are %s", (bytes, text) => expect(bytesText(bytes)).toBe(text));
