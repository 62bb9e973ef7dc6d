import { expect, test } from "vitest";
import { pngOf } from "./png.ts";

const drawing = (content: string) =>
  pngOf(
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 60 20" width="60" height="20">${content}</svg>`,
  );
const letters = (text: string) =>
  drawing(`<text x="4" y="15" font-family="Helvetica, sans-serif">${text}</text>`);

test("a PNG file of three pixels per unit", { timeout: 60_000 }, async () => {
  const png = Buffer.from(await drawing(""));
  expect(png.toString("latin1", 1, 4)).toBe("PNG");
  expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([180, 60]);
});

test.each([..."Aäλµ−–…±×≥≤²%"])(
  "%s is drawn, whatever fonts the machine has",
  { timeout: 60_000 },
  async (sign) => {
    const [drawn, blank] = [await letters(sign), await letters("")];
    expect(drawn.length).toBeGreaterThan(blank.length + 20);
  },
);

test("the same drawing gives the same bytes", async () =>
  expect(await letters("success")).toEqual(await letters("success")));
