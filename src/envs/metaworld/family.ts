/** @file The Meta-World family: fifty manipulation tasks of one robot arm, version 3. */
import { z } from "zod";
import { defineFamily } from "../family.ts";
import { MetaworldEnv } from "./environment.ts";
import { scripted } from "./expert.ts";
import { Goals, officialVectors } from "./goals.ts";
import { metaworldSpaces } from "./spaces.ts";
import { canonicalTask, suites, tasks } from "./tasks.ts";

export const metaworld = defineFamily({
  name: "metaworld",
  summary: "fifty tasks of a robot arm at a table, simulated by MuJoCo",
  tasks: Object.keys(tasks),
  suites,
  options: z.strictObject({
    goals: Goals.default({ kind: "random" }).describe("where objects and goal are in an episode"),
    goalVisible: z.boolean().default(true).describe("whether the goal's place is observed, or three zeros"),
    maxSteps: z.int().positive().default(500).describe("steps after which an episode is truncated"),
  }),
  canonical: canonicalTask,
  describe(task) {
    const { difficulty, solved, scene, handStart, random, goalSpace } = tasks[task].task;
    return { difficulty, solved, scene, handStart, random, goalSpace };
  },
  spaces: () => metaworldSpaces,
  expert: (task) => scripted(tasks[task].expert),
  benchmarkStarts: (task, seed, count) =>
    officialVectors(tasks[task].task, seed, count).map((vector) => ({ vector })),
  make: async (task, options, host) => new MetaworldEnv(await host.loadEngine(), tasks[task].task, options),
});
