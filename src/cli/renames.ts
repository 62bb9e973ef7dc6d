/** @file Names of flags and configuration keys of sodp 0.1 that have other names now, or are gone. */

export interface Rename {
  /** Dotted, in snake_case. A name with dots before or after it is renamed with it. */
  readonly old: string;
  /** The name now; null: there is none. */
  readonly now: string | null;
  /** Change of values, or what stands in its place. */
  readonly note?: string;
  /** Words of the commands that had it; default: all that have `now`. */
  readonly of?: readonly string[];
}

/** A name of a command's own first, then those of all commands: the first that fits counts. */
export const renames: readonly Rename[] = [
  { old: "tasks", now: "env.task", of: ["quickstart", "data collect"] },
  { old: "suite", now: "env.task", of: ["data collect", "env list", "env expert"] },
  { old: "task", now: "env.task", of: ["env verify", "env expert"] },
  { old: "max_steps", now: "env.max_steps", of: ["quickstart", "data collect"] },
  { old: "episodes", now: "collect.episodes", of: ["quickstart"] },
  { old: "pretrain_steps", now: "pretrain.steps", of: ["quickstart"] },
  { old: "env_steps", now: "finetune.env_steps", of: ["quickstart"] },
  { old: "eval_episodes", now: "eval.n_episodes" },
  { old: "episodes", now: "eval.n_episodes", of: ["env expert"] },
  { old: "steps", now: "denoising.num_inference_steps", of: ["export"] },
  { old: "eta", now: "denoising.eta", of: ["export"] },
  { old: "policy.denoising_steps", now: "denoising.num_inference_steps", of: ["eval"] },
  { old: "policy.sampler", now: "denoising.eta", note: "1 is ddpm, 0 is ddim", of: ["eval"] },
  { old: "eval.batch_size", now: "env.num_envs", of: ["eval"] },
  {
    old: "env.type",
    now: null,
    note: "--env.task names the family too: metaworld/drawer-open",
    of: ["eval"],
  },
  { old: "centre", now: "center", of: ["plot"] },
  { old: "env.worlds", now: "env.num_envs" },
  { old: "planner.levels", now: "planner.num_train_timesteps" },
  { old: "planner.observation_steps", now: "planner.n_obs_steps" },
  { old: "planner.action_steps", now: "planner.n_action_steps" },
  { old: "planner.clip", now: "planner.clip_sample_range" },
  { old: "planner.network", now: "planner.denoiser" },
  { old: "denoising.steps", now: "denoising.num_inference_steps" },
  { old: "denoising.floor", now: "denoising.min_sampling_std" },
  { old: "warm_up_steps", now: "warmup_steps" },
  { old: "gae_decay", now: "gae_lambda" },
  { old: "tuned_steps", now: "ft_denoising_steps" },
  { old: "max_kl", now: "target_kl" },
  { old: "regulariser", now: "regularizer" },
  { old: "regularisation", now: "regularizer_weight" },
  { old: "regulariser_batch_size", now: "regularizer_batch_size" },
  { old: "random_steps", now: "learning_starts" },
  { old: "updates_per_step", now: "utd_ratio" },
  { old: "target_decay", now: "tau", note: "tau is 1 - target_decay" },
  { old: "normalise", now: "normalize" },
];

/**
 * The rename of `name` in a command; undefined if there is none. Prefixes and endings are kept: "sac.random_steps" is now
 * "sac.learning_starts".
 * command: its words, "data collect"   known: names of its flags
 */
export function renameOf(
  name: string,
  command: string,
  known: readonly string[],
): { readonly now: string | null; readonly note: string | undefined } | undefined {
  for (const { old, now, note, of } of renames) {
    if (of !== undefined && !of.includes(command)) continue;
    const place = `.${name}.`.indexOf(`.${old}.`);
    if (place === -1) continue;
    if (now === null) return { now, note };
    const renamed = name.slice(0, place) + now + name.slice(place + old.length);
    if (known.some((flag) => `${flag}.`.startsWith(`${renamed}.`))) return { now: renamed, note };
  }
  return undefined;
}

/** "--env.worlds is now --env.num_envs." prefix: of a name, "--" of a flag */
export function renameText(
  name: string,
  { now, note }: { readonly now: string | null; readonly note: string | undefined },
  prefix = "",
): string {
  const change = now === null ? "is gone" : `is now ${prefix}${now}`;
  return `${prefix}${name} ${change}${note === undefined ? "" : ` (${note})`}`;
}
