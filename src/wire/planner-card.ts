/** @file `card.json` beside a planner that is handed on: where it comes from, and how good it is. */
import { z } from "zod";

const count = () => z.int().nonnegative();
const percent = () => z.number().min(0).max(100);

export const PlannerCard = z.strictObject({
  format: z.literal("sodp planner card"),
  version: z.literal(1),
  /** "drawer-open" */
  name: z.string(),
  /** In a sentence. */
  summary: z.string(),
  /** Task that it was fine-tuned on; null of a pre-trained one. */
  task: z.string().nullable(),
  /** Name of the planner that it was fine-tuned from. */
  parent: z.string().nullable(),
  parameters: count(),
  /** Of the data section of model.safetensors. */
  weights_sha256: z.string(),
  license: z.string(),
  /** What it learned from, in sentences. */
  data: z.array(z.string()).readonly(),
  /** Commands that made it, one after another. */
  commands: z.array(z.string()).readonly(),
  /** Rules of the evaluations below: the stored weights, as they are here, on starts that no training uses. */
  protocol: z.strictObject({ rule: z.string(), max_steps: count(), first_seed: count() }),
  evaluations: z
    .array(
      z.strictObject({
        task: z.string(),
        /** "best" and "last" of a fine-tuning, by its own evaluations; "last" of a pre-training. */
        checkpoint: z.enum(["best", "last"]),
        /** Gradient steps of a pre-training, environment steps of a fine-tuning. */
        step: count(),
        /** True: these weights are in this folder. */
        here: z.boolean(),
        n: z.int().positive(),
        successes: count(),
        /** Per cent, and its 95 % interval after Wilson. */
        pc_success: percent(),
        ci95: z.tuple([percent(), percent()]).readonly(),
      }),
    )
    .readonly(),
});
export type PlannerCard = Readonly<z.infer<typeof PlannerCard>>;
