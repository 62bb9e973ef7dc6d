/** @file The encoder of a task's number: a learned vector for each task. */
import { z } from "zod";
import { countTo, mostUnits, sizeOfPart } from "../../base/index.ts";
import { gather, type Parameter, reshape, toInt32 } from "../../tensor/index.ts";
import { initEmbedding } from "../embedding.ts";
import type { EncoderKind } from "./encoder.ts";

const TaskEmbeddingConfig = z.strictObject({
  kind: z.literal("taskEmbedding"),
  tasks: countTo(mostUnits).default(50).describe("how many tasks there are"),
  size: countTo(mostUnits).default(64).describe("features"),
});

/** A table with a row per task, of which the part, a whole number in [0, tasks), names one. First values: normal. */
export const taskEmbedding: EncoderKind<typeof TaskEmbeddingConfig, { readonly table: Parameter }> = {
  config: TaskEmbeddingConfig,
  input: "raw",

  accepts(part) {
    if (sizeOfPart(part) === 1 && part.shape.length <= 1) return undefined;
    return `a task's number has shape () or (1), got (${part.shape.join(", ")})`;
  },

  size: ({ size }) => size,
  init: ({ tasks, size }, _, random) => ({ table: initEmbedding(tasks, size, random.split("table")) }),
  apply: ({ table }, _, __, x) => gather(table, toInt32(reshape(x, [x.shape[0]]))),
};
