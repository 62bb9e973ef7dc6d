/** @file One case in time: equal answers first, then both sides in turn. */
import { cpus } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { UserError } from "../../src/base/index.ts";
import { readTensors } from "../../src/platform/index.ts";
import type { Case } from "./cases.ts";
import { type Contestant, startOurs, startPeer } from "./contestant.ts";
import { loadBoth, requestFor } from "./materials.ts";
import { enoughQuiet, median, type Row } from "./report.ts";

export interface EnvPool {
  /** PyTorch's interpreter. */
  readonly python: string;
  /** Folder of weights and batches. */
  readonly folder: string;
  /** Turns of each side. */
  readonly rounds: number;
}

/** Relative difference of losses or samples up to which both do the same work. */
const tolerance = 1e-4;
/** About how long one turn takes; whatever else the machine does then meets both sides. */
const turnMilliseconds = 250;
/** A round is quiet if other programs got no more of the machine than this share, in either turn. */
const quietShare = 0.1;

const Times = z.object({ wall_ms: z.array(z.number()), cpu_ms: z.array(z.number()) });
/** One entry per step: its loss, or several. */
const Losses = z.object({ losses: z.array(z.number().or(z.array(z.number()))) });

/** Throws UserError, before anything is timed, if the answers differ by more than 1e-4. */
export async function compare(
  { python, folder, rounds }: EnvPool,
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
  const turn = (side: Contestant, count: number) => takeTurn(side, { ...request, count }, clock);
  const countOf = async (side: Contestant) => {
    await turn(side, 2); // warm
    return Math.ceil(turnMilliseconds / (await turn(side, 2)).time);
  };
  const counts = { ours: await countOf(ours), pytorch: await countOf(peer) };
  const pairs: { readonly ours: Turn; readonly pytorch: Turn }[] = [];
  for (let round = 0; round < rounds; round++)
    pairs.push({ ours: await turn(ours, counts.ours), pytorch: await turn(peer, counts.pytorch) });

  const quiet = pairs.filter((pair) => Math.max(pair.ours.others, pair.pytorch.others) <= quietShare);
  const used = quiet.length >= enoughQuiet ? quiet : pairs;
  return {
    name,
    unit: "ms",
    ours: median(used.map((pair) => pair.ours.time)),
    pytorch: median(used.map((pair) => pair.pytorch.time)),
    ratio: median(used.map((pair) => pair.ours.time / pair.pytorch.time)),
    limit: { of: "ratio", atMost: chosen.atMost },
    threads,
    batch: chosen.batch,
    lossDifference,
    clock: threads === 1 ? "processor" : "wall",
    rounds,
    quietRounds: quiet.length,
  };
}

interface Turn {
  /** Milliseconds per call. */
  readonly time: number;
  /** Share of all processors' time that went to other programs. */
  readonly others: number;
}

async function takeTurn(side: Contestant, request: object, clock: "cpu_ms" | "wall_ms"): Promise<Turn> {
  const before = machineTime();
  const answer = await side.ask(Times, request);
  const after = machineTime();
  const busy = after.busy - before.busy - sum(answer.cpu_ms);
  return {
    time: sum(answer[clock]) / answer[clock].length,
    others: Math.max(0, busy) / (after.all - before.all),
  };
}

/** Milliseconds of all processors together, since they were started. */
function machineTime(): { readonly busy: number; readonly all: number } {
  const times = cpus().map((processor) => processor.times);
  const all = sum(times.flatMap((each) => Object.values(each)));
  return { busy: all - sum(times.map(({ idle }) => idle)), all };
}

/** Of the losses of the first two steps, the second of which has felt the gradient; of samples, the distance by the length. */
async function differenceOf(
  folder: string,
  { work }: Case,
  request: object,
  ours: Contestant,
  peer: Contestant,
): Promise<number> {
  const answers = await Promise.all(
    [ours, peer].map(async (side, i) => {
      if (work === "step") return (await side.ask(Losses, { ...request, count: 2 })).losses.flat();
      const output = join(folder, `sample-${i}.safetensors`);
      await side.ask(Times, { ...request, count: 1, output });
      return (await readTensors(output)).tensors.sample.data as Float32Array;
    }),
  );
  const [a, b] = answers.map((answer) => Float64Array.from(answer));
  return Math.hypot(...a.map((x, i) => x - b[i])) / Math.hypot(...b);
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);
