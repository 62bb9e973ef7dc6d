/** @file `eval_info.json`: what an evaluation found. Its keys are LeRobot's where LeRobot has any. */
import { z } from "zod";

const count = () => z.int().nonnegative();
const percent = () => z.number().min(0).max(100);
const interval = () => z.tuple([percent(), percent()]).readonly();

/** One episode as it was judged. */
const EpisodeResult = z.strictObject({
  episode_ix: count(),
  sum_reward: z.number(),
  max_reward: z.number(),
  /** Solved after any of its steps. */
  success: z.boolean(),
  /** Solved after its last step. */
  success_last: z.boolean(),
  steps: count(),
  /** What the world was reset with. */
  seed: count(),
  /** Why the simulator gave up, in a sentence. The episode counts as it stood. */
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

/** Milliseconds of one decision, waiting for the decisions of other threads included. */
const Latency = z.strictObject({
  /** The most worlds that one decision was made for. */
  batch_size: count(),
  decisions: count(),
  median_ms: z.number().nonnegative(),
  p95_ms: z.number().nonnegative(),
});

export const EvaluationInfo = z.strictObject({
  format: z.literal("sodp evaluation"),
  version: z.literal(1),
  /** How episodes were played and judged. Numbers of different protocols do not compare. */
  protocol: z.strictObject({
    name: z.string(),
    rule: z.string(),
    /** Steps after which an episode ends. */
    max_steps: count(),
  }),
  policy: z.strictObject({
    /** "planner", or a reference: "expert", "random". */
    type: z.string(),
    path: z.string().nullable(),
    /** Of the data section of model.safetensors. */
    weights_sha256: z.string().nullable(),
    denoising_steps: count().nullable(),
    sampler: z.enum(["ddpm", "ddim"]).nullable(),
    /** Observations a decision is made on, and actions it consists of. */
    n_obs_steps: count(),
    n_action_steps: count(),
  }),
  env: z.strictObject({ type: z.string(), task: z.string() }),
  /** Of the first episode; each further one takes the next. */
  seed: count(),
  per_task: z.array(TaskResult).readonly(),
  /** By difficulty. */
  per_group: z.record(z.string(), TaskSummary),
  overall: TaskSummary,
  latency: Latency,
});
export type EvaluationInfo = Readonly<z.infer<typeof EvaluationInfo>>;
