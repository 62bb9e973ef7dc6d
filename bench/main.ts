/** @file `npm run -s bench -- <name> [options]` measures; without a name it says what there is to measure. */
import { lookup, UserError } from "../src/base/index.ts";

interface Bench {
  readonly about: string;
  readonly run: (options: string[]) => Promise<unknown>;
}

const benches: Readonly<Record<string, Bench>> = {
  learning: {
    about: "training and sampling side by side with PyTorch; --json, --case <name>..., --rounds <n>",
    run: async (options) => (await import("./learning.ts")).learning(options),
  },
  finetuning: {
    about: "where the fine-tuning loop's time goes: environments, sampling, updates; --json, --steps <n>",
    run: async (options) => (await import("./finetuning.ts")).finetuning(options),
  },
  data: {
    about:
      "reading 50 M transitions: first batch, random windows, memory, check; writes 10 GB, then removes them; --json, --cold, --steps <n>",
    run: async (options) => (await import("./data.ts")).data(options),
  },
  optimizer: {
    about: "one optimizer step, WebAssembly against plain TypeScript",
    run: () => import("./optimizer.ts"),
  },
  envs: {
    about:
      "our environments side by side with the official Python Meta-World, after npm run build:engine; --json, --task <name>..., --rounds <n>",
    run: async (options) => (await import("./envs.ts")).envs(options),
  },
  pictures: {
    about: "CPU time of pictures, depth images and point clouds; --json",
    run: async (options) => (await import("./pictures.ts")).pictures(options),
  },
};

const [name, ...options] = process.argv.slice(2);
try {
  if (name === "worlds") throw new UserError('Bench "worlds" is now "envs".');
  if (name !== undefined) await lookup(benches, name, "bench").run(options);
  else for (const [bench, { about }] of Object.entries(benches)) console.log(`${bench.padEnd(10)} ${about}`);
} catch (error) {
  if (!(error instanceof UserError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
