/** @file `sodp data` as a user types it. */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { Dataset, DatasetWriter } from "../../data/index.ts";
import { bars } from "../text.ts";
import { dataCommand } from "./index.ts";

const top = mkdtempSync(join(tmpdir(), "sodp-data-cli-"));
afterAll(() => rmSync(top, { recursive: true }));

/** Output of a command line, and the exit code it sets. Rejects with what it throws. */
async function sodp(...given: string[]) {
  const stdout: string[] = [];
  const stderr: string[] = [];
  const log = vi.spyOn(console, "log").mockImplementation((text) => void stdout.push(text));
  const write = vi.spyOn(process.stderr, "write").mockImplementation((text) => stderr.push(String(text)) > 0);
  try {
    await untilItThrows(await dataCommand(given)).parseAsync(given, { from: "user" });
    return { stdout: stdout.join("\n"), stderr: stderr.join(""), exitCode: process.exitCode ?? 0 };
  } finally {
    log.mockRestore();
    write.mockRestore();
    process.exitCode = undefined;
  }
}

function untilItThrows(command: Command): Command {
  command.commands.forEach(untilItThrows);
  return command.exitOverride();
}

const patience = { timeout: 600_000 };
const whole = join(top, "whole");
const collecting = (root: string) =>
  `collect --dataset.root ${root} --env.task reach,drawer-close --episodes 120 --env.max-steps 6`.split(" ");

/** Digests of a folder's files, by path. */
function filesIn(folder: string): Record<string, string> {
  const paths = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((path) =>
    path.includes("."),
  );
  const digest = (path: string) => createHash("sha256").update(readFileSync(path)).digest("hex");
  return Object.fromEntries(paths.map((path) => [path, digest(join(folder, path))]));
}

const filesOf = (folder: string) => (existsSync(folder) ? readdirSync(folder).length : 0);

/** Collects in a process of its own, sends it a signal as soon as it writes into a folder, and tells how it ended. */
async function interrupt(command: readonly string[], folder: string, signal?: NodeJS.Signals) {
  const before = filesOf(folder);
  const main = join(import.meta.dirname, "../main.ts");
  const child = spawn(process.execPath, ["--import", "tsx", main, "data", ...command], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let stderr = "";
  child.stderr.on("data", (text) => {
    stderr += text;
  });
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  while (signal && filesOf(folder) === before && child.exitCode === null)
    await new Promise((resolve) => setTimeout(resolve, 5));
  if (signal) child.kill(signal);
  return { code: await ended, stderr };
}

describe("a collection", () => {
  beforeAll(async () => {
    const { stdout } = await sodp(...collecting(whole), "--json");
    expect(JSON.parse(stdout)).toMatchObject({
      folder: whole,
      complete: true,
      episodes: 240,
      steps: 1440,
      tasks: [
        { task: "metaworld/reach", episodes: 120 },
        { task: "metaworld/drawer-close", episodes: 120 },
      ],
    });
  }, patience.timeout);

  test("that is killed, then stopped, in its middle comes to the same data", patience, async () => {
    const broken = join(top, "broken");
    const shards = join(broken, "data");
    expect((await interrupt(collecting(broken), shards, "SIGKILL")).code).toBe(null);
    const { code, stderr } = await interrupt(collecting(broken), shards, "SIGINT");
    expect([code, stderr]).toEqual([
      130,
      expect.stringMatching(/Stopped: \d+ of 240 episodes are kept\. The same command goes on\./),
    ]);
    await sodp(...collecting(broken));
    expect(filesIn(broken)).toEqual(filesIn(whole));
  });

  test("is told about", async () => {
    const info = JSON.parse((await sodp("info", whole, "--json")).stdout);
    expect(info).toMatchObject({
      episodes: 240,
      spaces: { observation: { state: { shape: [39] } }, action: { action: { shape: [4] } } },
      damage: [],
      unlisted: [],
    });
    expect(info.origin).toMatchObject({ episodes: 120, max_steps: 6, success: 0.3, seed: 0 });
    expect(info.tasks[0].quarters).toHaveLength(4);
    const { stdout } = await sodp("info", whole);
    expect(stdout).toMatch(/^metaworld\/reach +120 +720 +\d/m);
    expect(stdout).toMatch(/^metaworld\/reach .*observation 9-17, 27-35/m);
  });

  test("is drawn as one page", patience, async () => {
    const file = join(top, "card", "whole.html");
    expect((await sodp("info", whole, "--html", file)).stderr).toContain(`Drawn: ${file}`);
    const html = readFileSync(file, "utf8");
    for (const what of ["reach", "drawer-close", "Action 3", "Hand from above"]) expect(html).toContain(what);
  });

  test("merges with itself", async () => {
    const { stdout } = await sodp("merge", whole, whole, "--out", join(top, "twice"), "--json");
    expect(JSON.parse(stdout)).toMatchObject({
      episodes: 480,
      tasks: ["metaworld/reach", "metaworld/drawer-close"],
    });
  });

  test("is checked: damage is named, put into quarantine, and exits with 1", async () => {
    const { exitCode, stdout } = await sodp("check", whole, "--json");
    expect([exitCode, JSON.parse(stdout).damage]).toEqual([0, []]);
    const damaged = join(top, "damaged");
    await sodp("merge", whole, whole, "--out", damaged);
    truncateSync(join(damaged, "data/shard-00000.safetensors"), 5000);
    const told = await sodp("check", damaged, "--quarantine");
    expect(told).toMatchObject({ exitCode: 1, stdout: expect.stringContaining("0 of 1 shards are sound") });
    expect(told.stderr).toMatch(/Left out: .*shard-00000\.safetensors is truncated: its header describes/);
    await expect(sodp("info", damaged)).rejects.toThrow("shard-00000.safetensors is in quarantine: ");
  });

  test("with one flipped bit is read by nobody", async () => {
    const flipped = join(top, "flipped");
    cpSync(whole, flipped, { recursive: true });
    const shard = join(flipped, "data/shard-00001.safetensors");
    const bytes = readFileSync(shard);
    bytes[bytes.length >> 1] ^= 4;
    writeFileSync(shard, bytes);
    const sentence = new RegExp(`^${shard} is damaged: its data has sha256 .* --quarantine\\.$`);
    const out = join(top, "of-flipped");
    await expect(sodp("info", flipped)).rejects.toThrow(sentence);
    await expect(sodp("merge", flipped, "--out", join(top, "merged"))).rejects.toThrow(sentence);
    await expect(sodp("export", flipped, "--format", "lerobot", "--out", out)).rejects.toThrow(sentence);
    expect(readdirSync(top).filter((name) => name.startsWith("of-flipped"))).toEqual([]);
    await expect(sodp(...collecting(flipped))).rejects.toThrow(sentence);
  });

  test("that is unfinished is said to be, and exits with 1 until it is taken as it is", async () => {
    const unfinished = join(top, "unfinished");
    const writer = await DatasetWriter.create(unfinished, {}, "import");
    using dataset = await Dataset.open(whole);
    await writer.add(dataset.episode(0), dataset.spaces);
    await writer.flush();
    const sentence = `${unfinished} is unfinished: the import that writes it was interrupted, or is still at work.`;
    const told = await sodp("check", unfinished, "--json");
    expect([told.exitCode, JSON.parse(told.stdout)]).toEqual([
      1,
      expect.objectContaining({ episodes: 1, damage: [], unfinished: sentence, unchecked: false }),
    ]);
    const out = join(top, "of-unfinished");
    await expect(sodp("export", unfinished, "--format", "lerobot", "--out", out)).rejects.toThrow(sentence);
    expect((await sodp("info", unfinished)).stderr).toContain(sentence);
    await sodp("check", unfinished, "--quarantine");
    expect((await sodp("check", unfinished)).exitCode).toBe(0);
  });
});

const learning = (root: string, threads: number) =>
  (
    `collect --agent sac --dataset.root ${root} --env.task reach,drawer-close,push --env.max-steps 20 --keep 0.5 --seed 4 ` +
    "--sac.env-steps 800 --sac.learning-starts 100 --sac.batch-size 16 --sac.hidden-sizes 8 --sac.eval-every 200 " +
    `--sac.eval.n-episodes 1 --threads ${threads}`
  ).split(" ");

describe("a collection by agents that learn", () => {
  test("that is stopped and killed in its middle comes to the same data", patience, async () => {
    const undisturbed = join(top, "agents");
    const { code, stderr } = await interrupt(learning(undisturbed, 3), undisturbed);
    expect([code, stderr]).toEqual([0, expect.stringContaining("2400/2400")]);
    using dataset = await Dataset.open(undisturbed);
    const tasks = ["reach", "drawer-close", "push"];
    expect(dataset.tasks).toEqual(tasks.map((task) => `metaworld/${task}`));
    expect([dataset.episodes, dataset.steps]).toEqual([60, 1200]);
    for (const [i, task] of tasks.entries()) {
      using replay = await Dataset.open(join(undisturbed, "sac", task, "replay"));
      expect([replay.episodes, replay.steps]).toEqual([40, 800]);
      expect(dataset.episode(20 * i + 19)).toEqual(replay.episode(19));
    }

    const disturbed = join(top, "agents-disturbed");
    const checkpoints = (task: string) => join(disturbed, "sac", task, "checkpoints");
    const stopped = await interrupt(learning(disturbed, 1), checkpoints("reach"), "SIGINT");
    expect([stopped.code, stopped.stderr]).toEqual([
      130,
      expect.stringContaining("The same command goes on."),
    ]);
    expect((await interrupt(learning(disturbed, 2), checkpoints("drawer-close"), "SIGKILL")).code).toBe(null);
    expect((await interrupt(learning(disturbed, 1), join(disturbed, "data"), "SIGTERM")).code).toBe(143);
    expect((await interrupt(learning(disturbed, 2), disturbed)).code).toBe(0);
    const ofDataSet = (files: Record<string, string>) =>
      Object.fromEntries(Object.entries(files).filter(([path]) => !path.startsWith("sac")));
    expect(ofDataSet(filesIn(disturbed))).toEqual(ofDataSet(filesIn(undisturbed)));
  });

  test("is given nothing that only experts know, and the other way round", async () => {
    const given = ["collect", "--dataset.root", join(top, "misplaced")];
    await expect(sodp(...given, "--agent", "sac", "--success", "0.5")).rejects.toThrow(
      "--success means nothing to --agent sac; it is for --agent expert.",
    );
    await expect(sodp(...given, "--sac.env_steps", "5")).rejects.toThrow(
      "--sac means nothing to --agent expert; it is for --agent sac.",
    );
  });
});

test.each([
  [["collect"], "--dataset.root is required"],
  [["collect", "--dataset.root", "x", "--success", "2"], "--success: expected a number from 0 to 1, got 2."],
  [["collect", "--dataset.root", "x", "--env.task", "mt5"], 'Unknown task or suite "mt5". Known: mt50'],
  [["collect", "--dataset.root", "x", "--episode", "3"], "unknown option '--episode'"],
  [["collect", "--dataset.root", "x", "--env.task", "rech"], 'Unknown task or suite "rech". Known: '],
  [["info", join(top, "nothing")], "nothing holds no data set: there is no "],
  [["merge", whole], "--out is required: where the new data set is written."],
])("refused in a sentence: %j", async (given, sentence) => {
  await expect(sodp(...given)).rejects.toThrow(sentence);
});

test("counts are drawn", () => {
  expect(bars([0, 1, 4, 8])).toBe(" ▁▄█");
});
