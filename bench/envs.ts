/**
 * @file Our environments side by side with the official Python Meta-World. Each side runs in a process of its own, plays the
 * same action sequences from the same starts, and they take turns, so that whatever else the machine does meets both.
 */
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { z } from "zod";
import { UserError } from "../src/base/index.ts";
import { type Engine, findTask, loadEngine, tasks } from "../src/envs/index.ts";
import { episodesOf } from "./envs/episodes.ts";
import { type EnvRow, type Footprint, showRow, showTable, totals } from "./envs/report.ts";
import { Contestant, installPeer } from "./learning/contestant.ts";
import { median, type Setting } from "./learning/report.ts";

const Loaded = z.object({ load_ms: z.number(), versions: z.record(z.string(), z.string()) });
const Played = z.object({
  step_ms: z.number(),
  steps: z.number(),
  reset_ms: z.number(),
  resets: z.number(),
  last: z.array(z.number()),
});
const Footprints = z.object({
  loads: z.array(z.number()),
  heap: z.number(),
  resident: z.number().nullable(),
});

/** Prints a row per task and the totals as a table, or with --json as one document. Progress goes to stderr. */
export async function envs(options: string[]): Promise<void> {
  const { names, rounds, mujoco, json } = readOptions(options);
  const python = installPeer(new URL("envs/setup_peer.py", import.meta.url), "Python Meta-World", mujoco);
  const memory = await measureFootprint();
  const engine = await loadEngine();
  using ours = startOurs();
  using peer = new Contestant(python, [path("envs/peer.py")]);
  const rows: EnvRow[] = [];
  for (const name of names) {
    const row = await compare(ours, peer, engine, name, rounds);
    console.error(showRow(row).join("  "));
    rows.push(row);
  }
  const setting = await describe(ours, peer);
  const sums = totals(rows, memory);
  console.log(
    json
      ? JSON.stringify({ setting, rows, footprint: memory, totals: sums }, null, 2)
      : showTable(setting, rows, sums),
  );
}

interface Options {
  readonly names: readonly string[];
  readonly rounds: number;
  /** The peer's version of MuJoCo, if not the one that Meta-World pins. */
  readonly mujoco: readonly string[];
  readonly json: boolean;
}

function readOptions(args: string[]): Options {
  const { values, positionals } = parse(args);
  const names = [...(values.task ?? []), ...positionals].map((name) => findTask(name).task.name);
  const rounds = Number(values.rounds ?? 7);
  if (!Number.isInteger(rounds) || rounds < 1)
    throw new UserError(`--rounds: expected a whole number from 1, got ${values.rounds}.`);
  const mujoco = values.mujoco === undefined ? [] : [values.mujoco];
  return { names: names.length > 0 ? names : Object.keys(tasks), rounds, mujoco, json: values.json ?? false };
}

/** `--task a b` names two tasks: what is no option is a task. */
function parse(args: string[]) {
  const options = {
    json: { type: "boolean" },
    task: { type: "string", multiple: true },
    rounds: { type: "string" },
    mujoco: { type: "string" },
  } as const;
  try {
    return parseArgs({ args, options, allowPositionals: true });
  } catch (error) {
    const fault = (error as Error).message.split(". ")[0];
    throw new UserError(`${fault}. Known: --json, --task <name>..., --rounds <n>, --mujoco <version>.`);
  }
}

const path = (file: string) => fileURLToPath(new URL(file, import.meta.url));

function startOurs(): Contestant {
  return new Contestant(process.execPath, [...process.execArgv, path("envs/ours.ts")]); // our flags read TypeScript
}

/** In a process of its own: memory once touched is seldom given back. */
async function measureFootprint(): Promise<Footprint> {
  using ours = startOurs();
  const { loads, heap, resident } = await ours.ask(Footprints, { command: "footprint" });
  return { slowestLoad: Math.max(...loads), medianLoad: median(loads), heap, resident };
}

async function compare(
  ours: Contestant,
  peer: Contestant,
  engine: Engine,
  name: string,
  rounds: number,
): Promise<EnvRow> {
  const request = { command: "load", task: `${name}-v3`, episodes: episodesOf(engine, findTask(name)) };
  const { load_ms: loadOurs } = await ours.ask(Loaded, request);
  const { load_ms: loadPython } = await peer.ask(Loaded, request);
  const play = (side: Contestant) => side.ask(Played, { command: "play" });
  const warm = { ours: await play(ours), python: await play(peer) };
  const pairs: { ours: z.infer<typeof Played>; python: z.infer<typeof Played> }[] = [];
  for (let round = 0; round < rounds; round++)
    pairs.push({ ours: await play(ours), python: await play(peer) });

  const middle = (of: (pair: (typeof pairs)[number]) => number) => median(pairs.map(of));
  const { steps, resets } = warm.ours;
  return {
    task: name,
    ours: (1000 * steps) / middle((pair) => pair.ours.step_ms),
    python: (1000 * steps) / middle((pair) => pair.python.step_ms),
    ratio: middle((pair) => pair.python.step_ms / pair.ours.step_ms),
    resetOurs: middle((pair) => pair.ours.reset_ms) / resets,
    resetPython: middle((pair) => pair.python.reset_ms) / resets,
    resetRatio: middle((pair) => pair.python.reset_ms / pair.ours.reset_ms),
    loadOurs,
    loadPython,
    steps,
    drift: Math.max(...warm.ours.last.map((x, i) => Math.abs(x - warm.python.last[i]))),
  };
}

async function describe(ours: Contestant, peer: Contestant): Promise<Setting> {
  const request = { command: "load", task: "reach-v3", episodes: [] };
  const versions = async (side: Contestant) =>
    Object.entries((await side.ask(Loaded, request)).versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(", ");
  return {
    machine: `${cpus()[0].model}, ${cpus().length} cores`,
    ours: await versions(ours),
    Python: `Meta-World 3.1.1 without wrappers, ${await versions(peer)}`,
    ratio:
      "how many times as fast we are: processor time, all threads together; medians over rounds of paired ratios",
  };
}
