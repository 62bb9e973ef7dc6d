/**
 * @file Writes what `docs/metaworld.md` says from the task records, and its pictures: `npm run docs:metaworld`.
 * Text between `<!-- name -->` and `<!-- /name -->` is this script's; all else is written by hand.
 */

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { UserError } from "../src/base/index.ts";
import { loadEngine, MetaworldEnv, tasks } from "../src/envs/index.ts";
import { suites } from "../src/envs/metaworld/tasks.ts";
import { encodePng } from "../src/platform/index.ts";

const page = new URL("metaworld.md", import.meta.url);
const pictureSize = { width: 240, height: 180 };

/** Path of a task's picture, relative to the page. */
export function picturePath(task: string): string {
  return `images/metaworld/${task}.png`;
}

/** The page as it is, and as the task records have it. */
export function pages(): { readonly present: string; readonly right: string } {
  const present = readFileSync(page, "utf8");
  const parts = {
    suites: suiteList(),
    settled: settledInPlace(),
    departures: departures(),
    tasks: taskTable(),
  };
  const right = Object.entries(parts).reduce((text, [name, part]) => fill(text, name, part), present);
  return { present, right };
}

function fill(text: string, name: string, part: string): string {
  const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [from, to] = [text.indexOf(open), text.indexOf(close)];
  if (from < 0 || to < from) throw new UserError(`The page has no place "${open} ... ${close}".`);
  return `${text.slice(0, from + open.length)}\n\n${part}\n\n${text.slice(to)}`;
}

function suiteList(): string {
  const all = Object.entries(suites).filter(([name]) => name !== "mt50");
  return all.map(([name, members]) => `- **${name}** (${members.length}): ${members.join(", ")}`).join("\n");
}

/** Description of a task from its file: the first sentence, what else is remarkable, and where it departs on purpose. */
function describe(name: string): {
  readonly about: string;
  readonly notes: string;
  readonly differs: string;
} {
  const path = new URL(`../src/envs/metaworld/tasks/${name}.ts`, import.meta.url);
  const comment = /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\nexport const \w+(?:: Task)? = defineTask/.exec(
    readFileSync(path, "utf8"),
  );
  const text = (comment?.[1] ?? "").replace(/\n \*/g, " ").replace(/\s+/g, " ").trim();
  const parts = /^(.*?) Source: [^(]*\([0-9a-f]+\)\.(.*?)(?:Differs: (.*))?$/.exec(text);
  if (parts === null) throw new UserError(`${name}: its file has no comment with "Source: ... (commit)."`);
  return { about: parts[1].trim(), notes: parts[2].trim(), differs: (parts[3] ?? "").trim() };
}

function taskTable(): string {
  const rows = Object.values(tasks).map(({ task: { name, solved, difficulty } }) => {
    const { about, notes } = describe(name);
    const picture = `<img src="${picturePath(name)}" width="240" height="180" alt="${name}">`;
    const note = notes === "" ? "" : `<br><br>${notes}`;
    const text = `<b>${name}-v3</b> (${difficulty})<br>${about}<br><br>Solved when ${solved}.${note}`;
    return `<tr><td>${picture}</td><td>${text}</td></tr>`;
  });
  return ["<table>", ...rows, "</table>"].join("\n");
}

function settledInPlace(): string {
  const names = Object.values(tasks).flatMap(({ task }) => (task.settleInPlace ? [task.name] : []));
  return `Settled at every reset all the same: ${names.join(", ")}.`;
}

function departures(): string {
  const rows = Object.keys(tasks).flatMap((name) => {
    const { differs } = describe(name);
    const { differs: own } = tasks[name].expert;
    return [
      ...(differs === "" ? [] : [`- **${name}**: ${differs[0].toUpperCase()}${differs.slice(1)}`]),
      ...(own === undefined ? [] : [`- **${name}**, the expert: ${own}`]),
    ];
  });
  return rows.join("\n");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(page, pages().right);
  mkdirSync(new URL("images/metaworld/", page), { recursive: true });
  const engine = await loadEngine();
  for (const name of Object.keys(tasks)) {
    using env = new MetaworldEnv(engine, tasks[name].task);
    env.reset(0);
    writeFileSync(new URL(picturePath(name), page), encodePng(env.render(pictureSize)));
  }
}
