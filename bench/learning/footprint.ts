/** @file Costs of a training step beside its time: memory, and the wait before the first one. */
import { z } from "zod";
import { footprint } from "./cases.ts";
import type { EnvPool } from "./compare.ts";
import { startOurs, startPeer } from "./contestant.ts";
import { loadBoth, makeSmallestNetwork } from "./materials.ts";
import { median, type Row } from "./report.ts";

/** New processes for each measurement: memory once touched is seldom given back. */
const processes = 3;

/**
 * Memory: at its peak, weights and batch included, above the process that has loaded its libraries. Only Linux tells.
 * Session: from the loss as a function to a program that can run.
 */
export async function measureFootprint({ python, folder }: EnvPool): Promise<Row[]> {
  const waits: number[] = [];
  const memories: { readonly ours: number; readonly pytorch: number }[] = [];
  for (let i = 0; i < processes; i++) {
    using ours = startOurs();
    using peer = startPeer(python);
    await ours.ask(z.object({}), { command: "ready" });
    await makeSmallestNetwork(folder, peer);
    const idle = { ours: await ours.memory(), pytorch: await peer.memory() };

    const { ready } = await loadBoth(folder, footprint.case, 1, ours, peer);
    waits.push(ready);
    for (const side of [ours, peer]) await side.ask(z.object({}), { command: "step", count: 5 });
    const used = { ours: await ours.memory(), pytorch: await peer.memory() };
    if (idle.ours && idle.pytorch && used.ours && used.pytorch)
      memories.push({
        ours: used.ours.peak - idle.ours.now,
        pytorch: used.pytorch.peak - idle.pytorch.now,
      });
  }
  const common = {
    threads: 1,
    batch: footprint.case.batch,
    lossDifference: null,
    rounds: processes,
    quietRounds: null,
  };
  const wait: Row = {
    ...common,
    name: "session-64-b256",
    unit: "ms",
    clock: "processor",
    ours: median(waits),
    pytorch: null,
    ratio: null,
    limit: { of: "ours", atMost: footprint.readyAtMost },
  };
  if (memories.length === 0) return [wait];
  const memory: Row = {
    ...common,
    name: "memory-64-b256",
    unit: "MB",
    clock: null,
    ours: median(memories.map((each) => each.ours)),
    pytorch: median(memories.map((each) => each.pytorch)),
    ratio: median(memories.map((each) => each.ours / each.pytorch)),
    limit: { of: "ours", atMost: footprint.memoryAtMost },
  };
  return [wait, memory];
}
