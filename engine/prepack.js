/**
 * @file Before `npm pack` and `npm publish` build the package: takes away what an older tree left in dist. Plain JavaScript,
 * because a clone without its dependencies shall get a sentence.
 */
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";

const top = join(import.meta.dirname, "..");
if (!existsSync(join(top, "node_modules/typescript"))) {
  console.error(
    "The package is built before it is packed, and that needs the development dependencies: npm ci first.",
  );
  process.exit(1);
}
rmSync(join(top, "dist"), { recursive: true, force: true });
