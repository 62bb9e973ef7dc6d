/** @file Regularizers, which keep a planner close to where it is good while it follows rewards: a line each. */
import type { Regularizer } from "./update-programs.ts";

interface RegularizerKind {
  /** In `--help`. */
  readonly summary: string;
  /** Source of its windows: the target buffer, the pre-training data, or none. */
  readonly windows: "buffer" | "data" | "none";
  readonly loss?: Regularizer["loss"];
}

const table = {
  bc: { summary: "imitate the buffer (paper)", windows: "buffer", loss: ({ imitation }) => imitation() },
  kl: { summary: "stay near the pre-trained planner (DPOK)", windows: "none", loss: ({ kl }) => kl() },
  pl: { summary: "pre-training's loss (DLPO)", windows: "data", loss: ({ imitation }) => imitation() },
  none: { summary: "rewards alone", windows: "none" },
} as const satisfies Record<string, RegularizerKind>;
export type RegularizerName = keyof typeof table;
export const regularizers: Readonly<Record<RegularizerName, RegularizerKind>> = table;
