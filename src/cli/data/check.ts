/** @file `sodp data check`: whether a data set is what was written. */
import { Command } from "commander";
import { z } from "zod";
import { bytesText } from "../../base/index.ts";
import { checkDataset, quarantine } from "../../data/index.ts";
import { exitCodes, StopRequest } from "../../platform/index.ts";
import { configured } from "../config.ts";
import { Progress } from "../progress.ts";
import { jsonText, print, tell } from "../terminal.ts";
import { faultsOf, standingOf } from "./info.ts";

const Flags = z.strictObject({
  quarantine: z
    .boolean()
    .default(false)
    .describe("from now on leave damaged shards out, and take an unfinished set as it is"),
});

/** At least 1, for a share of nothing is no number. */
const megabytes = (bytes: number) => Math.max(1, Math.round(bytes / 1e6));

export function checkCommand(): Command {
  const command = new Command("check")
    .description(
      "Read every byte of a data set: checksums, structure, numbers. Exit code 1 if something is damaged or unfinished.",
    )
    .argument("<folder>", "folder of a data set");
  const flags = configured(command, { schema: Flags });
  return command.action(async (folder: string, { json }: { json?: boolean }) => {
    const { config } = await flags();
    using progress = new Progress("check, MB,");
    let read = 0;
    using _ = new StopRequest((signal) => {
      progress[Symbol.dispose]();
      tell(`Stopped after ${bytesText(read)}: nothing is changed.`);
      process.exit(exitCodes[signal]); // threads are in the midst of reading
    });
    const begun = performance.now();
    const report = await checkDataset(folder, (bytes, all) => {
      read = bytes;
      progress.progress(megabytes(bytes), megabytes(all), {});
    });
    const seconds = (performance.now() - begun) / 1000;
    const damage = report.damage.map(({ reason }) => reason);
    const { shards, episodes, steps, bytes, unlisted, unfinished = null, unchecked } = report;
    const isWhole = damage.length === 0 && unfinished === null;
    if (!isWhole) process.exitCode = 1;
    if (config.quarantine && !isWhole) await quarantine(folder, report.damage);
    for (const fault of [...standingOf(folder, report), ...faultsOf(damage, unlisted)]) progress.note(fault);
    progress[Symbol.dispose]();
    print(
      json
        ? jsonText({
            folder,
            shards,
            episodes,
            steps,
            bytes,
            seconds,
            damage,
            unlisted,
            unfinished,
            unchecked,
          })
        : `${folder}: ${shards - damage.length} of ${shards} shards are sound; ${episodes} episodes, ${steps} steps, ` +
            `${bytesText(bytes)} in ${seconds.toFixed(1)} s.`,
    );
  });
}
