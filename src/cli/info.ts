/** @file `sodp info`: what a planner or a file of tensors holds. */
import { stat } from "node:fs/promises";
import { Command } from "commander";
import { UserError } from "../base/index.ts";
import { readTensors } from "../platform/index.ts";
import { loadPlanner } from "../policies/files/index.ts";
import { layoutOf, showShape } from "../tensor/index.ts";
import { jsonText, print } from "./terminal.ts";

export function infoCommand(): Command {
  return new Command("info")
    .description("Show what a planner's folder or a safetensors file holds, and verify its checksum.")
    .argument("<path>", "folder of a planner, or a .safetensors file")
    .option("--json", "print one JSON document")
    .action(async (path: string, { json }: { json?: boolean }) => {
      const info = (await isFolder(path)) ? await planner(path) : await tensors(path);
      print(json ? jsonText(info) : asLines(info).join("\n"));
    });
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    throw new UserError(`${path} does not exist. Expected the folder of a planner, or a .safetensors file.`);
  }
}

async function planner(folder: string) {
  const { config, network, normalizers } = await loadPlanner(folder);
  return { parameters: layoutOf(network).size, ...config, normalizers };
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
