/** @file Whatever is public and disposed by `using` is closed by name, too. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makeEnv } from "../src/envs.ts";

const src = join(import.meta.dirname, "../src");

test("every public class that is disposed has close()", { timeout: 60_000 }, async () => {
  const entries = readdirSync(src).filter((name) => name.endsWith(".ts"));
  const modules = await Promise.all(entries.map((name) => import(join(src, name))));
  const prototypes = modules
    .flatMap((module) => Object.values<unknown>(module))
    .flatMap((value) => (typeof value === "function" ? [(value.prototype ?? {}) as object] : []));
  const disposed = prototypes.filter((each) => Symbol.dispose in each || Symbol.asyncDispose in each);
  expect(disposed.length).toBeGreaterThan(5);
  const unclosed = disposed.filter((each) => !("close" in each)).map((each) => each.constructor.name);
  expect(unclosed).toEqual([]);
});

test("an environment that was closed is over", async () => {
  const env = await makeEnv({ env: "toy/reach" });
  env.reset(1);
  env.close();
  expect(() => env.step([0, 0])).toThrow(/disposed|closed/);
});

test("npm ci runs no install script of a dependency: one downloads CUDA libraries that nothing here uses", () => {
  const { packages } = JSON.parse(readFileSync(join(src, "../package-lock.json"), "utf8"));
  const scripted = Object.entries<{ readonly hasInstallScript?: boolean }>(packages)
    .filter(([, { hasInstallScript }]) => hasInstallScript)
    .map(([path]) => path);
  expect(scripted, "delete these packages' lines hasInstallScript in package-lock.json").toEqual([]);
});
