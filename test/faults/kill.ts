/** @file Processes of `sodp` that are killed: whoever starts one sees it end, and all that it started. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";

/** Words that start `sodp` from its sources. */
export const fromSource = [process.execPath, "--import", "tsx", "src/cli/main.ts"];

/** Starts `sodp` and returns its end: its exit code, or the signal that killed it, and what it said. */
export function start(program: readonly string[], words: readonly string[]) {
  const [file, ...first] = program;
  const child = spawn(file, [...first, ...words], { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.on("data", (text) => {
    said += text;
  });
  const end = once(child, "close").then(([code, signal]) => ({
    end: (code ?? signal) as number | string,
    said,
  }));
  return { child, end };
}

/** Waits until no process is left whose command line names `path`. Throws if that takes a minute. */
export async function untilAllEnd(path: string): Promise<void> {
  for (let waited = 0; waited < 60_000; waited += 50) {
    if (processesOf(path).length === 0) return;
    await setTimeout(50);
  }
  throw new Error(`Processes outlived their parent: ${processesOf(path).join("; ")}`);
}

function processesOf(path: string): string[] {
  return readdirSync("/proc")
    .filter((pid) => /^\d+$/.test(pid) && Number(pid) !== process.pid)
    .map((pid) => (existsSync(`/proc/${pid}/cmdline`) ? commandOf(pid) : ""))
    .filter((command) => command.split(" ").some((word) => word.startsWith(path)));
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
  } catch {
    return ""; // it has just ended
  }
}
