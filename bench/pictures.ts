/** @file Cost of pictures: CPU milliseconds, median over rounds, in one scene of primitives and one with meshes. */

import { parseArgs } from "node:util";
import {
  depthImage,
  findTask,
  loadEngine,
  MetaworldEnv,
  pointCloud,
  recordEpisode,
  render,
  scripted,
  usualView,
} from "../src/envs/index.ts";
import { encodeAnimation, encodePng } from "../src/platform/index.ts";

const rounds = 20;

/** Prints a row for each measurement, or with --json one document. */
export async function pictures(options: string[]): Promise<void> {
  const { values } = parseArgs({ args: options, options: { json: { type: "boolean", default: false } } });
  const engine = await loadEngine();
  const rows: Record<string, string | number>[] = [];
  for (const task of ["drawer-open", "soccer"]) {
    const { task: record, expert } = findTask(task);
    using env = new MetaworldEnv(engine, record);
    env.reset(0);
    const { sim } = env;
    const camera = usualView(env.task);
    const size = { width: 320, height: 240 };
    const image = render(sim, { camera, ...size });
    const measure = (what: string, run: () => unknown) =>
      rows.push({ task, what, milliseconds: medianCpu(run) });
    measure("picture 320 x 240, 4 samples per pixel, shadows", () => render(sim, { camera, ...size }));
    measure("the same samples by MuJoCo's rays, unlit", () => depthImage(sim, camera, 640, 480));
    measure("PNG 320 x 240", () => encodePng(image));
    measure("depth image 84 x 84", () => depthImage(sim, "corner2", 84, 84));
    measure("point cloud 84 x 84", () => pointCloud(sim, "corner2", 84, 84));
    const { frames, period } = recordEpisode(env, { ...scripted(expert), ...size, maxSteps: 40 });
    const bytes = encodeAnimation(frames, period).length;
    rows.push({ task, what: "moving PNG 320 x 240", kilobytesPerPicture: bytes / frames.length / 1000 });
  }
  if (values.json) console.log(JSON.stringify({ rounds, rows }, null, 2));
  else console.table(rows);
}

function medianCpu(run: () => unknown): number {
  run();
  const costs = Array.from({ length: rounds }, () => {
    const before = process.cpuUsage();
    run();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  });
  return costs.sort((a, b) => a - b)[rounds >> 1];
}
