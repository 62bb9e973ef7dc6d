/**
 * @file A critic for few data: the mean reward per step that a state promises, by ridge regression. It has no learning
 * rate, and as its targets do not contain its own values it cannot run away.
 * Symbols: N states, C features of an observation, D numbers that the value is linear in, L steps after which an episode
 * is truncated, gamma discount per environment step, F(m) worth of one reward per step over m steps.
 */
import { deviationOf, momentsOf, type StoredTensors, UserError } from "../../base/index.ts";
import type { RewardBounds } from "./reward-bounds.ts";

/** A state, and the time since its episode began. */
export interface TimedState {
  /** Features of the latest observation. (C,) */
  readonly features: Float32Array;
  /** Steps since the episode began, 0 to L. */
  readonly step: number;
}

export interface RidgeCriticOptions {
  /** C */
  readonly featureSize: number;
  /** L */
  readonly maxSteps: number;
  /** gamma */
  readonly discount: number;
}

/** Discounted worth of one reward per step over the next `steps` steps, F; 0 where none is left. */
export function worthOfSteps(steps: number, discount: number): number {
  if (steps <= 0) return 0;
  return discount === 1 ? steps : (1 - discount ** steps) / (1 - discount);
}

/** So many of the latest batches are fitted together. */
const keptBatches = 4;
/** Penalty on squared weights, per state. */
const penalty = 0.01;
/** Share of the old mean and deviation of the targets that a fit keeps. */
const inertia = 0.9;
/** Standardised features are clipped to it. */
const limit = 5;

interface Batch {
  /** (N, C) */
  readonly features: Float32Array;
  /** (N,) */
  readonly steps: Float32Array;
  /** Discounted returns over F of the steps that are left: rewards per step. (N,) */
  readonly rates: Float32Array;
}

/**
 * V(s, step) = F(L - step) clip(mean + deviation w . x, low, high), where x holds the standardised features, its
 * squares, three powers of the share of time that is left, and 1.
 */
export class RidgeCritic {
  readonly #options: RidgeCriticOptions;
  #batches: readonly Batch[] = [];
  /** Mean and deviation by which features are standardised: fixed by the first batch. (C,) each */
  #center: Float64Array | undefined;
  #scale: Float64Array;
  #target = { mean: 0, deviation: 1 };
  /** (D,) */
  #weights: Float64Array;

  constructor(options: RidgeCriticOptions) {
    this.#options = options;
    this.#scale = new Float64Array(options.featureSize).fill(1);
    this.#weights = new Float64Array(2 * options.featureSize + 4);
  }

  /** Discounted rewards that are still to come, within F(L - step) [low, high]; 0 until `fit` was called. (N,) */
  values(states: readonly TimedState[], { low, high }: RewardBounds): Float64Array {
    return Float64Array.from(states, ({ features, step }) => {
      const rate = this.#center === undefined ? 0 : this.#rate(features, step);
      return this.#worth(step) * Math.min(Math.max(rate, low), high);
    });
  }

  /**
   * Learns discounted returns, (N,), of states with time left; others are passed over. Throws UserError for a return that
   * is not finite.
   */
  fit(states: readonly TimedState[], returns: ArrayLike<number>): void {
    const some = [...states.keys()].filter((i) => this.#worth(states[i].step) > 0);
    if (some.length === 0) return;
    const wrong = some.find((i) => !Number.isFinite(returns[i]));
    if (wrong !== undefined) throw new UserError(`A critic learns finite returns, got ${returns[wrong]}.`);
    const { featureSize } = this.#options;
    const features = new Float32Array(some.length * featureSize);
    some.forEach((i, row) => {
      features.set(states[i].features, row * featureSize);
    });
    const batch = {
      features,
      steps: Float32Array.from(some, (i) => states[i].step),
      rates: Float32Array.from(some, (i) => returns[i] / this.#worth(states[i].step)),
    };
    if (this.#center === undefined) this.#standardizeBy(features);
    this.#batches = [...this.#batches, batch].slice(-keptBatches);
    this.#solve(this.#batches.length === 1);
  }

  /** Everything that a continued run needs. */
  tensors(): StoredTensors {
    const vector = (data: Float64Array) => ({ dtype: "F64", shape: [data.length], data }) as const;
    const kept = this.#batches.flatMap((batch, i) =>
      Object.entries(batch).map(
        ([name, data]) =>
          [`critic.batch.${i}.${name}`, { dtype: "F32", shape: [data.length], data }] as const,
      ),
    );
    if (this.#center === undefined) return {};
    return {
      "critic.center": vector(this.#center),
      "critic.scale": vector(this.#scale),
      "critic.target": vector(Float64Array.of(this.#target.mean, this.#target.deviation)),
      "critic.weights": vector(this.#weights),
      ...Object.fromEntries(kept),
    };
  }

  /** Goes on from `tensors`, bit for bit. */
  restore(tensors: StoredTensors): void {
    if (!("critic.center" in tensors)) return;
    const doubles = (name: string) => (tensors[name].data as Float64Array).slice();
    this.#center = doubles("critic.center");
    this.#scale = doubles("critic.scale");
    const [mean, deviation] = doubles("critic.target");
    this.#target = { mean, deviation };
    this.#weights = doubles("critic.weights");
    const batches: Batch[] = [];
    for (let i = 0; `critic.batch.${i}.rates` in tensors; i++) {
      const floats = (name: keyof Batch) =>
        (tensors[`critic.batch.${i}.${name}`].data as Float32Array).slice();
      batches.push({
        features: floats("features"),
        steps: floats("steps"),
        rates: floats("rates"),
      });
    }
    this.#batches = batches;
  }

  /** F(L - step) */
  #worth(step: number): number {
    return worthOfSteps(this.#options.maxSteps - step, this.#options.discount);
  }

  /** Reward per step that a state promises. */
  #rate(features: Float32Array, step: number): number {
    const { mean, deviation } = this.#target;
    return mean + deviation * dot(this.#weights, this.#expand(features, step));
  }

  /** x, (D,) */
  #expand(features: Float32Array, step: number): Float64Array {
    const size = this.#options.featureSize;
    const x = new Float64Array(2 * size + 4);
    for (let i = 0; i < size; i++) {
      const standard = (features[i] - (this.#center as Float64Array)[i]) / this.#scale[i];
      x[i] = Math.min(Math.max(standard, -limit), limit);
      x[size + i] = x[i] ** 2;
    }
    const left = (this.#options.maxSteps - step) / this.#options.maxSteps;
    x.set([left, left ** 2, left ** 3, 1], 2 * size);
    return x;
  }

  #standardizeBy(features: Float32Array): void {
    const size = this.#options.featureSize;
    const rows = features.length / size;
    const moments = Array.from({ length: size }, (_, i) =>
      momentsOf(Float64Array.from({ length: rows }, (_, row) => features[row * size + i])),
    );
    this.#center = Float64Array.from(moments, ({ mean }) => mean);
    this.#scale = Float64Array.from(moments, (each) => deviationOf(each) + 1e-3);
  }

  /** w minimises sum (w . x - (rate - mean) / deviation)^2 + penalty N |w|^2 over all kept batches. */
  #solve(first: boolean): void {
    const rates = this.#batches.flatMap((batch) => [...batch.rates]);
    const fresh = momentsOf(rates);
    const keep = first ? 0 : inertia;
    const mix = (old: number, now: number) => keep * old + (1 - keep) * now;
    this.#target = {
      mean: mix(this.#target.mean, fresh.mean),
      deviation: mix(this.#target.deviation, deviationOf(fresh) + 1e-8),
    };
    const { mean, deviation } = this.#target;
    const size = this.#weights.length;
    const matrix = Array.from({ length: size }, (_, i) => {
      const row = new Float64Array(size);
      row[i] = penalty * rates.length;
      return row;
    });
    const right = new Float64Array(size);
    for (const { features, steps, rates: own } of this.#batches) {
      const width = this.#options.featureSize;
      for (const [row, rate] of own.entries()) {
        const x = this.#expand(features.subarray(row * width, (row + 1) * width), steps[row]);
        const y = (rate - mean) / deviation;
        for (let i = 0; i < size; i++) {
          right[i] += x[i] * y;
          for (let j = 0; j <= i; j++) matrix[i][j] += x[i] * x[j];
        }
      }
    }
    this.#weights = solvePositive(matrix, right);
  }
}

/**
 * The solution w of A w = b by Cholesky's factorisation.   lower: A's lower triangle, positive definite, (D, D); it is
 * overwritten   b: (D,)   returns: (D,)
 */
export function solvePositive(lower: readonly Float64Array[], b: Float64Array): Float64Array {
  const size = b.length;
  for (let i = 0; i < size; i++)
    for (let j = 0; j <= i; j++) {
      let rest = lower[i][j];
      for (let k = 0; k < j; k++) rest -= lower[i][k] * lower[j][k];
      lower[i][j] = i === j ? Math.sqrt(rest) : rest / lower[j][j];
    }
  const w = b.slice();
  for (let i = 0; i < size; i++) {
    for (let k = 0; k < i; k++) w[i] -= lower[i][k] * w[k];
    w[i] /= lower[i][i];
  }
  for (let i = size - 1; i >= 0; i--) {
    for (let k = i + 1; k < size; k++) w[i] -= lower[k][i] * w[k];
    w[i] /= lower[i][i];
  }
  return w;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}
