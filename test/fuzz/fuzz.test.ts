import { expect, test } from "vitest";
import { importFormats } from "../../src/data/import/index.ts";
import { fuzz } from "./fuzz.ts";
import { importSubjects } from "./subjects.ts";

test("every format that is imported is put to damage", () =>
  expect(Object.keys(importSubjects)).toEqual(expect.arrayContaining(Object.keys(importFormats))));

test("5000 damaged files are refused in a sentence, or their content is unchanged", {
  timeout: 300_000,
}, async () => {
  const report = await fuzz({ count: 5000, seed: 1 });
  expect(report.bad).toEqual([]);
  for (const outcomes of Object.values(report.formats)) expect(outcomes.refused).toBeGreaterThan(0);
});
