/** @file Exports episodes for interchange.py to open: npx tsx test/oracles/interchange-export.ts <folder> */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Random, type Spaces, vectorSpace } from "../../src/base/index.ts";
import type { Episode } from "../../src/data/episodes/index.ts";
import { exportFormats } from "../../src/data/export/index.ts";

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
