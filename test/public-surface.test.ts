/** @file The names a user may rely on, by entry point. A new one shows in fixtures/public-surface/, and so in review. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const top = join(import.meta.dirname, "..");
const { exports } = JSON.parse(readFileSync(join(top, "package.json"), "utf8"));
const entries = Object.values<{ readonly default: string }>(exports).map(({ default: file }) =>
  file.replace(/^\.\/dist\/(.*)\.js$/, "$1"),
);

test.each(entries)(
  "the public surface: %s (new names: vitest -u)",
  async (entry) => {
    const names = Object.keys(await import(join(top, `src/${entry}.ts`))).sort();
    await expect(`${names.join("\n")}\n`).toMatchFileSnapshot(`fixtures/public-surface/${entry}.txt`);
  },
  60_000,
);

test("sodp itself has few names", { timeout: 60_000 }, async () =>
  expect(Object.keys(await import("../src/index.ts")).length).toBeLessThan(50),
);
