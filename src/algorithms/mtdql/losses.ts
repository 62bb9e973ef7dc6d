/**
 * @file The losses of diffusion Q-learning, and its networks: a denoiser of single actions and two critics.
 * Symbols: B batch, N tasks, A action size, S numbers seen of an observation and the task, W width, E numbers that tell the
 * timestep, K diffusion timesteps.
 * Source: Wang et al. 2023, arXiv:2208.06193, ql_diffusion.py, diffusion.py, model.py (Zhendong-Wang/
 * Diffusion-Policies-for-Offline-RL, d871f5c).
 */
import type { Random } from "../../base/index.ts";
import {
  type Denoise,
  type DenoisingSteps,
  type Diffusion,
  denoisingLoss,
  stepMean,
} from "../../diffusion/index.ts";
import {
  atTimestep,
  type Dense,
  initLinear,
  initMlp,
  type Mlp,
  mlp,
  sinusoidFeatures,
  uniformByFanIn,
} from "../../nn/index.ts";
import {
  abs,
  add,
  concat,
  constant,
  div,
  greater,
  matmul,
  mean,
  minimum,
  mish,
  mul,
  type Parameter,
  reshape,
  slice,
  square,
  stopGradient,
  sub,
  type Value,
  where,
} from "../../tensor/index.ts";

/** Numbers that tell the timestep, E. */
const timeSize = 16;

/** Predicts the noise in an action. T is Parameter outside a graph, Value inside. */
export interface DiffusionActor<T> {
  readonly time: readonly Dense<T>[];
  /** The first layer, cut by what it is given, so that each is multiplied once: (A, W), (E, W), (S, W), (W,). */
  readonly input: { readonly action: T; readonly time: T; readonly seen: T; readonly bias: T };
  readonly hidden: Mlp<T>;
}
/** Two critics, each of what is seen and the action. */
export type ActionCritics<T> = readonly [Mlp<T>, Mlp<T>];

export interface ActorSizes {
  /** Numbers seen: of the observation, and one for each task. S */
  readonly seen: number;
  readonly action: number;
  /** Widths of the hidden layers, all equal: W. */
  readonly width: number;
}
const layers = 3;

/** First weights: PyTorch's. */
export function initActor({ seen, action, width }: ActorSizes, random: Random): DiffusionActor<Parameter> {
  const inputs = action + timeSize + seen;
  const part = (rows: number, name: string) =>
    uniformByFanIn([rows, width], inputs, random.split("input").split(name));
  return {
    time: [
      initLinear(timeSize, 2 * timeSize, random.split("time.0")),
      initLinear(2 * timeSize, timeSize, random.split("time.1")),
    ],
    input: {
      action: part(action, "action"),
      time: part(timeSize, "time"),
      seen: part(seen, "seen"),
      bias: uniformByFanIn([width], inputs, random.split("input").split("bias")),
    },
    hidden: initMlp([...new Array<number>(layers).fill(width), action], random.split("hidden")),
  };
}

export function initActionCritics(
  { seen, action, width }: ActorSizes,
  random: Random,
): ActionCritics<Parameter> {
  const sizes = [seen + action, ...new Array<number>(layers).fill(width), 1];
  return [initMlp(sizes, random.split("first critic")), initMlp(sizes, random.split("second critic"))];
}

/** The actor as what removes noise from actions, (B, A). The condition's vector is what is seen, (B, S). */
export const denoiserOf =
  ({ time, input, hidden }: DiffusionActor<Value>, numTrainTimesteps: number): Denoise =>
  (sample, timestep, { vector }) => {
    const table = sinusoidFeatures(numTrainTimesteps, timeSize);
    const fromTime = atTimestep(timestep, table, (rows) => matmul(mlp(time, rows, "mish"), input.time));
    const fromSeen = add(matmul(vector, input.seen), input.bias);
    const first = add(matmul(sample, input.action), add(fromTime, fromSeen));
    return mlp(hidden, mish(first), "mish");
  };

/** Standard normal draws of a chain. */
export interface ChainDraws {
  /** (B, A) */
  readonly start: Value;
  /** (denoising steps, B, A) */
  readonly noise: Value;
}

/**
 * Actions, (B, A), all denoising steps one after another: unlike a loop, this has a gradient.   seen: (B, S)
 * denoise: of the actor
 */
export function drawnActions(
  steps: DenoisingSteps,
  denoise: Denoise,
  seen: Value,
  { start, noise }: ChainDraws,
): Value {
  return steps.std.reduce((sample, std, j) => {
    const center = stepMean(steps, denoise, sample, constant(Int32Array.of(j), []), { vector: seen });
    if (std === 0) return center;
    return add(center, mul(std, reshape(slice(noise, 0, j, j + 1), sample.shape)));
  }, start);
}

/** Value by a critic.   seen: (B, S)   actions: (B, A)   returns: (B,) */
const qOf = (critic: Mlp<Value>, seen: Value, actions: Value): Value =>
  reshape(mlp(critic, concat([seen, actions], 1), "mish"), [seen.shape[0]]);

/** The lower of what both critics expect.   returns: (B,) */
export const lowerQ = ([first, second]: ActionCritics<Value>, seen: Value, actions: Value): Value =>
  minimum(qOf(first, seen, actions), qOf(second, seen, actions));

/** Transitions as the networks see them. */
export interface SeenTransitions {
  /** (B, S) */
  readonly now: Value;
  readonly next: Value;
  /** (B, A) */
  readonly action: Value;
  /** (B,) */
  readonly reward: Value;
  /** 0 where nothing follows, else 1. (B,) */
  readonly goesOn: Value;
}

/**
 * Squared errors of both critics, added up, to the reward and the averaged critics' lower value of the averaged actor's next action.
 * returns: ()   Source: eq. 4.
 */
export function criticLoss(
  critics: ActionCritics<Value>,
  targets: ActionCritics<Value>,
  nextActions: Value,
  { now, next, action, reward, goesOn }: SeenTransitions,
  discount: number,
): Value {
  const after = mul(mul(discount, goesOn), lowerQ(targets, next, nextActions));
  const target = stopGradient(add(reward, after));
  const errorOf = (critic: Mlp<Value>) => mean(square(sub(qOf(critic, now, action), target)));
  return add(errorOf(critics[0]), errorOf(critics[1]));
}

/** Draws of the actor's loss. */
export interface ActorDraws {
  /** Noise put into the data's actions, standard normal, (B, A), and at which timestep: int32, (B,). */
  readonly imitation: { readonly noise: Value; readonly timestep: Value };
  /** Of the actor's own actions. */
  readonly chain: ChainDraws;
  /** Uniform in [0, 1): above a half the first critic judges, by the scale of the second; else the other way round. () */
  readonly coin: Value;
}

/**
 * Denoising loss of the data's actions, and minus what a critic expects of the actor's own, over the mean size of what the other
 * expects; their sum, eta times the second, is minimized.   returns: () each   Source: eq. 3, its scale as in the code.
 */
export function actorLosses(
  diffusion: Diffusion,
  steps: DenoisingSteps,
  actor: DiffusionActor<Value>,
  critics: ActionCritics<Value>,
  { now, action }: Pick<SeenTransitions, "now" | "action">,
  { imitation, chain, coin }: ActorDraws,
): { readonly imitation: Value; readonly value: Value } {
  const denoise = denoiserOf(actor, diffusion.schedule.numTrainTimesteps);
  const own = drawnActions(steps, denoise, now, chain);
  const [first, second] = critics.map((critic) => qOf(critic, now, own));
  const ratio = (judge: Value, other: Value) => div(mean(judge), stopGradient(mean(abs(other))));
  const expected = where(greater(coin, 0.5), ratio(first, second), ratio(second, first));
  return {
    imitation: denoisingLoss(diffusion, denoise, { clean: action, condition: { vector: now }, ...imitation }),
    value: mul(-1, expected),
  };
}
