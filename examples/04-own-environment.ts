/**
 * @file An environment of one's own (shared/cart.ts): is it one, does its expert solve it, and what data do experts leave
 * that err on purpose?
 *
 *     npx tsx examples/04-own-environment.ts [output folder]
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Dataset } from "../src/data.ts";
import { brokenPromises, makeEnv, playScripted } from "../src/envs.ts";
import { CollectConfig, collect } from "../src/rollout.ts";
import { outputFolder } from "./shared/output-folder.ts";

const folder = outputFolder();

// A config is plain data: it crosses threads, and files. The module exports a family, the name says which of its tasks.
const module = fileURLToPath(new URL("shared/cart.ts", import.meta.url));
const config = { env: "cart/park", module, friction: 0.8 };

// Every environment makes the same promises: equal seeds give equal episodes, what is saved goes on exactly, ...
const broken = await brokenPromises(() => makeEnv(config));
console.log(broken.length === 0 ? "It keeps all promises." : broken.join("\n"));

// Its expert, alone.
const { family } = await import("./shared/cart.ts");
const expert = family.expert?.("park", { friction: 0.8, maxSteps: 60 });
if (expert === undefined) throw new Error("The family has an expert.");
using env = await makeEnv(config);
const { success, steps } = playScripted(env, expert, { seed: 7 });
console.log(`Its expert ${success ? `comes to rest after ${steps} steps` : "fails"}.`);

// The expert with noise, in threads, until a third of the episodes is solved: data to train on.
const collection = CollectConfig.parse({
  tasks: ["cart/park"],
  env: { module, friction: 0.8 },
  episodes: 90,
});
await collect(collection, join(folder, "data"), { threads: 2 });
using data = await Dataset.open(join(folder, "data"));
const solved = Array.from({ length: data.episodes }, (_, i) => data.isSolved(i)).filter(Boolean).length;
console.log(`${data.episodes} episodes, ${data.steps} steps, ${solved} solved: ${join(folder, "data")}`);
