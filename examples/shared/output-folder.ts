/** @file The one argument that examples take. */
import { mkdirSync } from "node:fs";
import { basename } from "node:path";

/** The folder named on the command line, or `outputs/<name of the example>`; it is made if need be. */
export function outputFolder(): string {
  const [, script, ...given] = process.argv;
  const name = basename(script, ".ts");
  const wrong = given.find((argument) => argument.startsWith("-")) ?? given[1];
  if (wrong !== undefined)
    refuse(`${name}: expected at most one argument, an output folder; got "${wrong}".`);
  const folder = given[0] ?? `outputs/${name}`;
  try {
    mkdirSync(folder, { recursive: true });
  } catch {
    refuse(`${name}: "${folder}" cannot be made a folder. Give another one.`);
  }
  return folder;
}

function refuse(sentence: string): never {
  console.error(sentence);
  process.exit(2);
}
