/** @file Folders of commands that are given none: outputs/COMMAND/DATE_NAME. */
import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { taskOf } from "../envs/index.ts";

/** Names that a folder's name lists. */
const listed = 3;

/**
 * A folder that is not there yet: outputs/finetune/2026-11-28_19-50-12_drawer-open.
 * subjects: tasks, or folders, that the command is about   now: local time
 */
export function newOutputFolder(command: string, subjects: readonly string[], now = new Date()): string {
  const two = (number: number) => String(number).padStart(2, "0");
  const date = [now.getFullYear(), two(now.getMonth() + 1), two(now.getDate())].join("-");
  const time = [now.getHours(), now.getMinutes(), now.getSeconds()].map(two).join("-");
  const named = subjects.slice(0, listed).map((each) => taskOf(basename(each)).replaceAll(/[^\w.-]/g, ""));
  const more = subjects.length > listed ? [`${subjects.length - listed}-more`] : [];
  const folder = join("outputs", command, [`${date}_${time}`, ...named, ...more].join("_"));
  let free = folder;
  for (let i = 2; existsSync(free); i++) free = `${folder}_${i}`;
  return free;
}
