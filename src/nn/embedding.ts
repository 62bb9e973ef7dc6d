/** @file Tables with a learned vector for each of n things; `gather` looks them up. */
import type { Random } from "../base/index.ts";
import type { Parameter, Shape } from "../tensor/index.ts";
import { parameterNumbers } from "./parameter-room.ts";

/** Normal with mean 0. */
export function gaussian(shape: Shape, deviation: number, random: Random): Parameter {
  const data = random.fillNormal(parameterNumbers(shape));
  for (let i = 0; i < data.length; i++) data[i] *= deviation;
  return { shape, data };
}

/** First values of a table, standard normal.   returns: (rows, size)   Source: torch.nn.Embedding. */
export const initEmbedding = (rows: number, size: number, random: Random): Parameter =>
  gaussian([rows, size], 1, random);
