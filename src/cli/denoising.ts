/** @file Denoising as commands ask a stored policy for it. */
import type { z } from "zod";
import type { PolicyDescription } from "../algorithms/index.ts";
import { UserError } from "../base/index.ts";
import type { EvaluationInfo } from "../wire/index.ts";
import type { denoisingFlags } from "./shared-flags.ts";

export type DenoisingFlags = z.infer<ReturnType<typeof denoisingFlags>>;

/**
 * Denoising of a policy, as it is reported; null for one that does not denoise.
 * asked: whether any of the flags was given
 * Throws UserError for more steps than the training had, and for flags that mean nothing to the policy.
 */
export function denoisingOf(
  { numTrainTimesteps: most }: Pick<PolicyDescription, "numTrainTimesteps">,
  { numInferenceSteps, eta, minSamplingStd }: DenoisingFlags,
  asked: boolean,
): EvaluationInfo["policy"]["denoising"] {
  if (most === undefined) {
    if (asked) throw new UserError("--denoising means nothing to this policy: it does not denoise.");
    return null;
  }
  const steps = numInferenceSteps ?? most;
  if (steps > most)
    throw new UserError(
      `The planner was trained with ${most} denoising steps; sampling asked for ${steps}. Use at most ${most}.`,
    );
  return { num_inference_steps: steps, eta, min_sampling_std: minSamplingStd };
}
