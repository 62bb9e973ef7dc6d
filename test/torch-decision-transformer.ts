/** @file Recorded parameters of the published decision transformers, in the order of ours. */
import type { StoredTensors } from "../src/base/index.ts";
import type { Layout } from "../src/tensor/index.ts";

/** Names of theirs for ours, and whether theirs are transposed: PyTorch's linear layers are (outputs, inputs). */
function torchName(path: string): { readonly name: string; readonly transposed: boolean } {
  const parts = path.split(".");
  const last = { scale: "weight", shift: "bias" }[parts.at(-1) as string] ?? parts.at(-1);
  const [root, second] = parts;
  if (root === "predict") return { name: `predict_action.0.${last}`, transposed: last === "weight" };
  if (root === "transformer") {
    if (second === "norm") return { name: `transformer.ln_f.${last}`, transposed: false };
    const [, , block, part, layer] = parts;
    const names = {
      "attention.norm": "ln_1",
      "attention.input": "attn.c_attn",
      "attention.out": "attn.c_proj",
      "feedForward.norm": "ln_2",
      "feedForward.first": "mlp.c_fc",
      "feedForward.second": "mlp.c_proj",
    } as Readonly<Record<string, string>>;
    return { name: `transformer.h.${block}.${names[`${part}.${layer}`]}.${last}`, transposed: false };
  }
  const prefix = root === "embedPrompt" ? "prompt_embed" : "embed";
  const names = {
    returnToGo: "return",
    observation: "state",
    action: "action",
    norm: "ln",
    time: "timestep",
  };
  const name = `${prefix}_${names[second as keyof typeof names]}.${second === "time" ? "weight" : last}`;
  return { name, transposed: last === "weight" && second !== "norm" };
}

/** The recorded tensors under a prefix as a vector of our parameters, (P,). */
export function torchParameters(
  layout: Layout<unknown>,
  tensors: StoredTensors,
  prefix: string,
): Float32Array {
  const vector = new Float32Array(layout.size);
  for (const { path, shape, offset } of layout.entries) {
    const { name, transposed } = torchName(path);
    const { data } = tensors[`${prefix}/${name}`];
    const [rows, columns] = shape;
    for (let i = 0; i < data.length; i++) {
      const at = transposed ? (i % columns) * rows + Math.floor(i / columns) : i;
      vector[offset + i] = Number(data[at]);
    }
  }
  return vector;
}

/**
 * The vector without the key third of the attention's biases: their gradient is 0 up to rounding, and Adam makes steps of the
 * learning rate's size of such noise.
 */
export function withoutKeyBiases(layout: Layout<unknown>, vector: ArrayLike<number>): number[] {
  const left = new Set<number>();
  for (const { path, shape, offset } of layout.entries) {
    if (!path.endsWith("attention.input.bias")) continue;
    const width = shape[0] / 3;
    for (let i = 0; i < width; i++) left.add(offset + width + i);
  }
  return Array.from(vector).filter((_, i) => !left.has(i));
}
