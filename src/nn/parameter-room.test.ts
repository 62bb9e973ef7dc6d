import { expect, test } from "vitest";
import { Random } from "../base/index.ts";
import { initLinear } from "./linear.ts";
import { withinRoom } from "./parameter-room.ts";

const random = new Random(0);

test("a network that fits is made", () =>
  expect(withinRoom("The network", 48, () => initLinear(3, 3, random).weight.data)).toHaveLength(9));

test("one that does not is refused before memory is taken, and the next has its own room", () => {
  const layers = (count: number) => () => Array.from({ length: count }, () => initLinear(3, 3, random));
  expect(() => withinRoom("The network", 100, layers(3))).toThrow(
    /^The network would take .* of memory; at most 100 B are taken\.$/,
  );
  expect(withinRoom("The network", 100, layers(2))).toHaveLength(2);
});

test("a single parameter is refused anywhere", () =>
  expect(() => initLinear(1e6, 1e6, random)).toThrow(
    "A parameter of shape (1000000, 1000000) would take 4.0 TB",
  ));
