/**
 * @file SAC's actor: a Gaussian whose draws are squashed into actions by tanh.
 * Symbols: B rows, S numbers that the networks see of an observation, A action size.
 */
import { type Mlp, mlp } from "../../nn/index.ts";
import type { Policy, PolicyOutput, Row } from "../../rollout/index.ts";
import {
  add,
  compile,
  type Device,
  type DeviceArray,
  exp,
  float32,
  type Layout,
  log,
  mul,
  type Parameter,
  type Program,
  slice,
  square,
  sub,
  sum,
  tanh,
  unpack,
  type Value,
} from "../../tensor/index.ts";
import type { ObservationEncoder } from "./observation-encoder.ts";

/** Logarithms of the Gaussian's least and largest standard deviation. */
const logDeviations = [-5, 2] as const;

/**
 * Draws an action, with its log-density.
 * observations: (B, S)   noise: standard normal, (B, A)
 * returns: action (B, A) in [-1, 1], its Gaussian's mean squashed (B, A), logProb (B,) in nats
 * Source: CleanRL sac_continuous_action.py (vwxyzjn/cleanrl, 004f8a0), its bounds of the deviation and its 1e-6 included.
 */
export function drawAction(
  actor: Mlp<Value>,
  observations: Value,
  noise: Value,
): { action: Value; mode: Value; logProb: Value } {
  const output = mlp(actor, observations, "relu");
  const actionSize = noise.shape[1];
  const mean = slice(output, 1, 0, actionSize);
  const [low, high] = logDeviations;
  const share = mul(0.5, add(1, tanh(slice(output, 1, actionSize, 2 * actionSize))));
  const logDeviation = add(low, mul(high - low, share));
  const action = tanh(add(mean, mul(exp(logDeviation), noise)));
  const gaussian = sub(sub(mul(-0.5, square(noise)), logDeviation), 0.5 * Math.log(2 * Math.PI));
  const squashing = log(add(sub(1, square(action)), 1e-6));
  return { action, mode: tanh(mean), logProb: sum(sub(gaussian, squashing), { axes: 1 }) };
}

export interface ActorPolicyOptions {
  readonly layout: Layout<{ readonly actor: Mlp<Parameter> }>;
  readonly encoder: ObservationEncoder;
  readonly actionSize: number;
  /** The most rows that act at once. */
  readonly batchSize: number;
  readonly device: Device;
}

/** An actor as a policy, which acts at every step. Holds device memory until disposed. */
export class ActorPolicy implements AsyncDisposable {
  readonly #options: ActorPolicyOptions;
  readonly #program: Program<"theta" | "observations" | "noise", "action" | "mode">;

  static async compile(options: ActorPolicyOptions): Promise<ActorPolicy> {
    const { layout, encoder, actionSize, batchSize, device } = options;
    const program = await compile(
      {
        theta: float32(layout.size),
        observations: float32(batchSize, encoder.size),
        noise: float32(batchSize, actionSize),
      },
      ({ theta, observations, noise }) => {
        const { actor } = unpack(layout, theta) as unknown as { actor: Mlp<Value> };
        const { action, mode } = drawAction(actor, observations, noise);
        return { action, mode };
      },
      { device },
    );
    return new ActorPolicy(options, program);
  }

  private constructor(
    options: ActorPolicyOptions,
    program: Program<"theta" | "observations" | "noise", "action" | "mode">,
  ) {
    this.#options = options;
    this.#program = program;
  }

  /** A policy of the weights `theta` in environments of a task. draw: whether it draws its actions, or takes their mode */
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
    const { encoder, actionSize, batchSize } = this.#options;
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
