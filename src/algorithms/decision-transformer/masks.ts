/**
 * @file Masks of HarmoDT: of each task, which parameters it uses. A bit for each, from the lowest of each byte.
 * Symbols: P parameters.
 */
import { flatten, layoutOf } from "../../tensor/index.ts";
import type { SequenceModel } from "./model.ts";

/** True for parameters that every task uses whole, whatever its mask: embeddings and the head. */
export const isShared = (path: string): boolean => !path.startsWith("transformer.");

/** The parameters with which a policy acts in a task. (P,) */
export function maskedTheta({ network, masks }: SequenceModel, task: number): Float32Array {
  const layout = layoutOf(network);
  const theta = new Float32Array(layout.size);
  flatten(network, theta);
  const mask = masks?.[task];
  if (mask === undefined) return theta;
  for (const { path, offset, shape } of layout.entries) {
    if (isShared(path)) continue;
    const end = offset + shape.reduce((size, axis) => size * axis, 1);
    for (let i = offset; i < end; i++) if ((mask[i >> 3] & (1 << (i & 7))) === 0) theta[i] = 0;
  }
  return theta;
}
