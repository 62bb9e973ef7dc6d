import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { compileKernels } from "../engine/kernels.ts";
import { optimizerWasm } from "../src/nn/optimizer-wasm.ts";

const folder = mkdtempSync(join(tmpdir(), "sodp-kernels-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("the optimizer's kernels are compiled from assembly/optimizer.ts (else: npm run build:kernels)", () => {
  const compiled = compileKernels(join(folder, "optimizer.wasm"));
  expect(Buffer.from(optimizerWasm, "base64").equals(compiled)).toBe(true);
}, 120_000);
