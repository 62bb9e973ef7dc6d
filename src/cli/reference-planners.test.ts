/** @file The planners that come with the package. */
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadPlanner } from "../policies/files/index.ts";
import { thetaOf } from "../policies/index.ts";
import { demonstrated, referencePlanners, successText } from "./reference-planners.ts";

test("are small, are what was evaluated, and say how good they are", async () => {
  const all = Object.entries(await referencePlanners());
  let bytes = 0;
  for (const [name, { folder, card }] of all) {
    for (const file of readdirSync(folder)) bytes += statSync(join(folder, file)).size;
    const planner = await loadPlanner(folder); // compares the weights with their digest
    expect(thetaOf(planner).length).toBe(card.parameters);
    expect(card.name).toBe(name);
    expect(card.evaluations.every(({ n }) => n >= 100)).toBe(true);
  }
  expect(bytes).toBeLessThan(3_000_000);
  expect(all.filter(([, { card }]) => card.parent !== null).length).toBeGreaterThanOrEqual(2);
});

test("a demo is of a fine-tuned planner and of the one that it comes from, evaluated in one task", async () => {
  const { before, after } = await demonstrated("metaworld/drawer-open");
  expect([before.card.name, after.card.name, after.task]).toEqual([
    "pretrained",
    "drawer-open",
    "metaworld/drawer-open",
  ]);
  for (const { card } of [before, after])
    expect(successText(card, after.task)).toMatch(/^\d+ % \(\d+ to \d+\), \d+ of \d+ unseen starts$/);
  await expect(demonstrated("drawer-opn")).rejects.toThrow(
    'Unknown demo "drawer-opn". Known: drawer-open, window-open.',
  );
});
