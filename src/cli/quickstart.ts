/**
 * @file `sodp quickstart`: the whole method in one command. Sub-optimal data of ten tasks, one planner from it, made good
 * at two of them. Its parts are commands of this program that can be typed alone: see quickstart/parts.ts.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { z } from "zod";
import { maximum, parse } from "../base/index.ts";
import { type Job, type JobState, runLocally } from "../jobs/index.ts";
import { exitCodes, StopRequest } from "../platform/index.ts";
import { Run, readState, writeState } from "../runs/index.ts";
import { configured } from "./config.ts";
import { showJobs } from "./jobs-progress.ts";
import { Progress } from "./progress.ts";
import { names, type Part, type PartJob, partsOf, QuickstartConfig, tasksOf } from "./quickstart/parts.ts";
import { writeQuickstartReport } from "./quickstart/report.ts";
import { type Result, resultDocument, resultOf, resultText } from "./quickstart/result.ts";
import { goOn, typed } from "./run-command.ts";
import { jsonText, print, tell } from "./terminal.ts";

export function quickstartCommand(): Command {
  const command = new Command("quickstart").description(
    "The whole method in minutes: collect mediocre data of ten tasks, pre-train a planner on it, fine-tune it on some of " +
      "them by reward, and report the results. Interrupted, the same command goes on.",
  );
  const read = configured(command, { schema: QuickstartConfig });
  return command.action(async ({ json }: { json?: boolean }) => {
    const folder = folderOf((await read()).config);
    const begun = existsSync(join(folder, "run.json"));
    const given = await read(begun ? folder : undefined);
    given.checked(() => tasksOf(given.config));
    const config = { ...given.config, outputDir: folder };
    const resolved = given.spelt(config);
    const { seed } = config;
    const start = {
      kind: "quickstart",
      config: resolved,
      overrides: given.overrides,
      command: typed(),
      seed,
    };
    await using run = begun
      ? await goOn(join(folder, "config.json"), resolved, {})
      : await Run.start(folder, start);
    const result = await quickstart(config, run);
    print(json ? jsonText(resultDocument(result)) : resultText(result));
    if (run.signal === undefined) return;
    tell(`Go on with it: ${run.record.command}`);
    process.exitCode = exitCodes[run.signal];
  });
}

const folderOf = ({ outputDir, seed }: QuickstartConfig) =>
  outputDir ?? join("outputs", `quickstart-${seed}`);

/** Runs the jobs that are not finished, and then writes the report. Returns early if the run is interrupted. */
async function quickstart(config: QuickstartConfig, run: Run): Promise<Result> {
  const { folder } = run;
  const parts = partsOf(config, folder);
  using view = new PartsView(parts);
  const stop = new AbortController();
  using _ = new StopRequest((signal) => {
    view.note(`${signal}: stops as soon as all that is done is kept.`);
    stop.abort();
  });
  const states = await runLocally(
    parts.flatMap(({ jobs }) => jobs),
    {
      records: join(folder, "jobs"),
      processes: maximum(parts.map(({ jobs }) => jobs.length)),
      signal: stop.signal,
      onStart: (job) => view.begin(parts.findIndex(({ jobs }) => jobs.some(({ id }) => id === job.id))),
      onProgress: (all) => view.show(all),
      onNote: (_, text) => view.note(text),
    },
  );
  const resultWith = (seconds?: number) => resultOf(config, folder, parts, states, seconds);
  if (run.last !== undefined)
    return resultWith(parse(Report, (await readState(run.last)).json, `The state of ${run.last}`).seconds);
  if (run.interrupted) return resultWith();
  const { bar } = view.begin(parts.length);
  const begun = performance.now();
  await writeQuickstartReport(
    join(folder, names.report),
    config,
    parts,
    resultWith(),
    run.record,
    (done, all) => bar.progress(done, all, {}),
  );
  const report = { seconds: (performance.now() - begun) / 1000 };
  await run.checkpoint(1, (checkpoint) => writeState(checkpoint, {}, report));
  return resultWith(report.seconds);
}

/** State of a quickstart whose report is written. */
const Report = z.strictObject({ seconds: z.number() });

/** Shows the part that runs: its title, once, and a bar. */
class PartsView implements Disposable {
  readonly #parts: readonly Part[];
  #shown: { readonly part: number; readonly bar: Progress } | undefined;

  constructor(parts: readonly Part[]) {
    this.#parts = parts;
  }

  /** Ends the part before. part: its index; the report comes after all of them */
  begin(part: number): { readonly bar: Progress } {
    if (this.#shown?.part === part) return this.#shown;
    this[Symbol.dispose]();
    const report = { name: "report", title: "Report: learning curves, a map of trajectories, replays" };
    const { name, title } = this.#parts[part] ?? report;
    this.#shown = { part, bar: new Progress(name) };
    this.note(`[${part + 1}/${this.#parts.length + 1}] ${title}`);
    return this.#shown;
  }

  show(states: readonly JobState[]): void {
    if (this.#shown === undefined) return;
    const ids = this.#parts[this.#shown.part].jobs.map(({ id }) => id);
    const own = states.filter(({ job }) => ids.includes(job.id));
    showJobs(this.#shown.bar, own, (job: Job & Pick<PartJob, "task">) => job.task ?? job.id);
  }

  note(text: string): void {
    this.#shown?.bar.note(text);
  }

  [Symbol.dispose](): void {
    this.#shown?.bar[Symbol.dispose]();
    this.#shown = undefined;
  }
}
