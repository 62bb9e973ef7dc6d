/** @file `sodp export`: a policy as one ONNX file. */
import { Command } from "commander";
import { z } from "zod";
import { loadPolicy } from "../algorithms/index.ts";
import { UserError } from "../base/index.ts";
import { writeWhole } from "../platform/index.ts";
import { reportOf } from "../policies/files/index.ts";
import { findPolicy } from "../runs/index.ts";
import { carriedOptions, flagsText, optionFlags } from "./carried.ts";
import { configured } from "./config.ts";
import { denoisingOf } from "./denoising.ts";
import { denoisingFlags, file, policyArgument } from "./shared-flags.ts";
import { jsonText, print, tell } from "./terminal.ts";

const Flags = z.strictObject({
  out: file().default("policy.onnx").describe("the file to write"),
  batchSize: z
    .int()
    .positive()
    .optional()
    .describe("observations answered at once; default: of a planner any number, of other policies 1"),
  noise: z
    .enum(["input", "seed", "fixed"])
    .default("input")
    .describe(
      "noise of a planner: given as inputs; drawn in the file from a seed that it is given; or always the same, so that observations suffice",
    ),
  denoising: denoisingFlags(0),
});

export function exportCommand(): Command {
  const command = new Command("export")
    .description(
      "Write a policy as one self-contained ONNX file: normalizers, denoising loop, action scaling; and beside it how near its " +
        "actions are to the policy's.",
    )
    .argument(...policyArgument);
  const read = configured(command, { schema: Flags });
  return command.action(async (path: string, { json }: { json?: boolean }) => {
    const { config, overrides, checked } = await read();
    const { out, batchSize, noise, denoising } = config;
    const { kind, model } = await loadPolicy((await findPolicy(path)).folder);
    const env = await carriedOptions(path);
    const isFixed = Object.keys(env).length > 0;
    const used = checked(() => denoisingOf(kind.describe(model), denoising, "denoising" in overrides));
    if (kind.export === undefined)
      throw new UserError(`${path} holds a ${kind.format}, which cannot be written as one ONNX file.`);
    if (noise !== "input" && kind.format !== "sodp planner")
      throw new UserError(`--noise ${noise} is for planners; ${path} holds a ${kind.format}.`);
    const sized = batchSize !== undefined && { batchSize };
    const report = await kind.export(model, out, { ...sized, noise, ...(used !== null && { denoising }) });
    const whole = { ...report, ...(isFixed && { env: optionFlags(env) }) };
    if (isFixed) {
      await writeWhole(reportOf(out), `${jsonText(whole)}\n`);
      tell(`As in the policy's run: ${flagsText(env)}.`);
    }
    if (json) print(jsonText(whole));
    else
      print(
        `${out}: on ${report.runs} fixed inputs its actions differ from the policy's by at most ` +
          `${report.maximumAbsoluteError.toExponential(1)} (${report.maximumRelativeError.toExponential(1)} of the largest).`,
      );
  });
}
