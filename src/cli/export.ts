/** @file `sodp export`: a planner as one ONNX file. */
import { Command, Option } from "commander";
import { exportPlanner, loadPlanner } from "../algorithms/index.ts";
import { findPolicy } from "../runs/index.ts";
import { number, wholeFrom } from "./arguments.ts";

interface Options {
  readonly out: string;
  readonly batchSize: number;
  readonly steps?: number;
  readonly eta: number;
  readonly json?: boolean;
}

export function exportCommand(): Command {
  return new Command("export")
    .description(
      "Write a planner as one self-contained ONNX file: normalizers, denoising loop, action scaling.",
    )
    .argument("<planner>", "folder of a run, whose best checkpoint it is, of a checkpoint, or of a planner")
    .addOption(new Option("--out <file>", "where to write it").default("planner.onnx"))
    .addOption(
      new Option("--batch-size <n>", "observations answered at once").default(1).argParser(wholeFrom(1)),
    )
    .addOption(
      new Option("--steps <n>", "denoising steps; default: all that it was trained with").argParser(
        wholeFrom(1),
      ),
    )
    .addOption(
      new Option("--eta <share>", "share of noise drawn anew: 1 is DDPM, 0 is DDIM")
        .default(1)
        .argParser(number),
    )
    .option("--json", "print the parity report as one JSON document")
    .action(async (folder: string, { out, batchSize, steps, eta, json }: Options) => {
      const planner = await loadPlanner((await findPolicy(folder)).folder);
      const report = await exportPlanner(planner, out, {
        batchSize,
        denoising: { eta, ...(steps !== undefined && { steps }) },
      });
      if (json) console.log(JSON.stringify(report, null, 2));
      else
        console.log(
          `${out}: on ${report.runs} fixed inputs its actions differ from the planner's by at most ` +
            `${report.maximumAbsoluteError.toExponential(1)} (${report.maximumRelativeError.toExponential(1)} of the largest).`,
        );
    });
}
