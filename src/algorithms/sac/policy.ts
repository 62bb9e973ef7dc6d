/** @file An agent's actor as a stored policy: it acts by its modes. Symbols: O observation size, N tasks. */
import { z } from "zod";
import {
  countTo,
  mostLayers,
  mostUnits,
  parse,
  Random,
  requireSameSpaces,
  sizeOfSpace,
  spacesSchema,
} from "../../base/index.ts";
import { initMlp, type Mlp } from "../../nn/index.ts";
import { readModel, saveModel } from "../../policies/files/index.ts";
import { concat, constant, flatten, layoutOf, type Parameter, type Value } from "../../tensor/index.ts";
import type { PolicyKind } from "../algorithm.ts";
import { exportOneStep } from "../export-one-step.ts";
import { ActorPolicy } from "../online/actor-policy.ts";
import {
  encodedSize,
  ObservationEncoder,
  ObservationScaling,
  scaledObservations,
} from "../online/observation-encoder.ts";
import { oneHot, taskId } from "../task-ids.ts";
import { drawAction } from "./losses.ts";

const kind = { format: "sodp sac", version: 1, noun: "actor" } as const;

const ActorConfig = z.strictObject({
  spaces: spacesSchema,
  /** In the order of the numbers that tell them apart. */
  tasks: z.array(z.string()).min(1).readonly(),
  hiddenSizes: z.array(countTo(mostUnits)).min(1).max(mostLayers).readonly(),
  scaling: ObservationScaling,
});
const Stored = z.strictObject({
  format: z.literal(kind.format),
  version: z.literal(kind.version),
  actor: ActorConfig,
});

/** The learned policy, as plain data. */
export interface SacModel {
  readonly config: Readonly<z.infer<typeof ActorConfig>>;
  readonly network: { readonly actor: Mlp<Parameter> };
}

export const sacPolicy: PolicyKind<SacModel> = {
  format: kind.format,
  save: ({ config, network }, folder) => saveModel(kind, folder, { actor: config }, network),
  async load(folder) {
    const { path, document, fill } = await readModel(kind, folder);
    const { actor: config } = parse(Stored, document, path);
    return { config, network: fill({ actor: initActor(config) }) };
  },
  describe({ config, network }) {
    const { spaces, tasks } = config;
    const { size: parameters } = layoutOf(network);
    return { spaces, tasks, nObsSteps: 1, nActionSteps: 1, parameters, config };
  },
  async compile({ config, network }, { env, batchSize, device }) {
    const { spaces, tasks, scaling } = config;
    requireSameSpaces("The agent", spaces, env.task, env.spaces);
    const id = tasks.length === 1 ? 0 : taskId(tasks, env.task, "The agent");
    const encoder = new ObservationEncoder(sizeOfSpace(spaces.observation), tasks, scaling);
    const layout = layoutOf(network);
    const theta = new Float32Array(layout.size);
    flatten(network, theta);
    const actionSize = sizeOfSpace(spaces.action);
    const actor = await ActorPolicy.compile({
      layout,
      draw: (networks, observations, noise) =>
        drawAction((networks as { readonly actor: Mlp<Value> }).actor, observations, noise),
      encoder,
      actionSize,
      batchSize,
      device,
    });
    const dispose = () => actor[Symbol.asyncDispose]();
    return { ...actor.playing(theta, id, false), [Symbol.asyncDispose]: dispose };
  },
  export(model, path, options) {
    const { network, config } = model;
    const { spaces, tasks, scaling } = config;
    const { center, scale } = scaling;
    const range = {
      low: center.map((middle, i) => middle - 1 / scale[i]),
      high: center.map((middle, i) => middle + 1 / scale[i]),
    };
    const act = ({ actor }: { readonly actor: Mlp<Value> }, observations: Value, ids: Value) => {
      const scaled = scaledObservations(scaling, observations);
      const seen = tasks.length > 1 ? concat([scaled, oneHot(ids, tasks.length)], 1) : scaled;
      const shape = [observations.shape[0], sizeOfSpace(spaces.action)];
      return drawAction(actor, seen, constant(new Float32Array(shape[0] * shape[1]), shape)).mode;
    };
    return exportOneStep({ kind: sacPolicy, model, network, tasks, range, act }, path, options);
  },
};

/** The form of an actor; its numbers are of no account. */
function initActor({ spaces, tasks, hiddenSizes }: SacModel["config"]): Mlp<Parameter> {
  const seen = encodedSize(sizeOfSpace(spaces.observation), tasks);
  return initMlp([seen, ...hiddenSizes, 2 * sizeOfSpace(spaces.action)], new Random(0));
}
