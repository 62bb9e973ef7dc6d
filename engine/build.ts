/**
 * @file `npm run build:engine`: MuJoCo's engine as this package runs it (docs/decisions/0011-inlined-engine.md), in
 * build/mujoco.wasm. What is there already of the same engine and the same steps is left.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const top = join(import.meta.dirname, "..");
const { resolve } = createRequire(import.meta.url);
const official = resolve("@mujoco/mujoco/mujoco.wasm");
const memcmp = join(import.meta.dirname, "memcmp.ts");
const [words, built, stamp] = ["mujoco-words.wasm", "mujoco.wasm", "mujoco.sha256"].map((name) =>
  join(top, "build", name),
);
const options = "--all-features --disable-gc --strip-dwarf -aimfs 30 -fimfs 150 -ifwl -O3".split(" ");

const digest = createHash("sha256");
for (const part of [readFileSync(official), readFileSync(memcmp), options.join(" ")]) digest.update(part);
const wanted = digest.digest("hex");

if (!existsSync(built) || !existsSync(stamp) || readFileSync(stamp, "utf8") !== wanted) {
  const optimizer = join(resolve("binaryen"), "../bin/wasm-opt");
  const node = (...words: readonly string[]) => execFileSync(process.execPath, words, { stdio: "inherit" });
  node("--import", "tsx", memcmp, official, words);
  node(optimizer, words, "-o", built, ...options);
  writeFileSync(stamp, wanted);
}
