/** @file One case in time: equal answers first, then both sides in turn. */
import { join } from "node:path";
import { z } from "zod";
import { readTensors, UserError } from "../../src/base/index.ts";
import type { Case } from "./cases.ts";
import { type Contestant, startOurs, startPeer } from "./contestant.ts";
import { loadBoth, requestFor } from "./materials.ts";
import { median, type Row } from "./report.ts";

export interface Stage {
  /** PyTorch's interpreter. */
  readonly python: string;
  /** Where weights and batches lie. */
  readonly folder: string;
  /** How often each side gets its turn. */
  readonly rounds: number;
}

/** Relative difference of losses or samples up to which both do the same work. */
const tolerance = 1e-4;
/** About how long one turn takes; whatever else the machine does then meets both sides. */
const turnMilliseconds = 250;

const Times = z.object({ wall_ms: z.array(z.number()), cpu_ms: z.array(z.number()) });
const Losses = z.object({ losses: z.array(z.number()) });

/** Throws UserError, before anything is timed, if the answers differ by more than 1e-4. */
export async function compare(
  { python, folder, rounds }: Stage,
  name: string,
  chosen: Case & { readonly atMost: number },
  threads: number,
): Promise<Row> {
  using ours = startOurs();
  using peer = startPeer(python);
  await loadBoth(folder, chosen, threads, ours, peer);
  const request = await requestFor(folder, chosen);

  const lossDifference = await differenceOf(folder, chosen, request, ours, peer);
  if (!(lossDifference <= tolerance))
    throw new UserError(
      `${name}: our answer and PyTorch's differ by ${lossDifference.toExponential(1)}, but only equal work is timed (up to ${tolerance}).`,
    );

  // One thread: processor time, which other programs disturb least. Several: what the threads are for, time on the wall.
  const clock = threads === 1 ? "cpu_ms" : "wall_ms";
  const timeOf = async (side: Contestant, count: number) =>
    mean((await side.ask(Times, { ...request, count }))[clock]);
  const countOf = async (side: Contestant) => {
    await timeOf(side, 2); // warm
    return Math.ceil(turnMilliseconds / (await timeOf(side, 2)));
  };
  const counts = { ours: await countOf(ours), pytorch: await countOf(peer) };
  const turns: { readonly ours: number; readonly pytorch: number }[] = [];
  for (let round = 0; round < rounds; round++)
    turns.push({ ours: await timeOf(ours, counts.ours), pytorch: await timeOf(peer, counts.pytorch) });
  return {
    name,
    unit: "ms",
    ours: median(turns.map((turn) => turn.ours)),
    pytorch: median(turns.map((turn) => turn.pytorch)),
    ratio: median(turns.map((turn) => turn.ours / turn.pytorch)),
    limit: { of: "ratio", atMost: chosen.atMost },
    threads,
    batch: chosen.batch,
    lossDifference,
    clock: threads === 1 ? "processor" : "wall",
    rounds,
  };
}

/** Of the loss of the first two steps, the second of which has felt the gradient; of samples, the distance by the length. */
async function differenceOf(
  folder: string,
  { work }: Case,
  request: object,
  ours: Contestant,
  peer: Contestant,
): Promise<number> {
  const answers = await Promise.all(
    [ours, peer].map(async (side, i) => {
      if (work === "step") return (await side.ask(Losses, { ...request, count: 2 })).losses;
      const output = join(folder, `sample-${i}.safetensors`);
      await side.ask(Times, { ...request, count: 1, output });
      return (await readTensors(output)).tensors.sample.data as Float32Array;
    }),
  );
  const [a, b] = answers.map((answer) => Float64Array.from(answer));
  return Math.hypot(...a.map((x, i) => x - b[i])) / Math.hypot(...b);
}

const mean = (times: readonly number[]): number => times.reduce((sum, time) => sum + time, 0) / times.length;
