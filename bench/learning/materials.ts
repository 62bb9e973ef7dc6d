/** @file The files both contestants read: first weights and batches. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { Random, type StoredTensor } from "../../src/base/index.ts";
import { writeTensors } from "../../src/platform/index.ts";
import { sizeOf } from "../../src/tensor/index.ts";
import { firstWeights as firstAgent } from "./agent.ts";
import { type Case, harmodt, mlp, sizes } from "./cases.ts";
import type { Contestant } from "./contestant.ts";
import { firstWeights as firstConvolution, picture } from "./convolution.ts";
import { firstWeights as firstHarmodt, firstBatch as firstHistories } from "./harmodt.ts";

const { horizon, actionSize, nObsSteps, observationSize, denoisingSteps } = sizes;

/** Gives both sides a case with so many threads. Returns what processor time ours took to be ready, in milliseconds. */
export async function loadBoth(
  folder: string,
  chosen: Case,
  threads: number,
  ours: Contestant,
  peer: Contestant,
): Promise<{ readonly ready: number }> {
  await loadPeer(folder, chosen, threads, peer);
  const { kind, width, stride, work } = chosen;
  const weights = await firstWeights(folder, chosen, peer);
  const batch = work === "step" ? await trainingBatch(folder, chosen) : await samplingBatch(folder, chosen);
  const request = { command: "load", work, kind, width, stride, threads, weights, batch };
  const { ready_ms } = await ours.ask(z.object({ ready_ms: z.number() }), request);
  return { ready: ready_ms };
}

async function loadPeer(folder: string, chosen: Case, threads: number, peer: Contestant) {
  const weights = await firstWeights(folder, chosen, peer);
  const batch = await trainingBatch(folder, chosen);
  const config = torchConfig(chosen);
  const steps = chosen.kind === "unet" || chosen.kind === "mlp" ? { K: denoisingSteps } : {};
  const request = { command: "load", kind: chosen.kind, config, ...steps, threads, weights, batch };
  return peer.ask(z.object({ torch: z.string(), instructions: z.string() }), request);
}

/** Names and versions of the peer's packages. */
export async function versionsOf(
  folder: string,
  peer: Contestant,
): Promise<{ readonly torch: string; readonly instructions: string }> {
  const smallest: Case = { work: "step", kind: "mlp", width: 1, batch: 1 };
  return loadPeer(folder, smallest, 1, peer);
}

/** Request to both sides for the case, but for the count. */
export async function requestFor(folder: string, chosen: Case): Promise<object> {
  if (chosen.work === "step") return { command: "step" };
  return { command: "sample", K: denoisingSteps, batch: await samplingBatch(folder, chosen) };
}

/** PyTorch's first weights; ours of soft actor-critic, of the convolution and of HarmoDT. */
async function firstWeights(folder: string, chosen: Case, peer: Contestant): Promise<string> {
  const path = join(folder, `${chosen.kind}-${chosen.width}.safetensors`);
  if (existsSync(path)) return path;
  if (chosen.kind === "sac") await writeTensors(path, firstAgent(chosen));
  else if (chosen.kind === "conv2d") await writeTensors(path, firstConvolution(chosen.width));
  else if (chosen.kind === "harmodt") await writeTensors(path, firstHarmodt(chosen.width));
  else
    await peer.ask(z.object({}), {
      command: "init",
      kind: chosen.kind,
      config: torchConfig(chosen),
      seed: 0,
      weights: path,
    });
  return path;
}

/** Resolves once PyTorch is imported. */
export async function makeSmallestNetwork(folder: string, peer: Contestant): Promise<void> {
  const config = torchConfig({ kind: "mlp", width: 1 });
  const weights = join(folder, "smallest.safetensors");
  await peer.ask(z.object({}), { command: "init", kind: "mlp", config, seed: 0, weights });
}

/** The arguments of the network's class in torch_planners.py, or of the agent's in torch_agent.py. */
function torchConfig({ kind, width, stride }: Pick<Case, "kind" | "width" | "stride">): object {
  if (kind === "conv2d") return { width, stride };
  if (kind === "harmodt") return { width, heads: harmodt.heads, layers: harmodt.layers };
  if (kind === "sac") return { action_size: actionSize, observation_size: observationSize, width };
  const own =
    kind === "unet"
      ? { model_dim: width, embedding_size: width }
      : { horizon, width, blocks: mlp.blocks, embedding_size: mlp.embeddingSize };
  return {
    action_size: actionSize,
    observation_size: observationSize,
    observation_steps: nObsSteps,
    ...own,
  };
}

/** As the `load` command of peer.py expects it. */
async function trainingBatch(folder: string, { kind, batch }: Case): Promise<string> {
  const of = kind === "unet" || kind === "mlp" ? "" : `${kind}-`;
  const path = join(folder, `training-${of}${batch}.safetensors`);
  if (existsSync(path)) return path;
  const random = new Random(1);
  if (kind === "conv2d") {
    await writeTensors(path, { pictures: normal(random, batch, ...picture) });
    return path;
  }
  if (kind === "harmodt") {
    await writeTensors(path, firstHistories(batch));
    return path;
  }
  if (kind === "sac") {
    await writeTensors(path, {
      observations: normal(random, batch, observationSize),
      actions: normal(random, batch, actionSize),
      rewards: normal(random, batch),
      nextObservations: normal(random, batch, observationSize),
      continues: {
        dtype: "F32",
        shape: [batch],
        data: Float32Array.from({ length: batch }, (_, i) => i % 8 && 1),
      },
      noise: normal(random, 2, 2, batch, actionSize),
    });
    return path;
  }
  const steps = Int32Array.from({ length: batch }, () => random.integer(denoisingSteps));
  await writeTensors(path, {
    actions: normal(random, batch, horizon, actionSize),
    noise: normal(random, batch, horizon, actionSize),
    observations: normal(random, batch, nObsSteps, observationSize),
    steps: { dtype: "I32", shape: [batch], data: steps },
  });
  return path;
}

/** As the `sample` command of peer.py expects it. */
async function samplingBatch(folder: string, { batch }: Case): Promise<string> {
  const path = join(folder, `sampling-${batch}.safetensors`);
  if (existsSync(path)) return path;
  const random = new Random(2);
  await writeTensors(path, {
    observations: normal(random, batch, nObsSteps, observationSize),
    start: normal(random, batch, horizon, actionSize),
    noise: normal(random, denoisingSteps, batch, horizon, actionSize),
  });
  return path;
}

function normal(random: Random, ...shape: number[]): StoredTensor {
  return { dtype: "F32", shape, data: random.fillNormal(new Float32Array(sizeOf(shape))) };
}
