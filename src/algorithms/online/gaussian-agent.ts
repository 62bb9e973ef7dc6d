/** @file An agent that acts by a tanh-Gaussian actor with a temperature: soft actor-critic and what was made of it. */
import { mean } from "../../base/index.ts";
import type { CpuDevice } from "../../devices/index.ts";
import type { Mlp } from "../../nn/index.ts";
import type { Layout, Mapped, Parameter, Value } from "../../tensor/index.ts";
import type { SacModel } from "../sac/policy.ts";
import { ActorPolicy } from "./actor-policy.ts";
import type { Agent, sizesOf } from "./learner.ts";
import type { ObservationEncoder } from "./observation-encoder.ts";
import type { DrawnActions } from "./tanh-gaussian.ts";

/** An actor and the logarithm of each task's temperature, with whatever else learns with them. */
interface ActorParameters {
  readonly actor: Mlp<Parameter>;
  readonly logTemperature: Parameter;
}

export interface GaussianAgentOptions<Actor extends ActorParameters> {
  /** What is trained. The agent disposes of it. */
  readonly networks: Pick<Agent<SacModel>, "steps" | "tensors" | "restore"> &
    AsyncDisposable & {
      readonly layout: Layout<Actor>;
      /** Weights of the actor, which change in place. */
      readonly theta: Float32Array;
      network(): Promise<unknown>;
    };
  /** One update. */
  readonly update: Agent<SacModel>["update"];
  draw(network: Mapped<Actor, Value>, observations: Value, noise: Value): DrawnActions;
  readonly encoder: ObservationEncoder;
  readonly sizes: ReturnType<typeof sizesOf>;
  /** Widths of the actor's hidden layers. */
  readonly hiddenSizes: readonly number[];
  readonly device: CpuDevice;
}

/** Compiles the acting. */
export async function gaussianAgent<Actor extends ActorParameters>({
  networks,
  update,
  draw,
  encoder,
  sizes,
  hiddenSizes,
  device,
}: GaussianAgentOptions<Actor>): Promise<Agent<SacModel>> {
  const { layout } = networks;
  const { actionSize, rows: batchSize } = sizes;
  const acting = await ActorPolicy.compile({ layout, draw, encoder, actionSize, batchSize, device });
  const parameters = async () => (await networks.network()) as ActorParameters;
  return {
    get steps() {
      return networks.steps;
    },
    update,
    async measure() {
      const { logTemperature } = await parameters();
      return { "train/temperature": mean(logTemperature.data.map(Math.exp)) };
    },
    behaviorPolicy: (env) => acting.playing(networks.theta, env, true),
    evaluationPolicy: (env) => acting.playing(networks.theta, env, false),
    async model(spaces) {
      const { actor } = await parameters();
      const { tasks, scaling } = encoder;
      return { config: { spaces, tasks, hiddenSizes, scaling }, network: { actor } };
    },
    tensors: () => networks.tensors(),
    restore: (tensors, steps) => networks.restore(tensors, steps),
    async [Symbol.asyncDispose]() {
      await networks[Symbol.asyncDispose]();
      await acting[Symbol.asyncDispose]();
    },
  };
}
