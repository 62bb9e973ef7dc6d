/** @file `sodp data check`: whether a data set is what was written. */
import { Command } from "commander";
import { bytesText } from "../../base/index.ts";
import { checkDataset, quarantine } from "../../data/index.ts";
import { exitCodes, StopRequest } from "../../platform/index.ts";
import { jsonOption } from "../env/options.ts";
import { Progress } from "../progress.ts";
import { jsonText, print, tell } from "../terminal.ts";
import { faultsOf } from "./info.ts";

interface Options {
  readonly quarantine?: boolean;
  readonly json?: boolean;
}

/** At least 1, for a share of nothing is no number. */
const megabytes = (bytes: number) => Math.max(1, Math.round(bytes / 1e6));

export function checkCommand(): Command {
  return new Command("check")
    .description(
      "Read every byte of a data set: checksums, structure, numbers. Exit code 1 if something is damaged.",
    )
    .argument("<folder>", "of a data set")
    .option("--quarantine", "leave damaged shards out from now on; the rest stays usable")
    .addOption(jsonOption())
    .action(async (folder: string, options: Options) => {
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
      if (damage.length > 0) process.exitCode = 1;
      if (options.quarantine && damage.length > 0) await quarantine(folder, report.damage);
      for (const fault of faultsOf(damage, report.unlisted)) progress.note(fault);
      const { shards, episodes, steps, bytes, unlisted } = report;
      progress[Symbol.dispose]();
      print(
        options.json
          ? jsonText({ folder, shards, episodes, steps, bytes, seconds, damage, unlisted })
          : `${folder}: ${shards - damage.length} of ${shards} shards are sound; ${episodes} episodes, ${steps} steps, ` +
              `${bytesText(bytes)} in ${seconds.toFixed(1)} s.`,
      );
    });
}
