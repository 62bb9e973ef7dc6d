/** @file The toy family: environments without a simulator, for trying out methods, commands and encoders in seconds. */
import { z } from "zod";
import { defineFamily } from "../family.ts";
import { ToyEnv, toySpaces } from "./environment.ts";
import { toyExpert } from "./expert.ts";
import { type ToyTaskName, toyTasks } from "./tasks.ts";

const tasks = Object.keys(toyTasks) as ToyTaskName[];

export const toy = defineFamily({
  name: "toy",
  summary: "a point in a square comes to a goal; no simulator",
  tasks,
  suites: { toy: tasks },
  options: z.strictObject({
    observation: z
      .enum(["state", "pointCloud"])
      .default("state")
      .describe("state: positions as numbers; pointCloud: 64 points on what there is"),
    maxSteps: z.int().positive().default(50).describe("steps after which an episode is truncated"),
  }),
  describe: (task) => ({ solved: toyTasks[task as ToyTaskName].summary }),
  spaces: (_, { observation }) => toySpaces(observation),
  expert: (task, { observation }) => toyExpert(task as ToyTaskName, observation),
  make: (task, options) => new ToyEnv(task as ToyTaskName, options),
});
