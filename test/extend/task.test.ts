/**
 * @file A Meta-World task is one record and its expert: here, the hand lifts itself to a point above the puck. In the package
 * it is a file of src/envs/metaworld/tasks and a line of tasks.ts; its tests are those of every task.
 */
import { describe, expect, test } from "vitest";
import { distance } from "../../src/envs/geometry.ts";
import { loadEngine, playScripted, promises } from "../../src/envs/index.ts";
import { MetaworldEnv } from "../../src/envs/metaworld/environment.ts";
import { type Expert, scripted } from "../../src/envs/metaworld/expert.ts";
import { tolerance } from "../../src/envs/metaworld/rewards.ts";
import { defineTask, looseObject, putObject, twoPoints } from "../../src/envs/metaworld/task.ts";
import { taskSuite } from "../task-suite.ts";

/** Hold the hand above the puck. */
const hover = defineTask({
  name: "hover",
  solved: "the hand is within 3 cm of the goal above the puck",
  difficulty: "easy",
  scene: "reach",
  handStart: [0, 0.6, 0.2],
  random: { low: [-0.1, 0.6, 0.02, -0.1, 0.6, 0.25], high: [0.1, 0.7, 0.02, 0.1, 0.7, 0.3] },
  goalSpace: { low: [-0.1, 0.6, 0.25], high: [0.1, 0.7, 0.3] },
  reset(sim, vector) {
    const [object, drawn] = twoPoints(vector);
    putObject(sim, object);
    return { object, goal: [object[0], object[1], drawn[2]] };
  },
  objects: looseObject,
  evaluate({ hand, start }) {
    const away = distance(hand, start.goal);
    const above = tolerance(away, { bounds: [0, 0.03], margin: 0.2 });
    return { reward: 10 * above, success: away <= 0.03, terms: { above } };
  },
});

const hoverExpert: Expert = {
  gain: 10,
  phases: [{ name: "rise above the puck", to: ({ goal }) => goal, grip: 0 }],
};

const engine = await loadEngine();

describe("a task", () => {
  taskSuite(engine, hover, hoverExpert);

  const make = async () => new MetaworldEnv(engine, hover, { maxSteps: 60 });
  test.each(Object.entries(promises))("as an environment: %s", { timeout: 60_000 }, (_, check) =>
    check(make),
  );

  test("is solved by its expert, and its record says when", async () => {
    using env = await make();
    const solved = Array.from({ length: 10 }, (_, seed) =>
      playScripted(env, scripted(hoverExpert), { seed }),
    );
    expect(solved.filter(({ success }) => success).length).toBeGreaterThanOrEqual(8);
  });
});
