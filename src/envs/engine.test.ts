import { existsSync } from "node:fs";
import loadMujoco from "@mujoco/mujoco";
import { expect, test } from "vitest";
import { type Engine, inlinedEngine, loadEngine } from "./engine.ts";
import { MetaworldEnv } from "./metaworld/environment.ts";
import { act } from "./metaworld/expert.ts";
import { findTask } from "./metaworld/tasks.ts";

/** Observations of an expert's first 80 steps. */
function play(engine: Engine, name: string): number[] {
  const { task, expert } = findTask(name);
  using env = new MetaworldEnv(engine, task);
  let { observation } = env.reset(3);
  const seen: number[] = [];
  for (let i = 0; i < 80; i++) {
    observation = env.step(act(expert, observation)).observation;
    seen.push(...observation);
  }
  return seen;
}

test.skipIf(!existsSync(inlinedEngine))(
  "the inlined engine plays as the package's own, bit for bit",
  { timeout: 60_000 },
  async () => {
    const [inlined, own] = [await loadEngine(), await loadMujoco()];
    for (const name of ["assembly", "box-close", "drawer-open", "soccer", "stick-pull"])
      expect(play(inlined, name)).toEqual(play(own, name));
  },
);
