/** @file Commands that are killed, and what must be there however often they were. */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { Random, type Space, sizeOfSpace, vectorSpaces } from "../../src/base/index.ts";
import { exportFormats } from "../../src/data/export/index.ts";
import { openExternalDataset } from "../../src/data/import/index.ts";
import { checkDataset, Dataset, DatasetWriter } from "../../src/data/index.ts";
import { toySpaces } from "../../src/envs/toy/environment.ts";
import { savePlanner } from "../../src/policies/files/index.ts";
import { initPlanner, plannerNormalizers } from "../../src/policies/index.ts";
import { outcome } from "../toy-run.ts";

export interface KilledCommand {
  /** Words after `sodp` that write the folder `out`, or go on with it. */
  words(out: string): readonly string[];
  /** True: the same words go on with what is there. False: what is unfinished is removed first. */
  readonly goesOn: boolean;
  /** Returns true if `out` is whole. Throws if it passes for whole and is not `expected`, the outcome without a kill. */
  judge(out: string, expected: unknown): Promise<boolean>;
  outcome(out: string): unknown;
}

/** Writes a data set of random numbers, in shards of 2^19 steps. */
async function writeSource(
  folder: string,
  episodes: number,
  episodeSteps: number,
  sizes: readonly [O: number, A: number],
) {
  const random = new Random(5);
  const numbers = (size: number) => random.fillUniform(new Float32Array(size));
  const writer = await DatasetWriter.create(folder);
  for (let seed = 0; seed < episodes; seed++)
    await writer.add(
      {
        task: "a",
        seed,
        observations: numbers(episodeSteps * sizes[0]),
        finalObservation: numbers(sizes[0]),
        actions: numbers(episodeSteps * sizes[1]),
        rewards: numbers(episodeSteps),
        successes: new Uint8Array(episodeSteps),
        terminated: false,
      },
      vectorSpaces(...sizes),
    );
  await writer.close();
}

/** Digests of all files below a folder, by their paths. */
function digestsIn(folder: string, ignored = /^$/): Record<string, string> {
  const paths = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => statSync(join(folder, path)).isFile() && !ignored.test(path))
    .sort();
  const digest = (path: string) =>
    createHash("sha256")
      .update(readFileSync(join(folder, path)))
      .digest("hex");
  return Object.fromEntries(paths.map((path) => [path, digest(path)]));
}

function requireEqual(found: unknown, expected: unknown, what: string): void {
  if (JSON.stringify(found) === JSON.stringify(expected)) return;
  throw new Error(
    `${what}: ${JSON.stringify(found).slice(0, 500)}, not ${JSON.stringify(expected).slice(0, 500)}`,
  );
}

/** Files in a data set's folder that it does not consist of. */
const notOfSet = /^meta|\.tmp$|^sac/;

/** A command that writes a data set of ours. */
const ours = (goesOn: boolean, words: KilledCommand["words"]): KilledCommand => ({
  words,
  goesOn,
  async judge(out, expected) {
    if (!existsSync(join(out, "manifest.json"))) return false;
    const { damage, unfinished } = await checkDataset(out);
    requireEqual(damage, [], `${out} is damaged`);
    if (unfinished !== undefined) return false;
    requireEqual(digestsIn(out, notOfSet), expected, `${out} passes for whole`);
    return true;
  },
  outcome: (out) => digestsIn(out, notOfSet),
});

/** Digest of all numbers of another program's data set, and how many episodes it has. HDF5 files hold times of their own. */
async function contentOf(folder: string) {
  const hash = createHash("sha256");
  let count = 0;
  for await (const episode of (await openExternalDataset(folder)).episodes()) {
    for (const numbers of [episode.observations, episode.finalObservation, episode.actions, episode.rewards])
      hash.update(new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength));
    count++;
  }
  return { count, sha256: hash.digest("hex"), files: Object.keys(digestsIn(folder)) };
}

/** A command that writes another program's data set. */
const exported = (source: string, format: string): KilledCommand => ({
  words: (out) => ["data", "export", source, "--format", format, "--out", out],
  goesOn: true,
  async judge(out, expected) {
    if (!existsSync(out)) return false;
    requireEqual(await contentOf(out), expected, `${out} passes for whole`);
    return true;
  },
  async outcome(out) {
    const beside = readdirSync(dirname(out)).filter((name) => name.startsWith(`${basename(out)}.`));
    requireEqual(beside, [], "left beside");
    return contentOf(out);
  },
});

const tiny =
  "--planner.denoiser.kind mlp --planner.denoiser.width 16 --planner.num_train_timesteps 3 --planner.horizon 4 " +
  "--planner.n_action_steps 3 --batch_size 16 --log_every 1 --eval_every 40 --save_every 70 --threads 1";
const quick =
  "--collect.episodes 1 --env.max_steps 30 --pretrain.steps 5 --finetune.env_steps 1200 --eval.n_episodes 2";

const quickTuning =
  "--env.task toy/reach --env.num_envs 2 --env_steps 6000 --episodes 8 --initial_episodes 8 --eval.n_episodes 2 " +
  "--eval_every 2000 --epochs 1 --threads 1";

/** A planner for the toy family's environments. */
function toyPlanner() {
  const spaces = toySpaces("state");
  const range = (space: Space) => {
    const size = sizeOfSpace(space);
    return { low: new Array<number>(size).fill(-1), high: new Array<number>(size).fill(1) };
  };
  const normalizers = plannerNormalizers(spaces, {
    observation: range(spaces.observation),
    action: range(spaces.action),
  });
  const denoiser = { kind: "mlp", width: 8, blocks: 1, embeddingSize: 4 } as const;
  const config = { spaces, horizon: 4, nObsSteps: 1, nActionSteps: 4, numTrainTimesteps: 3, denoiser };
  return initPlanner(config, normalizers, new Random(1));
}

/** Words of a training that goes on where it was. */
const resuming = (out: string, flags: string) =>
  existsSync(join(out, "run.json")) ? `--resume=true --config_path ${out}` : `${flags} --output_dir ${out}`;

/** Writes what the commands read into `folder`, and returns the commands. */
export async function commandsIn(folder: string): Promise<Record<string, KilledCommand>> {
  const [source, lerobot, small, planner] = ["source", "lerobot", "small", "planner"].map((name) =>
    join(folder, name),
  );
  await writeSource(source, 24, 50_000, [1, 1]); // three shards
  await writeSource(small, 20, 1000, [39, 4]);
  using dataset = await Dataset.open(source);
  const episodes = Array.from({ length: dataset.episodes }, (_, i) => dataset.episode(i));
  await exportFormats.lerobot.write(episodes, dataset.spaces, lerobot, {});
  await savePlanner(toyPlanner(), planner);
  return {
    import: ours(false, (out) => ["data", "import", lerobot, "--dataset.root", out]),
    merge: ours(false, (out) => ["data", "merge", source, source, "--out", out]),
    "export to LeRobot": exported(small, "lerobot"),
    "export to Minari": exported(small, "minari"),
    collect: ours(true, (out) =>
      `data collect --dataset.root ${out} --env.task toy/reach,toy/around --episodes 2000 --threads 1`.split(
        " ",
      ),
    ),
    pretrain: {
      words: (out) =>
        `pretrain ${resuming(out, `${tiny} --dataset.root ${small} --steps 300`)} --json`.split(" "),
      goesOn: true,
      judge: async () => false,
      outcome,
    },
    finetune: {
      words: (out) =>
        `finetune ${resuming(out, `--policy.path ${planner} ${quickTuning}`)} --json`.split(" "),
      goesOn: true,
      judge: async () => false,
      outcome,
    },
    quickstart: {
      words: (out) => `quickstart --env.task drawer-open ${quick} --output_dir ${out} --json`.split(" "),
      goesOn: true,
      judge: async () => false,
      outcome: (out) => ({
        data: digestsIn(join(out, "data")),
        jobs: readdirSync(join(out, "jobs"), { recursive: true, encoding: "utf8" }).sort(),
        reports: readdirSync(out).filter((name) => name.endsWith(".html")),
      }),
    },
  };
}
