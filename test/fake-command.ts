/**
 * @file A command for tests of jobs, which counts steps and keeps the count:
 * `<command> --folder F --steps N [--pause MS] [--fail_at K] [--requeue_at K] [--kill_at K] --json`
 * Its folder holds `run.json`, `step.txt` (the checkpoint) and `log.txt` (a line per process and per step).
 */
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { parseArgs } from "node:util";
import { endWithParent } from "../src/jobs/index.ts";

endWithParent();
const text = { type: "string" } as const;
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    folder: text,
    steps: text,
    pause: text,
    fail_at: text,
    requeue_at: text,
    kill_at: text,
    resume: text,
    config_path: text,
    json: { type: "boolean" },
  },
});
const resumes = values.resume === "true";
const folder = (resumes ? values.config_path : values.folder) ?? "";
const record = join(folder, "run.json");
const checkpoint = join(folder, "step.txt");
const log = (line: string) => appendFileSync(join(folder, "log.txt"), `${line}\n`);
if (!resumes) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(record, JSON.stringify(values));
}
const { steps, pause, fail_at, requeue_at, kill_at } = JSON.parse(readFileSync(record, "utf8"));
let stop = false;
process.on("SIGTERM", () => {
  stop = true;
});
let step = existsSync(checkpoint) ? Number(readFileSync(checkpoint, "utf8")) : 0;
log(`${resumes ? "resumed" : "started"} at ${step}, pid ${process.pid}`);
const report = () =>
  console.error(JSON.stringify({ done: step, total: Number(steps), values: { step: `${step}` } }));
report();
while (step < Number(steps) && !stop) {
  await setTimeout(Number(pause ?? 0));
  if (stop) break;
  step++;
  log(`step ${step}`);
  writeFileSync(checkpoint, `${step}`);
  report();
  if (step === Number(fail_at)) {
    console.error("first line");
    for (let line = 0; line < 30; line++) console.error(`line ${line}`);
    process.exit(1);
  }
  if (step === Number(requeue_at)) process.exit(75);
  if (step === Number(kill_at)) process.kill(process.pid, "SIGKILL");
}
if (stop) process.exit(143);
console.error(`${positionals.join(" ")} is done`);
console.log(JSON.stringify({ folder, step }));
process.exit(0);
