/** @file Writes the scenes of all tasks as MJCF, <folder>/<task>.xml: what test/oracles/metaworld.py puts beside the official models. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { tasks } from "../../src/envs/index.ts";
import { sceneXml } from "../../src/envs/metaworld/scenes/scenes.ts";

const [folder = "."] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });
for (const [name, { task }] of Object.entries(tasks)) {
  writeFileSync(join(folder, `${name}.xml`), sceneXml(task.scene).simulated);
}
