import { expect, test } from "vitest";
import { AskedThread } from "./asked-thread.ts";

test("a thread answers while its caller waits, and one that does not come to an end is given up", async () => {
  using thread = await AskedThread.start<number, Float64Array>(new URL("fixtures/asked.ts", import.meta.url));
  for (let i = 1; i < 2000; i++) expect(thread.ask(i, 5)).toEqual(Float64Array.of(2 * i));
  expect(thread.ask(0, 0.2)).toBeUndefined();
});
