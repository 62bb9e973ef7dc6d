/** @file How far a quickstart has come. */
import { z } from "zod";
import { type Run, readState, writeState } from "../../runs/index.ts";

const Standing = z.strictObject({
  /** How often it was saved. */
  saves: z.int().nonnegative(),
  /** What each stage that was begun took so far. */
  seconds: z.record(z.string(), z.number()),
  /** What each command that is finished has printed, by the name of its folder. */
  printed: z.record(z.string(), z.unknown()),
});
export type Standing = z.infer<typeof Standing>;

/** As it was saved last; of a new run, at its very beginning. */
export async function readStanding({ last }: Run): Promise<Standing> {
  if (last === undefined) return { saves: 0, seconds: {}, printed: {} };
  return Standing.parse((await readState(last)).json);
}

export async function saveStanding(run: Run, standing: Standing): Promise<void> {
  standing.saves++;
  await run.checkpoint(standing.saves, (folder) => writeState(folder, {}, standing));
}
