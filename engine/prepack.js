/**
 * @file Runs before `npm pack` and `npm publish`: builds what the package holds, from nothing, so that no file of an older tree
 * is in it. Plain JavaScript, because a clone without its dependencies shall get a sentence.
 */
import { execSync } from "node:child_process";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";

const top = join(import.meta.dirname, "..");
if (!existsSync(join(top, "node_modules/typescript"))) {
  console.error("The package is built before it is packed, and that needs the development dependencies: npm ci first.");
  process.exit(1);
}
rmSync(join(top, "dist"), { recursive: true, force: true });
for (const script of ["build", "build:engine"])
  execSync(`npm run -s ${script}`, { cwd: top, stdio: ["ignore", process.stderr, process.stderr] });
