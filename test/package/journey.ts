/** @file The way of the package from its tarball into a user's project: installed, imported, called. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Project } from "./project.ts";

const top = join(import.meta.dirname, "../..");
const { exports, peerDependencies } = JSON.parse(readFileSync(join(top, "package.json"), "utf8"));
const entries = Object.keys(exports).map((path) => path.replace(/^\./, "sodp"));
/** Megabytes of an installation that simulates, reads data and rolls out. */
const largestInstallation = 60;

/** An environment, its expert, a data set: none of it needs a network. */
const worldOnly = `
import { Dataset } from "sodp/data";
import { makeEnv, successRate } from "sodp/envs";
import { MetaworldEnv } from "sodp/metaworld";
import { collect, CollectConfig, wilsonInterval } from "sodp/rollout";
const env = await makeEnv({ env: "metaworld/drawer-open" });
env.reset(1);
const { observation } = env.step([0, 0, 0, 0]);
env.close();
await collect(CollectConfig.parse({ tasks: ["toy/reach"], episodes: 20 }), "collected", { threads: 1 });
const data = await Dataset.open("collected");
console.log(observation.length, data.episodes, typeof MetaworldEnv, typeof successRate, typeof wilsonInterval);
data.close();
`;

/** The tarball alone, without ONNX Runtime. Throws where something is not as promised. returns: megabytes installed */
export function worldOnlyJourney(project: Project, tarball: string): number {
  project.npm("install", "--no-audit", "--no-fund", tarball);
  const megabytes = project.megabytes();
  assert(
    megabytes <= largestInstallation,
    `${megabytes} MB are installed, at most ${largestInstallation} shall be`,
  );
  const help = project.sodp("--help");
  assert.equal(help.status, 0, help.stderr);
  assert.match(help.stdout, /quickstart/);
  for (const entry of entries.filter((name) => name !== "sodp/web"))
    project.node("--input-type=module", "-e", `await import("${entry}")`);
  project.write("world.js", worldOnly);
  assert.equal(project.node("world.js"), "39 20 function function function\n");
  const refused = project.sodp(
    "pretrain",
    "--preset",
    "toy",
    "--dataset.root",
    "collected",
    "--output_dir",
    "run",
  );
  assert.equal(refused.status, 1);
  assert.match(
    refused.stderr,
    /^Networks run in the package onnxruntime-node, which is not installed: [^\n]+\n$/,
  );
  assert.throws(() => readFileSync(join(project.folder, "run/run.json")), "a run was begun");
  return megabytes;
}

/** With ONNX Runtime beside it: the first lines of README, and the whole method with sizes that learn nothing. */
export function planningJourney(project: Project): void {
  const runtimes = ["onnxruntime-node", "onnxruntime-web"].map((name) => `${name}@${peerDependencies[name]}`);
  project.npm("install", "--no-audit", "--no-fund", "--ignore-scripts", ...runtimes);
  project.node("--input-type=module", "-e", `await import("sodp/web")`);
  runSnippet(project);
  const sizes =
    "--collect.episodes 1 --env.max_steps 30 --pretrain.steps 5 --finetune.env_steps 1200 --eval.n_episodes 1";
  const words = `quickstart --env.task reach --output_dir quick --json ${sizes}`;
  const { status, stdout, stderr } = project.sodp(...words.split(" "));
  assert.equal(status, 0, stderr);
  assert.equal(JSON.parse(stdout).status, "finished");
}

/** README's TypeScript, checked against the package's types, then run. */
function runSnippet(project: Project): void {
  const [, snippet] = /```ts\n([^`]*)```/.exec(readFileSync(join(top, "README.md"), "utf8")) ?? [];
  assert(snippet, "README has a snippet");
  project.write("snippet.ts", snippet);
  const compilerOptions = {
    ...{
      module: "nodenext",
      skipLibCheck: true,
      target: "es2023",
      lib: ["es2023", "esnext.disposable"],
      strict: true,
    },
    ...{ types: ["node"], typeRoots: [join(top, "node_modules/@types")], outDir: "compiled" },
  };
  project.write("tsconfig.json", JSON.stringify({ compilerOptions, files: ["snippet.ts"] }));
  project.node(join(top, "node_modules/typescript/bin/tsc"));
  project.node("compiled/snippet.js");
}
