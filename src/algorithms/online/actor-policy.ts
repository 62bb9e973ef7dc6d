/**
 * @file A tanh-Gaussian actor that acts in environments.
 * Symbols: B rows, S numbers that the networks see of an observation, A action size, P parameters.
 */
import type { Policy, PolicyOutput, Row } from "../../rollout/index.ts";
import {
  compile,
  type Device,
  type DeviceArray,
  float32,
  type Layout,
  type Mapped,
  type Program,
  unpack,
  type Value,
} from "../../tensor/index.ts";
import type { ObservationEncoder } from "./observation-encoder.ts";
import type { DrawnActions } from "./tanh-gaussian.ts";

export interface ActorPolicyOptions<Network> {
  readonly layout: Layout<Network>;
  /** observations: (B, S)   noise: standard normal, (B, A)   returns: (B, A) each */
  draw(
    network: Mapped<Network, Value>,
    observations: Value,
    noise: Value,
  ): Pick<DrawnActions, "action" | "mode">;
  readonly encoder: ObservationEncoder;
  readonly actionSize: number;
  /** The most rows that act at once. */
  readonly batchSize: number;
  readonly device: Device;
}

type ActorProgram = Program<"theta" | "observations" | "noise", "action" | "mode">;
type Sizes = Pick<ActorPolicyOptions<unknown>, "encoder" | "actionSize" | "batchSize">;

/** An actor as a policy, which acts at every step. Holds device memory until disposed. */
export class ActorPolicy implements AsyncDisposable {
  readonly #sizes: Sizes;
  readonly #program: ActorProgram;

  static async compile<Network>(options: ActorPolicyOptions<Network>): Promise<ActorPolicy> {
    const { layout, draw, encoder, actionSize, batchSize, device } = options;
    const program = await compile(
      {
        theta: float32(layout.size),
        observations: float32(batchSize, encoder.size),
        noise: float32(batchSize, actionSize),
      },
      ({ theta, observations, noise }) => {
        const { action, mode } = draw(unpack(layout, theta), observations, noise);
        return { action, mode };
      },
      { device },
    );
    return new ActorPolicy({ encoder, actionSize, batchSize }, program);
  }

  private constructor(sizes: Sizes, program: ActorProgram) {
    this.#sizes = sizes;
    this.#program = program;
  }

  /** A policy of the weights `theta`, (P,), in environments of a task. draw: whether it draws its actions, or takes their mode */
  playing(theta: Float32Array | DeviceArray, task: number, draw: boolean): Policy {
    return {
      nObsSteps: 1,
      nActionSteps: 1,
      start: () => undefined,
      act: (rows) => this.#act(theta, task, draw, rows),
    };
  }

  async #act(
    theta: Float32Array | DeviceArray,
    task: number,
    draw: boolean,
    rows: readonly Row[],
  ): Promise<PolicyOutput<undefined, undefined>> {
    const { encoder, actionSize, batchSize } = this.#sizes;
    const observations = new Float32Array(batchSize * encoder.size);
    const noise = new Float32Array(batchSize * actionSize);
    for (const [row, { episode, observations: own }] of rows.entries()) {
      encoder.write(observations, row * encoder.size, own, task);
      if (draw) episode.random.fillNormal(noise.subarray(row * actionSize, (row + 1) * actionSize));
    }
    const { action, mode } = await this.#program.run({ theta, observations, noise });
    return { actions: (draw ? action : mode).slice(0, rows.length * actionSize) };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#program[Symbol.asyncDispose]();
  }
}
