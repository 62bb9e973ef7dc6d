/** @file The page on Meta-World says what the tasks' records say. */
import { existsSync, readdirSync, statSync } from "node:fs";
import { expect, test } from "vitest";
import { pages, picturePath } from "../docs/metaworld.ts";
import { tasks } from "../src/envs/index.ts";

const folder = new URL("../docs/", import.meta.url);
const pictures = Object.keys(tasks).map((name) => new URL(picturePath(name), folder));

test("docs/metaworld.md is what `npm run docs:metaworld` writes", () => {
  const { present, right } = pages();
  expect(present).toBe(right);
});

test("every task has its picture, and there are no others", () => {
  expect(pictures.filter((picture) => !existsSync(picture))).toEqual([]);
  expect(readdirSync(new URL("images/metaworld", folder))).toHaveLength(pictures.length);
});

test("the pictures stay small", () => {
  const bytes = pictures.reduce((sum, picture) => sum + statSync(picture).size, 0);
  expect(bytes).toBeLessThan(1.5e6);
});
