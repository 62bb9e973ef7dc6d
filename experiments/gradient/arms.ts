/** @file Arms of the comparison, and their tasks. */
import type { JobConfig } from "../../src/jobs/index.ts";

interface Arm {
  /** In tables. */
  readonly title: string;
  /** Departures from the preset `laptop` with advantages of a finite horizon. */
  readonly config: JobConfig;
}

/** The first is what the others are held against. */
export const arms = {
  imitation: { title: "imitation alone", config: { policy_gradient: false } },
  gradient: { title: "imitation and gradient", config: {} },
  balanced: { title: "... of equal norms", config: { regularizer_balance: "norm" } },
  from: { title: "... from a tenth solved on", config: { policy_gradient_from: 0.1 } },
  clipped: { title: "... advantages within 3", config: { advantage_clip: 3 } },
  weighted: {
    title: "weighted imitation alone",
    config: { policy_gradient: false, buffer_order: "latest", buffer_draw: "weighted" },
  },
  latest: {
    title: "imitation of the latest, by trajectory",
    config: { policy_gradient: false, buffer_order: "latest", buffer_draw: "trajectories" },
  },
  // Advantage, discounts, clip range and ends of episodes are DPPO's (gym); minibatches and rate are the preset's, for a
  // budget of a thousandth. It tunes the last 10 denoising steps, and the preset's planner has no more.
  dppo: {
    title: "DPPO: gradient alone",
    config: {
      advantage: "gae",
      discount: 0.99 ** (1 / 8), // 0.99 per chunk
      denoising_discount: 0.99,
      clip: [0.01, 0.01],
      epochs: 5,
      regularizer: "none",
      stop_at_success: false,
    },
  },
} as const satisfies Record<string, Arm>;
export type ArmName = keyof typeof arms;

export interface Regime {
  /** In tables. */
  readonly title: string;
  readonly task: string;
  /** Protocol of the evaluations. */
  readonly protocol?: "metaworld" | "full";
  /** Departures from the preset, in every arm. */
  readonly config: JobConfig;
}

const rare = { env_steps: 200_000, initial_episodes: 200, episodes: 32 };

export const regimes: Readonly<Record<string, Regime>> = {
  reach: { title: "rare success, dense reward: reach", task: "reach", config: { env_steps: 30_000 } },
  "other-reward": {
    title: "return counts, not success: drawer-open",
    task: "drawer-open",
    protocol: "full",
    config: { env_steps: 40_000, stop_at_success: false },
  },
  unreliable: {
    title: "plenty of success: button-press-topdown",
    task: "button-press-topdown",
    config: { env_steps: 30_000 },
  },
  "wide-buffer": {
    title: "buffer of all solved: button-press-topdown",
    task: "button-press-topdown",
    config: { env_steps: 60_000, buffer_size: 1000 },
  },
  push: { title: "rare success: push", task: "push", config: rare },
  "pick-place": { title: "rare success: pick-place", task: "pick-place", config: rare },
  peg: { title: "rare success: peg-insert-side", task: "peg-insert-side", config: rare },
  long: { title: "a million steps: drawer-open", task: "drawer-open", config: { env_steps: 1_000_000 } },
};

const all = Object.keys(arms) as ArmName[];
/** Parts of the work: each is done in every regime before the next one begins, so that what matters most is known early. */
export const passes: readonly { readonly seeds: readonly number[]; readonly arms: readonly ArmName[] }[] = [
  { seeds: [0, 1, 2], arms: ["imitation", "gradient", "balanced", "latest"] },
  { seeds: [0, 1, 2], arms: all },
  { seeds: [3, 4], arms: all },
];
export const seeds = [...new Set(passes.flatMap((pass) => pass.seeds))];
