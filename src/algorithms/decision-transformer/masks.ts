/**
 * @file Masks of HarmoDT: of each task, which parameters it uses. A bit for each, from the lowest of each byte.
 * Symbols: P parameters, N tasks.
 * Source: fl_utils.py of charleshsc/HarmoDT (1c4244f); densities after Evci et al. 2020, arXiv:1911.11134, appendix.
 */
import { maximum, type Random } from "../../base/index.ts";
import { flatten, type Layout, layoutOf, type Shape, sizeOf } from "../../tensor/index.ts";
import type { SequenceModel } from "./model.ts";

/** True for parameters that every task uses whole, whatever its mask: embeddings and the head. */
const isShared = (path: string): boolean => !path.startsWith("transformer.");

const isSet = (mask: Uint8Array, i: number): boolean => (mask[i >> 3] & (1 << (i & 7))) !== 0;
const flip = (mask: Uint8Array, i: number): void => {
  mask[i >> 3] ^= 1 << (i & 7);
};

/**
 * Density of each tensor, so that all together have `density`: that of an Erdos-Renyi graph, proportional to the sum of its axes
 * over their product, at most 1.
 */
export function kernelDensities(shapes: readonly Shape[], density: number): number[] {
  const raw = shapes.map((shape) => shape.reduce((sum, axis) => sum + axis, 0) / sizeOf(shape));
  const dense = new Set<number>();
  for (;;) {
    let [kept, divisor] = [0, 0];
    for (const [i, shape] of shapes.entries()) {
      const size = sizeOf(shape);
      kept += dense.has(i) ? (density - 1) * size : density * size;
      if (!dense.has(i)) divisor += raw[i] * size;
    }
    const epsilon = kept / divisor;
    const beyond = [...raw.keys()].filter((i) => !dense.has(i) && raw[i] * epsilon > 1);
    if (beyond.length === 0) return raw.map((each, i) => (dense.has(i) ? 1 : each * epsilon));
    const highest = maximum(beyond.map((i) => raw[i]));
    for (const i of beyond) if (raw[i] === highest) dense.add(i);
  }
}

/** A task's first mask: each parameter is used with its tensor's density. */
export function drawMask({ entries, size }: Layout<unknown>, density: number, random: Random): Uint8Array {
  const densities = kernelDensities(
    entries.map(({ shape }) => shape),
    density,
  );
  const mask = new Uint8Array(Math.ceil(size / 8));
  for (const [n, { offset, shape }] of entries.entries())
    for (let i = offset; i < offset + sizeOf(shape); i++)
      if (densities[n] >= 1 || random.uniform() < densities[n]) flip(mask, i);
  return mask;
}

/**
 * A mask as trainers take it, a byte for 4 parameters: the task uses what is set and all that is shared, and moves what is set,
 * of what is shared too.
 */
export function trainingMask({ entries, size }: Layout<unknown>, mask: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(size / 4));
  for (const { path, offset, shape } of entries) {
    const shared = isShared(path);
    for (let i = offset; i < offset + sizeOf(shape); i++) {
      const own = isSet(mask, i);
      if (own || shared) bytes[i >> 2] |= (own ? 17 : 1) << (i & 3);
    }
  }
  return bytes;
}

/** The parameters with which a policy acts in a task. (P,) */
export function maskedTheta({ network, masks }: SequenceModel, task: number): Float32Array {
  const layout = layoutOf(network);
  const theta = new Float32Array(layout.size);
  flatten(network, theta);
  const mask = masks?.[task];
  if (mask === undefined) return theta;
  for (const { path, offset, shape } of layout.entries) {
    if (isShared(path)) continue;
    for (let i = offset; i < offset + sizeOf(shape); i++) if (!isSet(mask, i)) theta[i] = 0;
  }
  return theta;
}

/** Importance of a parameter to a task beside the agreement of gradients; "random": masks stay as they were drawn. */
export type Importance = "fisher" | "magnitude" | "random";

/**
 * Parameters that each mask swaps after step `step` of `steps`, from 0. published: they rise to 100 in the middle and fall again,
 * for the source has 2 pi where its text describes annealing; else they fall from 100 to 0
 */
export function swapCount(step: number, steps: number, published: boolean): number {
  const angle = (published ? 2 : 1) * Math.PI * (step / steps);
  const share = (1 + Math.cos(angle)) / 2;
  return Math.trunc(100 * (published ? 1 - share : share));
}

export interface MaskUpdate {
  /** (P,) */
  readonly theta: Float32Array;
  /** Of each task that has data, by its number, (P,) each: of parameters that it does not use as well. */
  readonly gradients: ReadonlyMap<number, Float32Array>;
  readonly count: number;
  readonly importance: Importance;
  /** True: as the source computes it, whose mean gradient takes the place of the first task's own. */
  readonly published: boolean;
}

/** Weight of the agreement beside the importance. */
const agreementWeight = 10;

/**
 * Masks after an update: each drops the `count` used parameters with the lowest 10 g_mean g + importance and takes those unused
 * with the highest g_mean g; among equals those that come first. Changes `masks` in place.
 */
export function updateMasks(
  masks: readonly Uint8Array[],
  { theta, gradients, count, importance, published }: MaskUpdate,
): void {
  const { length: size } = theta;
  const average = new Float32Array(size);
  for (const gradient of gradients.values())
    for (let i = 0; i < size; i++) average[i] += gradient[i] / gradients.size;
  const [first] = gradients.keys();
  for (const [task, gradient] of gradients) {
    const own = published && task === first ? average : gradient;
    const agreement = (i: number) => average[i] * own[i];
    const importanceOf = (i: number) => {
      if (importance === "random") return 0;
      return importance === "fisher" ? own[i] ** 2 : Math.abs(theta[i]);
    };
    const mask = masks[task];
    const dropped = lowest(
      count,
      size,
      (i) => isSet(mask, i),
      (i) => agreementWeight * agreement(i) + importanceOf(i),
    );
    const taken = lowest(
      count,
      size,
      (i) => !isSet(mask, i),
      (i) => -agreement(i),
    );
    for (const i of [...dropped, ...taken]) flip(mask, i);
  }
}

/** The `count` numbers below `size` with the lowest scores, of those that `counts`. */
function lowest(
  count: number,
  size: number,
  counts: (i: number) => boolean,
  score: (i: number) => number,
): number[] {
  const found: { readonly i: number; readonly score: number }[] = []; // ascending
  if (count === 0) return [];
  for (let i = 0; i < size; i++) {
    if (!counts(i)) continue;
    const own = score(i);
    if (found.length === count && own >= found[count - 1].score) continue;
    let at = found.length;
    while (at > 0 && found[at - 1].score > own) at--;
    found.splice(at, 0, { i, score: own });
    if (found.length > count) found.pop();
  }
  return found.map(({ i }) => i);
}
