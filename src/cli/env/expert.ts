/** @file `sodp env expert`: how often the scripted experts succeed. */
import { Command, Option } from "commander";
import { UserError, wilsonInterval } from "../../base/index.ts";
import { playScripted, suites } from "../../envs/index.ts";
import { makeEnv } from "../../envs/pool/index.ts";
import { wholeFrom } from "../arguments.ts";
import { startProgress } from "../progress.ts";
import { columns } from "../table.ts";
import {
  type ChosenEnv,
  chosenEnvs,
  envOptionsOption,
  jsonOption,
  moduleOption,
  suiteOption,
  taskOption,
} from "./options.ts";

interface Options {
  readonly suite: readonly string[];
  readonly task?: readonly string[];
  readonly module?: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly episodes: number;
  readonly seed: number;
  readonly json?: boolean;
}

interface Score {
  readonly task: string;
  readonly successes: number;
  readonly episodes: number;
  /** Share of solved episodes, 0 to 1, and its 95 % interval after Wilson. */
  readonly success: number;
  readonly interval: readonly [low: number, high: number];
  /** Mean over solved episodes; null if none is. */
  readonly stepsToSuccess: number | null;
  readonly meanReturn: number;
}

export function expertCommand(): Command {
  return new Command("expert")
    .description(
      "Let the scripted experts play, on official goals where there are any: success per task with its 95 % interval.",
    )
    .addOption(suiteOption().default(suites.mt50, "mt50"))
    .addOption(taskOption().conflicts("suite"))
    .addOption(moduleOption())
    .addOption(envOptionsOption())
    .addOption(new Option("--episodes <n>", "episodes per task").default(50).argParser(wholeFrom(1)))
    .addOption(
      new Option("--seed <n>", "draws the goals, Meta-World's as the Python package does")
        .default(0)
        .argParser(wholeFrom(0)),
    )
    .addOption(jsonOption())
    .action(async ({ suite, task: only, episodes, seed, json, ...where }: Options) => {
      const chosen = await chosenEnvs(only ?? suite, where);
      const progress = startProgress(chosen.length);
      const scores: Score[] = [];
      for (const each of chosen) {
        const score = await play(each, episodes, seed);
        progress(`${score.task} ${score.successes}/${episodes}`);
        scores.push(score);
      }
      const meanSuccess = scores.reduce((sum, { success }) => sum + success, 0) / scores.length;
      const worst = scores.reduce((a, b) => (b.success < a.success ? b : a));
      console.log(
        json
          ? JSON.stringify({ seed, episodes, meanSuccess, worst: worst.task, tasks: scores }, null, 2)
          : [
              table(scores),
              `Mean success ${percent(meanSuccess)}; worst ${worst.task}, ${percent(worst.success)}.`,
            ].join("\n"),
      );
    });
}

async function play(
  { name, family, task, options, config }: ChosenEnv,
  episodes: number,
  seed: number,
): Promise<Score> {
  const expert = family.expert?.(task, options);
  if (expert === undefined) throw new UserError(`${family.name} has no scripted policies.`);
  const starts =
    family.benchmarkStarts?.(task, seed, episodes) ??
    Array.from({ length: episodes }, (_, i) => ({ seed: seed + i }));
  using env = await makeEnv(config);
  const played = starts.map((start) => playScripted(env, expert, start));
  for (const fault of new Set(played.map((each) => each.fault)))
    if (fault !== undefined) console.error(fault);
  const solved = played.filter(({ success }) => success);
  return {
    task: name,
    successes: solved.length,
    episodes,
    success: solved.length / episodes,
    interval: wilsonInterval(solved.length, episodes),
    stepsToSuccess:
      solved.length === 0 ? null : solved.reduce((sum, { steps }) => sum + steps, 0) / solved.length,
    meanReturn: played.reduce((sum, { total }) => sum + total, 0) / episodes,
  };
}

function table(scores: readonly Score[]): string {
  const header = ["task", "solved", "success", "95 % interval", "steps", "return"];
  const rows = scores.map(({ interval: [low, high], ...score }) => [
    score.task,
    `${score.successes}/${score.episodes}`,
    percent(score.success),
    `${percent(low)} to ${percent(high)}`,
    score.stepsToSuccess?.toFixed(0) ?? "-",
    score.meanReturn.toFixed(0),
  ]);
  return columns([header, ...rows]);
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
