/** @file Common parts of commands that train: their run's folder, how it is resumed, what they print at the end. */
import { dirname, join } from "node:path";
import { type Command, Option } from "commander";
import { stringify as toYaml } from "yaml";
import type { z } from "zod";
import { loadRuntime } from "../devices/index.ts";
import { canonicalTask } from "../envs/index.ts";
import { exitCodes, readJson, replaceJson } from "../platform/index.ts";
import { Run, type RunWatcher, readRun } from "../runs/index.ts";
import type { MetricsLine } from "../wire/index.ts";
import { addFlag, type Configuration, configured } from "./config.ts";
import { isTree, type Tree } from "./flags.ts";
import { newOutputFolder } from "./output-folder.ts";
import { Progress } from "./progress.ts";
import { jsonText, print, tell } from "./terminal.ts";
import { UsageError } from "./usage-error.ts";

interface RunConfig {
  readonly outputDir?: string | undefined;
  readonly seed: number;
}

interface Training<Schema extends z.ZodObject> {
  readonly schema: Schema;
  readonly presets?: Readonly<Record<string, Partial<z.input<Schema>>>>;
  /** Throws UserError for values that contradict each other. */
  check(config: z.output<Schema>): Promise<void>;
  /** Subjects of the training, for the name of a folder: tasks, or a data set. */
  subjects(config: z.output<Schema>): readonly string[];
  /** Runs of their own for each of several tasks, where that is asked for: true, and nothing else is to be done. */
  severalRuns?(given: Configuration<z.output<Schema>>, folder: string, json: boolean): Promise<boolean>;
  /** Opens its run once nothing can be wrong with what it was given, and trains. False if the run was interrupted. */
  train(
    given: Configuration<z.output<Schema>>,
    open: (config: z.output<Schema> & RunConfig, parent?: string) => Promise<Run>,
  ): Promise<boolean>;
}

/**
 * Lets `command` train, by flags for all of the schema and these:
 * `--resume` goes on with a run, `--dry_run` only shows the configuration.
 */
export function trains<Schema extends z.ZodObject>(command: Command, training: Training<Schema>): Command {
  const read = configured(command, training);
  addFlag(command, "resume", "[true|false]", "go on with the run that --config_path, or --output_dir, names");
  command
    .option("--dry_run", "only show the configuration, with all defaults")
    .addOption(new Option("--dry-run", "only show the configuration, with all defaults").hideHelp());
  return command.action(async (options: Readonly<Record<string, unknown>>) => {
    const resume = isTrue(options.resume);
    const given = await read(resume ? folderToResume(options) : undefined);
    await given.checked(() => training.check(given.config));
    if (options.dryRun || options.dry_run) {
      const shown = given.spelt(given.config);
      print(options.json ? jsonText(shown) : toYaml(shown).trimEnd());
      return;
    }
    const kind = command.name();
    const folder =
      (given.config as RunConfig).outputDir ?? newOutputFolder(kind, training.subjects(given.config));
    if (await training.severalRuns?.(given, folder, options.json === true)) return;
    using progress = new Progress(kind);
    let run: Run | undefined;
    try {
      const finished = await training.train(given, async (config, parent) => {
        await loadRuntime(); // whose absence is told before there is a run
        const { seed } = config;
        const resolved = given.spelt({ ...config, outputDir: folder });
        const start = { kind, config: resolved, overrides: given.overrides, command: typed(), seed, parent };
        run =
          resume && given.file !== undefined
            ? await goOn(given.file, resolved, progress, ["steps", "env_steps"])
            : await Run.start(folder, start, progress);
        return run;
      });
      progress[Symbol.dispose]();
      if (run) await report(run, finished, options.json === true);
    } finally {
      await run?.[Symbol.asyncDispose]();
    }
  });
}

function isTrue(text: unknown): boolean {
  if (text === undefined || text === "true" || text === "false") return text === "true";
  throw new UsageError(`--resume: expected true or false, got "${text}".`);
}

/** The folder of the run to go on with. Throws UsageError if no flag says so. */
function folderToResume(options: Readonly<Record<string, unknown>>): string {
  const { config_path, configPath, output_dir, outputDir } = options; // each flag has two spellings
  const folder = config_path ?? configPath ?? output_dir ?? outputDir;
  if (folder !== undefined) return String(folder);
  throw new UsageError("--resume: which run? Name its folder by --config_path.");
}

/**
 * Opens the run whose `config.json` is `file`. Throws UsageError if `resolved` is not what it is configured by.
 * growing: values that may be larger than before, and then stay so
 */
export async function goOn(
  file: string,
  resolved: Tree,
  watcher: RunWatcher,
  growing: readonly string[] = [],
): Promise<Run> {
  const folder = dirname(file);
  const run = await Run.resume(folder, watcher);
  const { output_dir: written, ...kept } = (await readJson(join(folder, "config.json"))) as Tree;
  const grown = Object.entries(resolved).filter(
    ([key, value]) => growing.includes(key) && Number(value) > Number(kept[key]),
  );
  const wanted = { ...kept, ...Object.fromEntries(grown) };
  const change = firstChange(wanted, resolved);
  if (change === undefined) {
    for (const [key, value] of grown)
      run.note(`Longer than it was started: --${key} ${value}, not ${kept[key]}.`);
    if (grown.length > 0) await replaceJson(join(folder, "config.json"), { ...wanted, output_dir: written });
    return run;
  }
  await run[Symbol.asyncDispose]();
  throw new UsageError(`${folder} goes on as it was started: ${change}. Start another run for that.`);
}

/** The first value of `kept` that is another in `now`, in words. */
function firstChange(kept: Tree, now: Tree, path = ""): string | undefined {
  for (const [key, value] of Object.entries(kept)) {
    const name = `${path}${key}`;
    const other = now[key];
    if (isTree(value) && isTree(other)) {
      const change = firstChange(value, other, `${name}.`);
      if (change !== undefined) return change;
    } else if (JSON.stringify(sameName(name, value)) !== JSON.stringify(sameName(name, other)))
      return `--${name} is ${JSON.stringify(value)}, not ${JSON.stringify(other)}`;
  }
  return undefined;
}

/** The value of a key; tasks by one name, however they are spelled. */
function sameName(key: string, value: unknown): unknown {
  if (key !== "env.task") return value;
  return [value].flat().map((name) => (typeof name === "string" ? canonicalTask(name) : name));
}

/** This process's command, as it can be typed again. */
export function typed(): string {
  const quoted = process.argv
    .slice(2)
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`));
  return ["sodp", ...quoted].join(" ");
}

/** Prints how a run stands, and sets the exit code of one that was interrupted. */
async function report(run: Run, finished: boolean, json: boolean): Promise<void> {
  const { folder, last, best, signal } = run;
  const metrics = lastMetrics((await readRun(folder)).metrics);
  const chosen = best ?? last;
  const policy = chosen === undefined ? null : run.policyIn(chosen);
  const status = finished ? "finished" : "interrupted";
  if (json) print(jsonText({ run: folder, id: run.record.id, status, policy, metrics }));
  else {
    const evaluated = Object.entries(metrics).filter(([name]) => name.startsWith("eval/"));
    const lines = [`run: ${folder} (${status})`, `policy: ${policy ?? "none yet"}`];
    print([...lines, ...evaluated.map(([name, value]) => `${name}: ${value}`)].join("\n"));
  }
  if (finished) return;
  tell(`Go on with it: sodp train ${run.record.kind} --resume=true --config_path ${folder}`);
  if (signal !== undefined) process.exitCode = exitCodes[signal];
}

/** The latest value of each metric. */
function lastMetrics(metrics: readonly MetricsLine[]): Partial<MetricsLine> {
  return metrics.reduce<Partial<MetricsLine>>((all, line) => Object.assign(all, line), {});
}
