import { expect, test } from "vitest";
import { cpu } from "../../devices/index.ts";
import { compile } from "../compile.ts";
import { float32, int32, scatterAdd } from "./index.ts";

test("scatterAdd loses no row where an index repeats and several threads work", {
  timeout: 30_000,
}, async () => {
  const [count, width] = [8192, 32];
  const inputs = { at: int32(count), rows: float32(count, width) };
  const rows = new Float32Array(count * width).fill(1);
  await using program = await compile(inputs, ({ at, rows }) => ({ sum: scatterAdd(at, rows, 1) }), {
    device: cpu({ threads: 4 }),
  });
  for (let i = 0; i < 100; i++)
    expect((await program.run({ at: new Int32Array(count), rows })).sum).toEqual(
      new Float32Array(width).fill(count),
    );
});
