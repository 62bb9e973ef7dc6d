/** @file `sodp demo`: planners that come with the package, before and after fine-tuning, side by side. */
import { Command } from "commander";
import { z } from "zod";
import { loadPolicy } from "../algorithms/index.ts";
import { cpu } from "../devices/index.ts";
import { makeEnv } from "../envs/pool/index.ts";
import { type PairedReplay, replaySideBySide } from "../report/index.ts";
import { evaluate, evaluationSeeds, type PlayedEpisode } from "../rollout/index.ts";
import { EnvPool } from "../rollout/local/index.ts";
import { configured } from "./config.ts";
import { Progress } from "./progress.ts";
import { demonstrated, referencePlanners, successText } from "./reference-planners.ts";
import { replayFiles, requireReplayFiles, writeReplayFiles } from "./replays.ts";
import { typed } from "./run-command.ts";
import { threads } from "./shared-flags.ts";
import { columns } from "./table.ts";
import { jsonText, print } from "./terminal.ts";

const Flags = z.strictObject({
  starts: z.int().positive().default(4).describe("starts that both play, from --seed on"),
  seed: z.int().nonnegative().default(90_000).describe("seed of the first start; no training uses these"),
  threads,
  out: replayFiles.optional().describe("what to write: .html, a page, and .gif; default: demo-NAME.html"),
});

export function demoCommand(): Command {
  const command = new Command("demo")
    .description(
      "Watch a planner that comes with the package before and after fine-tuning, side by side. Without a name: list them.",
    )
    .argument("[name]", "task of a fine-tuned planner, such as drawer-open");
  const read = configured(command, { schema: Flags });
  return command.action(async (name: string | undefined, { json }: { json?: boolean }) => {
    const { config, checked } = await read();
    if (name === undefined) return list(json === true);
    const { before, after } = await checked(() => demonstrated(name));
    const { task } = after;
    const seeds = checked(() => evaluationSeeds(config.seed, config.starts));
    const out = config.out ?? [`demo-${after.card.name}.html`];
    checked(() => requireReplayFiles(out));
    const success = {
      before: successText(before.card, task) ?? "not evaluated",
      after: successText(after.card, task) ?? "not evaluated",
    };
    const maxSteps = after.card.protocol.max_steps;
    using progress = new Progress("demo");
    const played = await playBoth(
      [before.folder, after.folder],
      { task, maxSteps, seeds, ...config },
      progress,
    );
    const replay = await drawn(played, { task, maxSteps }, progress);
    const sentences = [`Before: ${success.before}.`, `After: ${success.after}.`, shownText(played, replay)];
    await writeReplayFiles(out, {
      title: `${task}: before and after fine-tuning`,
      summary: [after.card.summary, ...sentences],
      replays: [replay],
      command: typed(),
    });
    progress[Symbol.dispose]();
    const { animation: _, still: __, frames: ___, ...shown } = replay;
    print(json ? jsonText({ files: out, success, shown }) : [...sentences, out.join(", ")].join("\n"));
  });
}

type Played = readonly [before: readonly PlayedEpisode<unknown>[], after: readonly PlayedEpisode<unknown>[]];

interface Playing {
  readonly task: string;
  readonly maxSteps: number;
  readonly seeds: readonly number[];
  readonly threads: number;
}

/** Both planners on the same starts. */
async function playBoth(
  folders: readonly [string, string],
  { task, maxSteps, seeds, threads }: Playing,
  progress: Progress,
): Promise<Played> {
  await using pool = await EnvPool.start({ env: task, maxSteps }, { numEnvs: seeds.length, threads });
  const of = async (folder: string, begun: number) => {
    const { kind, model } = await loadPolicy(folder);
    const device = cpu({ threads });
    await using policy = await kind.compile(model, { env: pool, batchSize: pool.batchSize, device });
    const episodes: PlayedEpisode<unknown>[] = [];
    let done = begun;
    await evaluate(pool, policy, seeds, {
      protocol: "metaworld",
      onEpisode({ episode_ix }, episode) {
        episodes[episode_ix] = episode as PlayedEpisode<unknown>;
        progress.progress(++done, 2 * seeds.length + 1, {});
      },
    });
    return episodes;
  };
  return [await of(folders[0], 0), await of(folders[1], seeds.length)];
}

const isSolved = ({ successes }: Pick<PlayedEpisode, "successes">): boolean => successes.includes(1);

/** The first start on which the two differ, else the first of all. */
async function drawn(
  [before, after]: Played,
  env: Pick<Playing, "task" | "maxSteps">,
  progress: Progress,
): Promise<PairedReplay> {
  const differing = before.findIndex((episode, i) => isSolved(episode) !== isSolved(after[i]));
  const i = Math.max(differing, 0);
  using place = await makeEnv({ env: env.task, maxSteps: env.maxSteps });
  const replay = replaySideBySide(place, before[i], after[i]);
  progress.progress(2 * before.length + 1, 2 * before.length + 1, {});
  return replay;
}

function shownText([before, after]: Played, shown: PairedReplay): string {
  const count = (episodes: Played[0]) => episodes.filter(isSolved).length;
  const which = shown.before.solved === shown.after.solved ? "the first" : "the first on which they differ";
  return (
    `Played now on ${before.length} starts: ${count(before)} solved before, ${count(after)} after. ` +
    `Shown: ${which}, seed ${shown.seed}.`
  );
}

/** Prints what there is. */
async function list(json: boolean): Promise<void> {
  const all = await referencePlanners();
  const cards = Object.values(all).map(({ card }) => card);
  const tuned = cards.filter(({ parent }) => parent !== null);
  if (json) return print(jsonText(cards));
  const rows = tuned.map(({ name, task, parent, ...card }) => {
    const success = (each: Parameters<typeof successText>[0] | undefined) =>
      (each && successText(each, String(task))) ?? "not evaluated";
    return [name, success(all[String(parent)]?.card), success({ name, task, parent, ...card })];
  });
  print(
    [
      columns([["demo", "before", "after fine-tuning"], ...rows]),
      `Watch one: sodp demo ${tuned[0].name}. Their cards, and the pre-trained planner they come from: assets/planners.`,
    ].join("\n"),
  );
}
