/** @file Where a run comes from: which code, which versions, which machine. */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { promisify } from "node:util";

/** Commit of the working folder's repository, "-dirty" if files differ from it; null without one. */
export async function gitCommit(): Promise<string | null> {
  try {
    const described = await promisify(execFile)(
      "git",
      ["describe", "--always", "--dirty", "--abbrev=40", "--exclude", "*"],
      { timeout: 5000 },
    );
    return described.stdout.trim();
  } catch {
    return null;
  }
}

/** Of this package, of Node, and of the packages that compute. */
export function versions(): Record<string, string> {
  const own = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  const require = createRequire(import.meta.url);
  const computing = ["onnxruntime-node", "@mujoco/mujoco"].map((name) => {
    try {
      return [name, require(`${name}/package.json`).version];
    } catch {
      return [name, own.dependencies[name]];
    }
  });
  return { sodp: own.version, node: process.versions.node, ...Object.fromEntries(computing) };
}
