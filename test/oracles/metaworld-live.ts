/**
 * @file All tasks against the official Python package, live: records its episodes for any seed and replays them in our
 * environments. Development only; takes some minutes.
 *
 *     npx tsx test/oracles/metaworld-live.ts [--seed 7] [--goals 3] [--task reach]... [--engine 3.14.0] [--out folder]
 *
 * The engine is the MuJoCo that the Python side runs on; by default the version of ours, and then everything must agree.
 * On Meta-World's own pin, 3.3.0, the arm's way differs by millimetres, and all that follows from it; random vectors agree.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { installPeer } from "../../bench/learning/contestant.ts";
import { findTask, loadEngine } from "../../src/envs/index.ts";

const path = (file: string) => fileURLToPath(new URL(file, import.meta.url));
const ours = (await loadEngine()).mj_versionString();
const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "7" },
    goals: { type: "string", default: "3" },
    task: { type: "string", multiple: true, default: [] },
    engine: { type: "string", default: ours },
    out: { type: "string", default: mkdtempSync(join(tmpdir(), "metaworld-live-")) },
  },
});
const { seed, goals, engine, out } = values;
const tasks = values.task.flatMap((name) => ["--task", `${findTask(name).task.name}-v3`]);

const setup = new URL("../../bench/envs/setup_peer.py", import.meta.url);
const python = installPeer(setup, "Python Meta-World", [engine]);
run(python, [path("metaworld_live.py"), "--out", out, "--seed", seed, "--goals", goals, ...tasks]);
console.log(`Meta-World 3.1.1 on MuJoCo ${engine}, seed ${seed}, against ours on MuJoCo ${ours}: ${out}`);
run(process.execPath, [...process.execArgv, path("../../src/cli/main.ts"), "env", "verify", "--golden", out]);

/** Ends this process with the command's exit code if that is not 0. */
function run(command: string, given: readonly string[]): void {
  const { status } = spawnSync(command, given, { stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}
