/** @file `sodp env expert`: success of the scripted experts. */
import { Command } from "commander";
import { z } from "zod";
import { mean, requireRoom, UserError, wilsonInterval } from "../../base/index.ts";
import { playScripted } from "../../envs/index.ts";
import { makeEnv } from "../../envs/pool/index.ts";
import { bytesOfEpisode } from "../../rollout/index.ts";
import { configured } from "../config.ts";
import { startProgress } from "../progress.ts";
import { envOptions, evaluationFlags, seed, tasksFlag } from "../shared-flags.ts";
import { columns } from "../table.ts";
import { jsonText, print, tell } from "../terminal.ts";
import { intervalText, percent } from "../text.ts";
import { type ChosenEnv, chosenEnvs } from "./options.ts";

const Flags = z.strictObject({
  env: z.strictObject({ task: tasksFlag().default(["mt50"]), ...envOptions }).prefault({}),
  eval: evaluationFlags(50),
  seed: seed.describe("draws the goals, Meta-World's as the Python package does"),
});

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
  const command = new Command("expert").description(
    "Evaluate the scripted experts, on official goals where there are any: success per task with its 95 % interval.",
  );
  const read = configured(command, { schema: Flags });
  return command.action(async ({ json }: { json?: boolean }) => {
    const { config, checked } = await read();
    const episodes = config.eval.nEpisodes;
    const chosen = await checked(() => chosenEnvs(config.env));
    const progress = startProgress(chosen.length);
    const scores: Score[] = [];
    for (const each of chosen) {
      const score = await evaluateExpert(each, episodes, config.seed);
      progress(`${score.task} ${score.successes}/${episodes}`);
      scores.push(score);
    }
    const meanSuccess = mean(scores.map(({ success }) => success));
    const worst = scores.reduce((a, b) => (b.success < a.success ? b : a));
    const document = { seed: config.seed, episodes, meanSuccess, worst: worst.task, tasks: scores };
    const summary = `Mean success ${percent(meanSuccess)}; worst ${worst.task}, ${percent(worst.success)}.`;
    print(json ? jsonText(document) : [table(scores), summary].join("\n"));
  });
}

async function evaluateExpert(
  { name, family, task, options, config }: ChosenEnv,
  episodes: number,
  seed: number,
): Promise<Score> {
  const expert = family.expert?.(task, options);
  if (expert === undefined) throw new UserError(`${family.name} has no scripted policies.`);
  requireRoom(`${episodes} episodes`, bytesOfEpisode * episodes);
  const starts =
    family.benchmarkStarts?.(task, seed, episodes) ??
    Array.from({ length: episodes }, (_, i) => ({ seed: seed + i }));
  using env = await makeEnv(config);
  const played = starts.map((start) => playScripted(env, expert, start));
  for (const fault of new Set(played.map((each) => each.fault))) if (fault !== undefined) tell(fault);
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
    intervalText([low, high]),
    score.stepsToSuccess?.toFixed(0) ?? "-",
    score.meanReturn.toFixed(0),
  ]);
  return columns([header, ...rows]);
}
