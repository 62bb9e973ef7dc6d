/** How often experts succeed on the 50 official goals of a seed that has no recordings: `npx tsx bench/experts.ts [task ...]`. */

import {
  findTask,
  loadEngine,
  MetaworldEnv,
  officialVectors,
  playExpert,
  suites,
} from "../src/envs/index.ts";

const named = process.argv.slice(2);
const engine = await loadEngine();
for (const name of named.length > 0 ? named : suites.mt50) {
  const { task, expert } = findTask(name);
  using env = new MetaworldEnv(engine, task);
  const cpu = process.cpuUsage();
  const episodes = officialVectors(task, 123).map((vector) => playExpert(env, expert, vector));
  const seconds = process.cpuUsage(cpu).user / 1e6;
  const solved = episodes.filter(({ success }) => success);
  const steps = episodes.reduce((sum, episode) => sum + episode.steps, 0);
  console.log(
    name,
    `${solved.length}/${episodes.length} solved,`,
    `${(steps / episodes.length).toFixed(0)} steps an episode,`,
    `${(steps / seconds).toFixed(0)} steps per CPU second`,
  );
}
