/**
 * @file A robot opens a drawer: make an environment, reset it, act, see what is rewarded, draw it.
 *
 *     npx tsx examples/03-step-a-robot.ts [output folder]
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { sizeOfSpace } from "../src/envs.ts";
import {
  act,
  encodeAnimation,
  encodePng,
  findTask,
  loadEngine,
  MetaworldEnv,
  recordEpisode,
} from "../src/metaworld.ts";
import { outputFolder } from "./shared/output-folder.ts";

const folder = outputFolder();
const engine = await loadEngine(); // MuJoCo, as WebAssembly: nothing else is to be installed
const seed = 7;

// A task says what is rewarded; its expert is a table of phases that solves it.
const { task, expert } = findTask("drawer-open");
using env = new MetaworldEnv(engine, task);

// An episode starts with a reset. The seed fixes where drawer and goal are, so this prints the same numbers everywhere.
let { observation } = env.reset(seed);
const size = sizeOfSpace(env.spec.spaces.action);
console.log(`${task.name}: ${observation.length} numbers are observed, an action has ${size}.`);
console.log(`The phases of its expert: ${expert.phases.map(({ name }) => name).join(", ")}.\n`);

// A step is 1/80 s. Its reward, 0 to 10, is made of named terms: here it is five times their sum.
const rows: (readonly [string, ...number[]])[] = [];
let names: readonly string[] = [];
for (let step = 1, over = false; !over; step++) {
  const { reward, info, success, truncated, ...next } = env.step(act(expert, observation));
  observation = next.observation;
  over = success || truncated;
  names = Object.keys(info);
  if (over || step % 10 === 0) rows.push([String(step), reward, ...Object.values(info)]);
  if (success) console.log(`Solved after ${step} steps, ${(step * env.spec.controlPeriod).toFixed(1)} s.\n`);
}
console.log(["step", "reward", ...names].map((name) => name.padStart(10)).join(""));
for (const [step, ...numbers] of rows)
  console.log(step.padStart(10) + numbers.map((x) => x.toFixed(3).padStart(10)).join(""));

// What it looks like: the start, and the same episode as a moving picture.
env.reset(seed);
writeFileSync(join(folder, "drawer-open.png"), encodePng(env.render()));
const { frames, period } = recordEpisode(env, { act: (seen) => act(expert, seen), seed, every: 4 });
writeFileSync(join(folder, "drawer-open-solved.png"), encodeAnimation(frames, period));
console.log(`\n${folder} has a picture of its start, and a moving one of all ${frames.length} frames.`);
