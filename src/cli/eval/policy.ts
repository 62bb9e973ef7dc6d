/** @file The policy that `sodp eval` evaluates: a stored one, or a reference. */
import { join } from "node:path";
import { loadPolicy, type PolicyDescription } from "../../algorithms/index.ts";
import { sizeOfSpace, UserError } from "../../base/index.ts";
import { cpu } from "../../devices/index.ts";
import { type EnvConfig, findEnv, optionsOf, type ScriptedPolicy } from "../../envs/index.ts";
import { loadFamily } from "../../envs/pool/index.ts";
import { readTensors } from "../../platform/index.ts";
import { type EnvPool, expertPolicy, type Policy, randomPolicy } from "../../rollout/index.ts";
import { findPolicy } from "../../runs/index.ts";
import type { EvaluationInfo } from "../../wire/index.ts";
import type { Configuration } from "../config.ts";
import { type DenoisingFlags, denoisingOf } from "../denoising.ts";
import { tell } from "../terminal.ts";

export interface EvaluatedPolicy {
  readonly info: EvaluationInfo["policy"];
  /** Ready to act in the pool, whose environments `env` configures. Throws UserError if it cannot. */
  prepare(pool: EnvPool, env: EnvConfig): Promise<Policy<unknown, unknown> & AsyncDisposable>;
}

interface PolicyFlags {
  readonly policy: { readonly path?: string | undefined; readonly type?: "expert" | "random" | undefined };
  readonly denoising: DenoisingFlags;
  readonly threads: number;
}

/** The policy that flags name. overrides: what was given of them   checked: turns a UserError into one of the command line */
export async function findEvaluatedPolicy(
  flags: PolicyFlags,
  { overrides, checked }: Pick<Configuration<PolicyFlags>, "overrides" | "checked">,
): Promise<EvaluatedPolicy> {
  const { path, type } = flags.policy;
  if (path !== undefined && type === undefined)
    return storedPolicy(path, flags, (described) =>
      checked(() => denoisingOf(described, flags.denoising, "denoising" in overrides)),
    );
  if (path === undefined && type !== undefined) return reference(type);
  return checked(() => {
    throw new UserError(
      path === undefined
        ? "--policy.path is required: the folder of a run, of a checkpoint, or of a policy."
        : "--policy.path and --policy.type are two policies. Give one of them.",
    );
  });
}

async function storedPolicy(
  path: string,
  { denoising, threads }: PolicyFlags,
  denoisingFor: (policy: PolicyDescription) => ReturnType<typeof denoisingOf>,
): Promise<EvaluatedPolicy> {
  const { folder } = await findPolicy(path);
  const { kind, model } = await loadPolicy(folder);
  const described = kind.describe(model);
  const { nObsSteps, nActionSteps, numTrainTimesteps } = described;
  const { metadata } = await readTensors(join(folder, "model.safetensors"));
  const used = denoisingFor(described);
  if (used !== null && (used.eta !== 1 || used.num_inference_steps !== numTrainTimesteps))
    tell(
      `Note: the policy was trained with ${numTrainTimesteps} denoising steps and eta 1; it acts with ` +
        `${used.num_inference_steps} steps and eta ${used.eta}.`,
    );
  return {
    info: {
      type: kind.format.replace(/^sodp /, ""),
      path,
      weights_sha256: metadata.sha256,
      denoising: used,
      n_obs_steps: nObsSteps,
      n_action_steps: nActionSteps,
    },
    prepare: (pool) =>
      kind.compile(model, {
        env: pool,
        batchSize: pool.batchSize,
        device: cpu({ threads }),
        ...(used !== null && { denoising }),
      }),
  };
}

function reference(type: "expert" | "random"): EvaluatedPolicy {
  const none = { path: null, weights_sha256: null, denoising: null };
  return {
    info: { type, ...none, n_obs_steps: 1, n_action_steps: 1 },
    async prepare({ spaces }, env) {
      const policy =
        type === "expert" ? expertPolicy(await expertOf(env)) : randomPolicy(sizeOfSpace(spaces.action));
      return { ...policy, async [Symbol.asyncDispose]() {} };
    },
  };
}

/** Throws UserError if the task's family has none. */
async function expertOf(config: EnvConfig): Promise<ScriptedPolicy> {
  const own = config.module === undefined ? undefined : await loadFamily(config.module);
  const { family, task } = findEnv(config.env, own);
  const expert = family.expert?.(task, optionsOf(family, config));
  if (expert !== undefined) return expert;
  throw new UserError(`${family.name} has no scripted policies: there is no expert of ${config.env}.`);
}
