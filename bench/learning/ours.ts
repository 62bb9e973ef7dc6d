/**
 * @file Our contestant: reads one JSON command per line on stdin, answers each with one JSON line on stdout, as peer.py.
 *
 * {"command": "ready"}                                                           -> {onnxruntime}
 * {"command": "load", "work", "kind", "width", "stride"?, "threads", "weights", "batch"} -> {ready_ms}
 *     work: "step" or "sample". ready_ms: from the function to the session that runs it, in processor time.
 * {"command": "step", "count"}                                                   -> {wall_ms, cpu_ms, losses}
 * {"command": "sample", "count", "output"?}                                      -> {wall_ms, cpu_ms}
 */
import { createInterface } from "node:readline";
import { env } from "onnxruntime-node";
import { z } from "zod";
import { cpu } from "../../src/devices/index.ts";
import { readTensors, writeTensors } from "../../src/platform/index.ts";
import { loadAgent } from "./agent.ts";
import { loadConvolution } from "./convolution.ts";
import { loadHarmodt } from "./harmodt.ts";
import { loadPlanner } from "./planner.ts";

const Load = z.object({
  work: z.enum(["step", "sample"]),
  kind: z.enum(["unet", "mlp", "sac", "conv2d", "harmodt"]),
  width: z.int(),
  stride: z.int().optional(),
  threads: z.int(),
  weights: z.string(),
  batch: z.string(),
});
const Step = z.object({ count: z.int() });
const Sample = z.object({ count: z.int(), output: z.string().optional() });

const nothing = () => Promise.reject(new Error("Nothing is loaded: send a load command first."));
let step: () => Promise<number | readonly number[]> = nothing;
let sample: () => Promise<Float32Array> = nothing;

const commands: Readonly<Record<string, (request: unknown) => Promise<object>>> = {
  ready: async () => ({ onnxruntime: env.versions.node }),

  load: async (request) => {
    const { work, kind, width, stride = 1, threads, ...paths } = Load.parse(request);
    const { tensors: weights } = await readTensors(paths.weights);
    const { tensors: batch } = await readTensors(paths.batch);
    // An agent's networks are small: threads that wait busily take each other's time.
    const device = cpu({ threads, spin: threads > 1 && kind !== "sac" });
    const planner = kind === "unet" || kind === "mlp" ? loadPlanner({ kind, width }, weights) : null;
    const used = process.cpuUsage();
    if (planner !== null && work === "sample") sample = await planner.sampler(batch, device);
    else if (planner !== null) step = await planner.trainer(batch, device);
    else if (kind === "sac") step = await loadAgent(width, weights, batch, device);
    else if (kind === "harmodt") step = await loadHarmodt(width, weights, batch, device);
    else step = await loadConvolution({ width, stride }, weights, batch, device);
    return { ready_ms: processorMilliseconds(used) };
  },

  step: async (request) => {
    const { times, results } = await measure(step, Step.parse(request).count);
    return { ...times, losses: results };
  },

  sample: async (request) => {
    const { count, output } = Sample.parse(request);
    const { times, results } = await measure(sample, count);
    const data = results[count - 1];
    if (output !== undefined)
      await writeTensors(output, { sample: { dtype: "F32", shape: [data.length], data } });
    return times;
  },
};

/** Calls `work` `count` times. Returns its times in milliseconds, processor time of all threads together. */
async function measure<Result>(work: () => Promise<Result>, count: number) {
  const times = { wall_ms: [] as number[], cpu_ms: [] as number[] };
  const results: Result[] = [];
  for (let i = 0; i < count; i++) {
    const [start, used] = [performance.now(), process.cpuUsage()];
    results.push(await work());
    times.cpu_ms.push(processorMilliseconds(used));
    times.wall_ms.push(performance.now() - start);
  }
  return { times, results };
}

/** Since `process.cpuUsage()` gave `before`. */
function processorMilliseconds(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e3;
}

for await (const line of createInterface({ input: process.stdin })) {
  const { command, ...request } = JSON.parse(line);
  console.log(JSON.stringify(await commands[command](request)));
}
