/** @file Provenance of a run: which code, which versions, which machine. */
import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/** Commit of the repository that `folder` belongs to, "-dirty" if files differ from it; null without one. */
export async function gitCommit(folder = "."): Promise<string | null> {
  try {
    const described = await promisify(execFile)(
      "git",
      ["describe", "--always", "--dirty", "--abbrev=40", "--exclude", "*"],
      { cwd: folder, timeout: 5000 },
    );
    return described.stdout.trim();
  } catch {
    return null;
  }
}

/** Of this package, of Node, and of the packages that compute. */
export function versions(): Record<string, string> {
  const own = versionIn(fileURLToPath(new URL("../..", import.meta.url)));
  const computing = ["onnxruntime-node", "@mujoco/mujoco"].map((name) => [name, versionOf(name)]);
  return { sodp: own, node: process.versions.node, ...Object.fromEntries(computing) };
}

/** Of an installed package, wherever Node finds it from here. */
function versionOf(name: string): string {
  const places = createRequire(import.meta.url).resolve.paths(name) ?? [];
  const found = places.map((place) => join(place, name)).find((folder) => existsSync(join(folder, PACKAGE)));
  return found === undefined ? "not found" : versionIn(found);
}

const PACKAGE = "package.json";
const versionIn = (folder: string): string => JSON.parse(readFileSync(join(folder, PACKAGE), "utf8")).version;
