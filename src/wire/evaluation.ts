/** @file `eval_info.json`: the result of an evaluation. Its keys are LeRobot's where LeRobot has any. */
import { z } from "zod";

const count = () => z.int().nonnegative();
const percent = () => z.number().min(0).max(100);
const interval = () => z.tuple([percent(), percent()]).readonly();

/** One episode's result. */
const EpisodeResult = z.strictObject({
  episode_ix: count(),
  sum_reward: z.number(),
  max_reward: z.number(),
  /** Solved after any of its steps. */
  success: z.boolean(),
  /** Solved after its last step. */
  success_last: z.boolean(),
  steps: count(),
  /** Seed of the environment's reset. */
  seed: count(),
  /** Reason, in a sentence, if the simulation diverged. The episode counts as it stood. */
  fault: z.string().optional(),
});

/** Episodes taken together. */
const EpisodeSummary = z.strictObject({
  /** Episodes. */
  n: count(),
  avg_sum_reward: z.number(),
  avg_max_reward: z.number(),
  /** Percent of episodes solved after any step, and its 95 % interval after Wilson. */
  pc_success: percent(),
  ci95: interval(),
  /** Percent of episodes solved after their last step. */
  pc_success_last: percent(),
  /** Seconds, in all and per episode. */
  eval_s: z.number().nonnegative(),
  eval_ep_s: z.number().nonnegative(),
});

/** Several tasks taken together. With as many episodes of each, `pc_success` is the mean over tasks. */
const TaskSummary = EpisodeSummary.extend({
  tasks: count(),
  /**
   * Of several tasks: interquartile mean of their `pc_success`, and its 95 % interval by bootstrap of episodes within
   * each task. It has no width where all episodes of each task ended alike.
   */
  iqm_success: percent().optional(),
  iqm_ci95: interval().optional(),
});

const TaskResult = z.strictObject({
  /** The task's difficulty. */
  task_group: z.string(),
  task: z.string(),
  per_episode: z.array(EpisodeResult).readonly(),
  aggregated: EpisodeSummary,
});

/** Milliseconds of one call of the policy, waiting for the calls of other threads included. */
const Latency = z.strictObject({
  /** The most rows of one call. */
  batch_size: count(),
  calls: count(),
  median_ms: z.number().nonnegative(),
  p95_ms: z.number().nonnegative(),
});

const protocol = z.strictObject({
  name: z.string(),
  rule: z.string(),
  /** Steps after which an episode is truncated. */
  max_steps: count(),
});

/** Parts that both versions have. */
const results = {
  format: z.literal("sodp evaluation"),
  /** Rules of the evaluation. Numbers of different protocols do not compare. */
  protocol,
  /** Of the first episode; each further one takes the next. */
  seed: count(),
  per_task: z.array(TaskResult).readonly(),
  /** By difficulty. */
  per_group: z.record(z.string(), TaskSummary),
  overall: TaskSummary,
};

const policy = {
  /** The kind of policy, "planner", "mtbc", ..., or a reference: "expert", "random". */
  type: z.string(),
  path: z.string().nullable(),
  /** Of the data section of model.safetensors. */
  weights_sha256: z.string().nullable(),
  /** Observations that it acts on, and actions of one call. */
  n_obs_steps: count(),
  n_action_steps: count(),
};

const Version2 = z.strictObject({
  ...results,
  version: z.literal(2),
  policy: z.strictObject({
    ...policy,
    /** null: it does not denoise. */
    denoising: z
      .strictObject({ num_inference_steps: count(), eta: z.number(), min_sampling_std: z.number() })
      .nullable(),
  }),
  /** Tasks and suites as they were asked for, and options of the environments. */
  env: z.looseObject({ task: z.array(z.string()) }),
  latency: Latency,
});

/** As sodp 0.1 wrote it. */
const Version1 = z.strictObject({
  ...results,
  version: z.literal(1),
  policy: z.strictObject({
    ...policy,
    denoising_steps: count().nullable(),
    sampler: z.enum(["ddpm", "ddim"]).nullable(),
  }),
  env: z.strictObject({ type: z.string(), task: z.string() }),
  latency: z.strictObject({ ...Latency.omit({ calls: true }).shape, decisions: count() }),
});

function upgraded({ policy, env, latency, ...rest }: z.infer<typeof Version1>): z.infer<typeof Version2> {
  const { denoising_steps: steps, sampler, ...others } = policy;
  const eta = sampler === "ddim" ? 0 : 1;
  const denoising = steps === null ? null : { num_inference_steps: steps, eta, min_sampling_std: 0 };
  const { decisions: calls, ...times } = latency;
  return {
    ...rest,
    version: 2,
    policy: { ...others, denoising },
    env: { task: env.task.split(",") },
    latency: { ...times, calls },
  };
}

/** A document of either version, as one of version 2. */
export const EvaluationInfo = z.union([Version2, Version1.transform(upgraded)]);
export type EvaluationInfo = Readonly<z.infer<typeof Version2>>;
