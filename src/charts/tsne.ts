/**
 * @file t-SNE: points of many dimensions on a plane, neighbours beside neighbours. Exact, O(n^2) per step.
 * Source: van der Maaten and Hinton 2008, "Visualizing Data using t-SNE", JMLR 9; step sizes and first positions as in
 * scikit-learn 1.9 (_t_sne.py), which follows Belkina et al. 2019.
 * Symbols: n points, D dimensions, P similarities of the points, Q of their positions on the plane, KL(P || Q) the loss.
 */
import { type Random, UserError } from "../base/index.ts";

export interface TsneOptions {
  /** About how many neighbours a point has: less than n. */
  readonly perplexity?: number;
  readonly steps?: number;
}

export interface Tsne {
  /** (n, 2) */
  readonly positions: Float64Array;
  /** KL(P || Q) in nats, the loss. */
  readonly divergence: number;
}

/** Factor of P in the first steps, by which clusters form. */
const exaggeration = 12;
const exaggeratedSteps = 250;
/** Least similarity: keeps logarithms finite. */
const tiny = 1e-12;

/** points: n of (D,)   Throws UserError if there are too few for the perplexity. */
export function tsne(
  points: readonly ArrayLike<number>[],
  random: Random,
  { perplexity = 30, steps = 1000 }: TsneOptions = {},
): Tsne {
  const n = points.length;
  if (perplexity >= n || perplexity < 1)
    throw new UserError(`t-SNE of ${n} points needs a perplexity from 1 to ${n - 1}, got ${perplexity}.`);
  const similarities = jointSimilarities(points, perplexity);
  const positions = initialPositions(points, random);
  const velocity = new Float64Array(2 * n);
  const gains = new Float64Array(2 * n).fill(1);
  const gradient = new Float64Array(2 * n);
  const closeness = new Float64Array(n * n);
  const stepSize = Math.max(n / exaggeration / 4, 50);
  for (let step = 0; step < steps; step++) {
    const early = step < exaggeratedSteps;
    lossGradient(similarities, positions, early ? exaggeration : 1, closeness, gradient);
    const momentum = early ? 0.5 : 0.8;
    for (let i = 0; i < 2 * n; i++) {
      // a coordinate that keeps its direction speeds up, one that turns slows down (Jacobs 1988)
      gains[i] = velocity[i] * gradient[i] < 0 ? gains[i] + 0.2 : Math.max(gains[i] * 0.8, 0.01);
      velocity[i] = momentum * velocity[i] - stepSize * gains[i] * gradient[i];
      positions[i] += velocity[i];
    }
  }
  return { positions, divergence: divergenceOf(similarities, positions, closeness) };
}

/**
 * Probability of each pair if neighbours are drawn from Gaussians around each point: p_ij = (p_j|i + p_i|j) / 2n.
 * returns: (n, n), sums to 1   Source: section 3.1.
 */
function jointSimilarities(points: readonly ArrayLike<number>[], perplexity: number): Float64Array {
  const n = points.length;
  const given = new Float64Array(n * n); // row i: p_j|i
  const distances = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) distances[j] = squaredDistance(points[i], points[j]);
    neighborhood(distances, i, perplexity, given.subarray(i * n, (i + 1) * n));
  }
  const joint = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++)
      joint[i * n + j] = Math.max((given[i * n + j] + given[j * n + i]) / (2 * n), tiny);
  return joint;
}

/**
 * The Gaussian around point `self` under which its neighbours have the given perplexity, 2 to the power of their
 * entropy. Its precision 1 / (2 sigma^2) is found by halving.
 * squared: distances to all points, (n,)   out: the probabilities, (n,), 0 for the point itself
 */
export function neighborhood(
  squared: Float64Array,
  self: number,
  perplexity: number,
  out: Float64Array,
): void {
  const wanted = Math.log(perplexity);
  const nearest = squared.reduce(
    (least, d, j) => (j === self ? least : Math.min(least, d)),
    Number.POSITIVE_INFINITY,
  );
  let [low, high, precision] = [0, Number.POSITIVE_INFINITY, 1];
  for (let halving = 0; halving < 200; halving++) {
    let [sum, weighted] = [0, 0];
    for (let j = 0; j < squared.length; j++) {
      const further = squared[j] - nearest;
      out[j] = j === self ? 0 : Math.exp(-precision * further);
      sum += out[j];
      weighted += out[j] * further;
    }
    const entropy = Math.log(sum) + (precision * weighted) / sum; // nats
    for (let j = 0; j < squared.length; j++) out[j] /= sum;
    if (Math.abs(entropy - wanted) < 1e-10) return;
    if (entropy > wanted) low = precision;
    else high = precision;
    precision = high === Number.POSITIVE_INFINITY ? 2 * precision : (low + high) / 2;
  }
}

/**
 * 4 sum_j (p_ij - q_ij) (y_i - y_j) / (1 + |y_i - y_j|^2) in `gradient`, (n, 2), with P times `factor`.
 * Source: equation 5.
 */
function lossGradient(
  similarities: Float64Array,
  positions: Float64Array,
  factor: number,
  closeness: Float64Array,
  gradient: Float64Array,
): void {
  const n = positions.length / 2;
  const perCloseness = 1 / pairCloseness(positions, closeness);
  for (let i = 0; i < n; i++) {
    const [x, y] = [positions[2 * i], positions[2 * i + 1]];
    let [forceX, forceY] = [0, 0];
    for (let j = 0; j < n; j++) {
      const close = closeness[i * n + j];
      const pull = (factor * similarities[i * n + j] - close * perCloseness) * close;
      forceX += pull * (x - positions[2 * j]);
      forceY += pull * (y - positions[2 * j + 1]);
    }
    gradient[2 * i] = 4 * forceX;
    gradient[2 * i + 1] = 4 * forceY;
  }
}

/** KL(P || Q), in nats. Source: equation 2. */
function divergenceOf(similarities: Float64Array, positions: Float64Array, closeness: Float64Array): number {
  const n = positions.length / 2;
  const total = pairCloseness(positions, closeness);
  let divergence = 0;
  for (let i = 0; i < n * n; i++) {
    if (i % (n + 1) === 0) continue; // a point and itself
    const p = similarities[i];
    divergence += p * Math.log(p / Math.max(closeness[i] / total, tiny));
  }
  return divergence;
}

/**
 * 1 / (1 + |y_i - y_j|^2) of every pair in `closeness`, (n, n), 0 for a point and itself: Student's t with one degree of
 * freedom, up to its factor. returns: their sum, by which q_ij is made to sum to 1
 */
function pairCloseness(positions: Float64Array, closeness: Float64Array): number {
  const n = positions.length / 2;
  let total = 0;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) {
      const dx = positions[2 * i] - positions[2 * j];
      const dy = positions[2 * i + 1] - positions[2 * j + 1];
      const close = 1 / (1 + dx * dx + dy * dy);
      closeness[i * n + j] = close;
      closeness[j * n + i] = close;
      total += 2 * close;
    }
  }
  return total;
}

/**
 * Along the two directions in which the points differ most (principal components, by orthogonal iteration), the first
 * scaled to a standard deviation of 1e-4. returns: (n, 2)
 */
function initialPositions(points: readonly ArrayLike<number>[], random: Random): Float64Array {
  const [n, dimensions] = [points.length, points[0].length];
  const center = Float64Array.from(
    { length: dimensions },
    (_, d) => points.reduce((sum, point) => sum + point[d], 0) / n,
  );
  const centered = points.map((point) => center.map((middle, d) => point[d] - middle));
  const positions = new Float64Array(2 * n);
  const directions: Float64Array[] = [];
  for (let side = 0; side < 2; side++) {
    let direction = random.fillNormal(new Float64Array(dimensions));
    for (let turn = 0; turn < 100; turn++) {
      for (const before of directions) {
        const along = dot(before, direction);
        direction = direction.map((x, d) => x - along * before[d]);
      }
      const length = Math.sqrt(dot(direction, direction)) || 1;
      const unit = direction.map((x) => x / length);
      direction = new Float64Array(dimensions);
      for (const [i, point] of centered.entries()) {
        const along = dot(point, unit);
        positions[2 * i + side] = along;
        for (let d = 0; d < dimensions; d++) direction[d] += along * point[d];
      }
      if (turn === 99) directions.push(unit);
    }
  }
  let variance = 0;
  for (let i = 0; i < n; i++) variance += positions[2 * i] ** 2 / n;
  const scale = 1e-4 / (Math.sqrt(variance) || 1);
  // a little chance moves points apart that differ in one direction only, or not at all
  return positions.map((x) => x * scale + 1e-6 * random.normal());
}

function squaredDistance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let d = 0; d < a.length; d++) sum += (a[d] - b[d]) ** 2;
  return sum;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let d = 0; d < a.length; d++) sum += a[d] * b[d];
  return sum;
}
