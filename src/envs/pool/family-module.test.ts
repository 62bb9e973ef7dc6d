import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { EnvWorker } from "./env-worker.ts";
import { loadFamily } from "./family-module.ts";

const folder = mkdtempSync(join(tmpdir(), "sodp-family-"));
afterAll(() => rmSync(folder, { recursive: true }));

function moduleWith(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** A family's record as text, with some of it replaced. */
const record = (changes: string) =>
  `export const family = { name: "mine", summary: "s", tasks: ["a"], suites: {}, options: { shape: {}, safeParse() {} },
   spaces() {}, make() {}, ${changes} };`;

test("a module in TypeScript is read, in threads too", { timeout: 60_000 }, async () => {
  const module = fileURLToPath(new URL("../../../examples/shared/cart.ts", import.meta.url));
  await using worker = await EnvWorker.start({ env: "cart/park", module, friction: 0 }, 2);
  const shown = await worker.reset([0, 1], [3, 3]);
  expect(shown.slice(0, 3)).toEqual(shown.slice(3));
  const [chunk] = await worker.play([0], Float32Array.of(1, 1));
  expect(chunk.observations[1]).toBeCloseTo(0.4, 6); // metres per second after a step of full force
});

describe("a module is refused, in a sentence that names it,", () => {
  test.each([
    ["that throws", 'throw new Error("no licence");', "cannot be loaded: Error: no licence."],
    ["without a family", "export const env = 1;", "expected an export called family"],
    [
      "with a bad name",
      record('name: "My/Family"'),
      `the family's name is lower-case letters, digits and "-"`,
    ],
    ["with a name that is taken", record('name: "toy"'), `"toy" is taken by one that sodp has`],
    ["without tasks", record("tasks: []"), "tasks lists at least one name"],
    ["without suites", record("suites: undefined"), "suites are lists of tasks by name"],
    ["without options", record("options: {}"), "options is a zod object"],
    ["without make", record("make: undefined"), "spaces and make are functions"],
  ])("%s", async (name, text, sentence) => {
    const path = moduleWith(`${name.replaceAll(" ", "-")}.mjs`, text);
    const refusal = loadFamily(path);
    await expect(refusal).rejects.toThrow(path);
    await expect(refusal).rejects.toThrow(sentence);
  });

  test("that is not there", () =>
    expect(loadFamily("no/such.ts")).rejects.toThrow("There is no module no/such.ts."));
});
