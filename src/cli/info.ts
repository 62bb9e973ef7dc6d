/** @file `sodp info`: the content of a stored policy, or of a file of tensors. */
import { stat } from "node:fs/promises";
import { Command } from "commander";
import { z } from "zod";
import { loadPolicy } from "../algorithms/index.ts";
import { UserError } from "../base/index.ts";
import { readTensors } from "../platform/index.ts";
import { findPolicy } from "../runs/index.ts";
import { showShape } from "../tensor/index.ts";
import { configured } from "./config.ts";
import { policyText } from "./shared-flags.ts";
import { jsonText, print } from "./terminal.ts";

export function infoCommand(): Command {
  const command = new Command("info")
    .description("Show the content of a stored policy or of a safetensors file, and verify its checksum.")
    .argument("<path>", `${policyText}; or a .safetensors file`);
  const read = configured(command, { schema: z.strictObject({}) });
  return command.action(async (path: string, { json }: { json?: boolean }) => {
    await read();
    const info = (await isFolder(path)) ? await policy(path) : await tensors(path);
    print(json ? jsonText(info) : asLines(info).join("\n"));
  });
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    throw new UserError(`${path} does not exist. Expected a ${policyText}; or a .safetensors file.`);
  }
}

async function policy(path: string) {
  const { kind, model } = await loadPolicy((await findPolicy(path)).folder);
  const { parameters, config } = kind.describe(model);
  return { format: kind.format, parameters, ...config };
}

async function tensors(path: string) {
  const { tensors, metadata } = await readTensors(path);
  const shapes = Object.entries(tensors).map(([name, { dtype, shape }]) => [
    name,
    `${dtype} ${showShape(shape)}`,
  ]);
  return { tensors: Object.fromEntries(shapes) as Record<string, string>, metadata };
}

/** "a.b: value" for each leaf. */
function asLines(value: object, path = ""): string[] {
  return Object.entries(value).flatMap(([key, entry]) => {
    const own = path === "" ? key : `${path}.${key}`;
    return typeof entry === "object" && entry !== null && !Array.isArray(entry)
      ? asLines(entry, own)
      : [`${own}: ${Array.isArray(entry) ? entry.join(" ") : entry}`];
  });
}
