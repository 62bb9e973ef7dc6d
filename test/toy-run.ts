/**
 * @file A training small enough to be killed hundreds of times: weights walk at random.
 * As a program: `toy-run.ts <folder> <steps> <milliseconds per step>` starts a run, or resumes what is there.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Random, type RandomState } from "../src/base/index.ts";
import { Run, readState, writeState } from "../src/runs/index.ts";

export const toyStart = { kind: "toy", config: { steps: 1 }, overrides: {}, command: "sodp toy", seed: 7 };
/** Steps from one checkpoint to the next. */
const every = 5;

/** Walks until `steps`; a checkpoint's score rises and falls, so that the best is not the last. */
export async function walk(run: Run, steps: number, milliseconds = 0): Promise<void> {
  let weights = new Float32Array(8);
  let random = new Random(toyStart.seed);
  let step = 0;
  if (run.last !== undefined) {
    const { tensors, json } = await readState(run.last);
    weights = tensors.weights.data as Float32Array<ArrayBuffer>;
    ({ step } = json as { step: number });
    random = Random.restore((json as { random: RandomState }).random);
  }
  while (step < steps) {
    step++;
    for (let i = 0; i < weights.length; i++) weights[i] += random.normal();
    run.log({ grad_steps: step }, { "train/loss": weights[0], "train/size": Math.hypot(...weights) });
    run.progress(step, steps, { loss: weights[0] });
    if (step % every === 0 || step === steps || run.interrupted) {
      const tensor = { dtype: "F32", shape: [weights.length], data: weights } as const;
      const write = (folder: string) =>
        writeState(folder, { weights: tensor }, { step, random: random.state() });
      await run.checkpoint(step, write, { score: -Math.abs(step - 10) });
    }
    if (run.interrupted) return;
    if (milliseconds > 0) await setTimeout(milliseconds);
  }
}

/** Outcome that interruptions must not change: a run's numbers without times, and its last weights. */
export async function outcome(folder: string) {
  const lines = readFileSync(join(folder, "metrics.jsonl"), "utf8").split("\n");
  return {
    metrics: lines.map((line) => line.replace(/"time\/elapsed":[^,]*,/, "")),
    events: eventsIn(readFileSync(join(folder, "tb", "events.out.tfevents.sodp"))),
    state: await readState(join(folder, "checkpoints", "last")),
  };
}

/** The records of a TensorBoard file in hexadecimal, without their time, which stands first, and its checksum. */
function eventsIn(file: Buffer): string[] {
  const events = [];
  for (let at = 0; at < file.length; ) {
    const end = at + 12 + Number(file.readBigUInt64LE(at));
    events.push(file.toString("hex", at + 12 + 9, end));
    at = end + 4;
  }
  return events;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [folder, steps, milliseconds] = process.argv.slice(2);
  const there = existsSync(join(folder, "run.json"));
  await using run = there ? await Run.resume(folder) : await Run.start(folder, toyStart);
  console.log("walking");
  await walk(run, Number(steps), Number(milliseconds));
  console.log(run.signal ?? "arrived");
}
