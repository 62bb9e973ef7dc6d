/** @file `episodes.json`: episodes as they can be played again. Their numbers are in `episodes.safetensors` beside it. */
import { z } from "zod";

const count = () => z.int().nonnegative();

export const EpisodesRecord = z.strictObject({
  format: z.literal("sodp episodes"),
  version: z.literal(1),
  /** Policy that acted: its kind, where it was stored, and the digest of its weights; null of a reference. */
  policy: z.strictObject({
    type: z.string(),
    path: z.string().nullable(),
    weights_sha256: z.string().nullable(),
  }),
  /** Task i's numbers are the tensors `actions.i` (steps of all episodes, A), `rewards.i` and `successes.i` (steps,). */
  tasks: z
    .array(
      z.strictObject({
        /** Environment: the task as `env`, the module of an own family, and options. */
        env: z.looseObject({ env: z.string(), module: z.string().exactOptional() }),
        /** Of the environment's reset. */
        seeds: z.array(count()).readonly(),
        steps: z.array(z.int().positive()).readonly(),
        /** Solved after any of its steps. */
        success: z.array(z.boolean()).readonly(),
      }),
    )
    .readonly(),
  /** Digest of the data section of `episodes.safetensors`. */
  tensors_sha256: z.string(),
});
export type EpisodesRecord = Readonly<z.infer<typeof EpisodesRecord>>;

/** An episode as it can be played again: T steps from the reset of `seed`. */
export interface RecordedEpisode {
  /** "metaworld/drawer-open" */
  readonly task: string;
  readonly seed: number;
  /** As they were executed, (T, A). */
  readonly actions: Float32Array;
  /** (T,) */
  readonly rewards: Float32Array;
  /** 1 where the task was solved after the action, else 0. (T,) */
  readonly successes: Uint8Array;
}
