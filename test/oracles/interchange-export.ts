/**
 * @file Writes episodes, a planner and metrics for interchange.py to open, and plays an episode of its Python's Gymnasium:
 * npx tsx test/oracles/interchange-export.ts <folder> <python>
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Random, type Spaces, vectorSpace } from "../../src/base/index.ts";
import type { Episode } from "../../src/data/episodes/index.ts";
import { exportFormats } from "../../src/data/export/index.ts";
import { DatasetWriter } from "../../src/data/index.ts";
import { cpu } from "../../src/devices/index.ts";
import { denoisingSteps, drawNoise } from "../../src/diffusion/index.ts";
import { PythonEnv } from "../../src/envs/python/index.ts";
import { exportPlanner } from "../../src/policies/files/index.ts";
import {
  compileSampler,
  diffusionOf,
  drawSpecs,
  initPlanner,
  plannerConfig,
  thetaOf,
} from "../../src/policies/index.ts";
import { fileVersion, scalars } from "../../src/runs/tensorboard.ts";

/** Numbers of all magnitudes: also zeros of both signs, subnormal ones, and those that repeat. */
function numbers(random: Random, length: number, scale: number): Float32Array {
  const special = [0, -0, 1e-45, -1e-42, 1, -1];
  return Float32Array.from({ length }, () =>
    random.integer(4) === 0 ? special[random.integer(special.length)] : scale * (2 * random.uniform() - 1),
  );
}

function episode(random: Random, index: number, observationSize: number, actionSize: number): Episode {
  const steps = 1 + random.integer(40);
  return {
    task: ["reach-v3", "pick-place-v3", "Öffne die Tür"][index % 3],
    seed: 2 ** 31 + random.integer(2 ** 31),
    observations: numbers(random, steps * observationSize, 1e6),
    finalObservation: numbers(random, observationSize, 1e-6),
    actions: numbers(random, steps * actionSize, 1),
    rewards: numbers(random, steps, 10),
    successes: Uint8Array.from({ length: steps }, () => random.integer(2)),
    terminated: random.integer(2) === 1,
  };
}

const cases = {
  wide: { observationSize: 39, actionSize: 4, count: 40 },
  narrow: { observationSize: 1, actionSize: 1, count: 7 },
};

for (const [name, { observationSize, actionSize, count }] of Object.entries(cases)) {
  const folder = join(process.argv[2], name);
  const random = new Random(3);
  const episodes = Array.from({ length: count }, (_, i) => episode(random, i, observationSize, actionSize));
  await mkdir(folder, { recursive: true });
  await writeFile(
    join(folder, "expected.json"),
    JSON.stringify(episodes, (_, value) =>
      ArrayBuffer.isView(value)
        ? Array.from(value as Float32Array, (number) => (Object.is(number, -0) ? "-0.0" : number))
        : value,
    ).replaceAll('"-0.0"', "-0.0"),
  );
  const spaces = {
    observation: vectorSpace("state", observationSize),
    action: vectorSpace("action", actionSize),
  };
  const writer = await DatasetWriter.create(join(folder, "ours"));
  for (const each of episodes) await writer.add(each, spaces);
  await writer.close();
  const { lerobot, minari } = exportFormats;
  await lerobot.write(episodes, spaces, join(folder, "lerobot"), { fps: 10, fileBytes: 40_000 });
  await minari.write(episodes, spaces, join(folder, "minari", "sodp", "ours-v0"), { id: "sodp/ours-v0" });
}

/** Observations of several parts, a picture among them, and whole numbers that bytes and float32 hold. */
const parts: Spaces = {
  observation: {
    state: { shape: [2], names: ["x", "y"] },
    pointCloud: { shape: [3, 2] },
    image: { shape: [40, 32, 3], dtype: "uint8" },
  },
  action: vectorSpace("action", 2),
};
const random = new Random(4);
const wholeNumbers = (length: number) => Float32Array.from({ length }, () => random.integer(256));
const size = 2 + 6 + 40 * 32 * 3;
const episodes = [3, 5].map(
  (steps, index): Episode => ({
    ...episode(random, index, 1, 1),
    observations: wholeNumbers(steps * size),
    finalObservation: wholeNumbers(size),
    actions: new Float32Array(2 * steps),
    rewards: new Float32Array(steps),
    successes: new Uint8Array(steps),
  }),
);
const folder = join(process.argv[2], "parts");
await exportFormats.lerobot.write(episodes, parts, join(folder, "lerobot"), { fps: 10 });
await exportFormats.minari.write(episodes, parts, join(folder, "minari", "sodp", "ours-v0"), {
  id: "sodp/ours-v0",
});
await writeFile(
  join(folder, "expected.json"),
  JSON.stringify(episodes.map((each) => [[...each.observations], [...each.finalObservation]])),
);

const others = join(process.argv[2], "others");
await mkdir(join(others, "tb"), { recursive: true });
await writePlanner();
await writeScalars();
await playPendulum(process.argv[3]);

/** An exported planner, and what the planner itself does with some inputs. */
async function writePlanner(): Promise<void> {
  const config = plannerConfig({
    spaces: { observation: vectorSpace("state", 3), action: vectorSpace("action", 2) },
    horizon: 8,
    nActionSteps: 4,
    numTrainTimesteps: 10,
    denoiser: { kind: "mlp", width: 32, blocks: 2, embeddingSize: 16 },
  });
  const range = (size: number) => ({ low: Array(size).fill(-1), high: Array(size).fill(1) });
  const random = new Random(5);
  const planner = initPlanner(config, { observation: { state: range(3) }, action: range(2) }, random);
  await exportPlanner(planner, join(others, "planner.onnx"));
  const steps = denoisingSteps(diffusionOf(config), {});
  const draws = drawSpecs(config, steps, 1);
  await using sampler = await compileSampler(planner, { batchSize: 1, denoising: {}, device: cpu() });
  const runs: unknown[] = [];
  for (let run = 0; run < 8; run++) {
    const drawn = Object.fromEntries(
      Object.entries(draws).map(([name, { shape }]) => [name, drawNoise(shape, random)]),
    );
    const observations = random.fillNormal(new Float32Array(config.nObsSteps * 3));
    const { actions } = await sampler.run({ ...drawn, observations, theta: thetaOf(planner) } as never);
    const inputs = Object.entries({ ...drawn, observations }).map(([name, given]) => [name, [...given]]);
    runs.push({ inputs: Object.fromEntries(inputs), actions: [...actions] });
  }
  await writeFile(join(others, "runs.json"), JSON.stringify(runs));
}

async function writeScalars(): Promise<void> {
  const random = new Random(6);
  const points = Array.from(
    { length: 200 },
    (_, step) => [step * 10, random.normal() * 10 ** (step % 9)] as const,
  );
  const records = [
    fileVersion(1e9),
    ...points.map(([step, value]) => scalars(1e9 + step, step, { "train/loss": value })),
  ];
  await writeFile(join(others, "tb/events.out.tfevents.sodp"), Buffer.concat(records));
  await writeFile(join(others, "scalars.json"), JSON.stringify({ "train/loss": points }));
}

async function playPendulum(python: string): Promise<void> {
  using env = await PythonEnv.start("Pendulum-v1", { python });
  const seed = 5;
  const seen = [[...env.reset(seed).observation]];
  const actions = Array.from({ length: 50 }, (_, i) => [Math.sin(i)]);
  const rewards: number[] = [];
  for (const action of actions) {
    const { observation, reward } = env.step(action);
    seen.push([...observation]);
    rewards.push(reward);
  }
  await writeFile(
    join(others, "pendulum.json"),
    JSON.stringify({ seed, actions, observations: seen, rewards }),
  );
}
