/** @file `sodp data check`: whether a data set is what was written. */
import { Command } from "commander";
import { checkDataset, quarantine } from "../../data/index.ts";
import { exitCodes, StopRequest } from "../../platform/index.ts";
import { jsonOption } from "../env/options.ts";
import { Progress } from "../progress.ts";
import { size } from "../text.ts";
import { faultsOf, standingOf } from "./info.ts";

interface Options {
  readonly quarantine?: boolean;
  readonly json?: boolean;
}

/** At least 1, for a share of nothing is no number. */
const megabytes = (bytes: number) => Math.max(1, Math.round(bytes / 1e6));

export function checkCommand(): Command {
  return new Command("check")
    .description(
      "Read every byte of a data set: checksums, structure, numbers. Exit code 1 if something is damaged or unfinished.",
    )
    .argument("<folder>", "of a data set")
    .option("--quarantine", "from now on leave damaged shards out, and take an unfinished set as it is")
    .addOption(jsonOption())
    .action(async (folder: string, options: Options) => {
      using progress = new Progress("check, MB,");
      let read = 0;
      using _ = new StopRequest((signal) => {
        progress[Symbol.dispose]();
        console.error(`Stopped after ${size(read)}: nothing is changed.`);
        process.exit(exitCodes[signal]); // threads are in the midst of reading
      });
      const begun = performance.now();
      const report = await checkDataset(folder, (bytes, all) => {
        read = bytes;
        progress.progress(megabytes(bytes), megabytes(all), {});
      });
      const seconds = (performance.now() - begun) / 1000;
      const damage = report.damage.map(({ reason }) => reason);
      const { shards, episodes, steps, bytes, unlisted, unfinished, unchecked } = report;
      const isWhole = damage.length === 0 && unfinished === undefined;
      if (!isWhole) process.exitCode = 1;
      if (options.quarantine && !isWhole) await quarantine(folder, report.damage);
      for (const fault of [...standingOf(folder, report), ...faultsOf(damage, unlisted)])
        progress.note(fault);
      progress[Symbol.dispose]();
      console.log(
        options.json
          ? JSON.stringify(
              {
                ...{ folder, shards, episodes, steps, bytes, seconds, damage, unlisted },
                ...{ unfinished: unfinished ?? null, unchecked },
              },
              null,
              2,
            )
          : `${folder}: ${shards - damage.length} of ${shards} shards are sound; ${episodes} episodes, ${steps} steps, ` +
              `${size(bytes)} in ${seconds.toFixed(1)} s.`,
      );
    });
}
