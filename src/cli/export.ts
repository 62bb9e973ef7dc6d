/** @file `sodp export`: a planner as one ONNX file. */
import { Command } from "commander";
import { z } from "zod";
import { denoisingSteps } from "../diffusion/index.ts";
import { exportPlanner, loadPlanner } from "../policies/files/index.ts";
import { diffusionOf } from "../policies/index.ts";
import { findPolicy } from "../runs/index.ts";
import { configured } from "./config.ts";
import { jsonOption } from "./env/options.ts";
import { denoisingFlags, file, policyArgument } from "./shared-flags.ts";
import { jsonText, print } from "./terminal.ts";

const Flags = z.strictObject({
  out: file().default("planner.onnx").describe("the file to write"),
  batchSize: z.int().positive().default(1).describe("observations answered at once"),
  denoising: denoisingFlags(0),
});

export function exportCommand(): Command {
  const command = new Command("export")
    .description(
      "Write a planner as one self-contained ONNX file: normalizers, denoising loop, action scaling.",
    )
    .argument(...policyArgument);
  const read = configured(command, { schema: Flags });
  return command.addOption(jsonOption()).action(async (path: string, { json }: { json?: boolean }) => {
    const { config, checked } = await read();
    const { out, batchSize, denoising } = config;
    const planner = await loadPlanner((await findPolicy(path)).folder);
    checked(() => denoisingSteps(diffusionOf(planner.config), denoising));
    const report = await exportPlanner(planner, out, { batchSize, denoising });
    if (json) print(jsonText(report));
    else
      print(
        `${out}: on ${report.runs} fixed inputs its actions differ from the planner's by at most ` +
          `${report.maximumAbsoluteError.toExponential(1)} (${report.maximumRelativeError.toExponential(1)} of the largest).`,
      );
  });
}
