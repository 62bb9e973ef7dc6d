/**
 * Writes the ONNX model of every operation's examples, with their gradients, for onnx_models.py to check.
 *
 *     npx tsx test/oracles/onnx-models.ts <folder>
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { trace } from "../../src/tensor/index.ts";
import { opExamples } from "../op-examples.ts";
import { joined, programsOf } from "../op-suite.ts";

const [folder] = process.argv.slice(2);
await mkdir(folder, { recursive: true });
for (const [op, examples] of Object.entries(opExamples)) {
  const { inputs, f } = joined(programsOf(op, examples));
  await writeFile(join(folder, `${op}.onnx`), trace(inputs, f).onnx);
}
