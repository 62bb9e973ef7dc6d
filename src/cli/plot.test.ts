/** @file `sodp plot` as a user types it. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CommanderError } from "commander";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { writeRuns } from "../../test/fixture-runs.ts";
import { plotCommand } from "./plot.ts";

const patience = { timeout: 60_000 };
const top = mkdtempSync(join(tmpdir(), "sodp-plot-"));
const runs = ["bc", "none"].flatMap((regularizer) =>
  [0, 1].map((seed) => ({
    folder: `runs/${regularizer}-${seed}`,
    seed,
    config: { env: { task: seed === 0 ? "push" : "metaworld/push" }, regularizer, seed }, // 0.1 named no family
    success: { 0: 0.1, 8000: regularizer === "bc" ? 0.8 + 0.1 * seed : 0 },
  })),
);
beforeAll(() => writeRuns(top, runs), patience.timeout);
afterAll(() => rmSync(top, { recursive: true }));

/** Output, and the message of what it threw. */
async function plot(...given: readonly string[]) {
  const [stdout, stderr] = [[] as string[], [] as string[]];
  using _log = vi.spyOn(console, "log").mockImplementation((text) => stdout.push(text));
  using _error = vi.spyOn(console, "error").mockImplementation((text) => stderr.push(text));
  const command = plotCommand()
    .exitOverride()
    .configureOutput({ writeErr: (text) => void stderr.push(text) });
  const error = await command.parseAsync(given, { from: "user" }).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return { stdout: stdout.join("\n"), stderr: stderr.join("\n"), error };
}

test("draws and writes the numbers drawn", patience, async () => {
  const [svg, png] = [join(top, "new/push.svg"), join(top, "new/push.png")];
  const { stdout, stderr, error } = await plot(
    join(top, "runs/*"),
    "--group",
    "regularizer",
    "--out",
    svg,
    "--out",
    png,
  );
  expect([error, stderr]).toEqual([undefined, ""]);
  expect(stdout).toBe(
    `${svg}, ${png}, ${join(top, "new/results.csv")}: eval/success_rate over env_steps, 4 runs.`,
  );
  expect(readFileSync(svg, "utf8").match(/class="curve"/g)).toHaveLength(2);
  expect(readFileSync(png).toString("latin1", 1, 4)).toBe("PNG");
  expect(readFileSync(join(top, "new/results.csv"), "utf8").split("\n").slice(0, 3)).toEqual([
    "panel,line,env_steps,eval/success_rate,low,high,runs",
    "metaworld/push,bc,0,0.1,0.1,0.1,2",
    "metaworld/push,bc,8000,0.85,0.8,0.9,2",
  ]);
});

test(
  "--json prints one document, and nothing of it is lost for being written elsewhere",
  patience,
  async () => {
    const [out, csv] = [join(top, "loss.svg"), join(top, "loss.csv")];
    const { stdout } = await plot(
      top,
      "--y",
      "train/loss",
      "--x",
      "grad_steps",
      "--panels",
      "none",
      "--out",
      out,
      "--csv",
      csv,
      "--json",
    );
    const { files, runs, chart } = JSON.parse(stdout);
    expect([files, runs]).toEqual([[out, csv], 4]);
    expect(chart.panels[0].lines.map(({ name }: { name: string }) => name)).toEqual([
      "bc-0",
      "bc-1",
      "none-0",
      "none-1",
    ]);
    expect(existsSync(csv)).toBe(true);
  },
);

test.each([
  [["--out", "figure.pdf"], '--out: drawings are .svg or .png files, got "figure.pdf".'],
  [["--band", "deviation"], '--band: expected one of range, bootstrap, got "deviation".'],
])("%j is a mistake of the command line", patience, async (given, sentence) => {
  const { error } = await plot(top, ...given);
  expect(error).toMatchObject({ name: "UsageError", message: sentence });
});

test.each([
  [["--groups", "seed"], "Did you mean --group?"],
  [["--centre", "mean"], "--centre is now --center"],
])("%j is no flag", patience, async (given, sentence) => {
  const { stderr, error } = await plot(top, ...given);
  expect(error).toBeInstanceOf(CommanderError);
  expect(stderr).toContain(sentence);
});

test.each([
  [[join(tmpdir(), "nothing-*")], "names no run: a run is a folder with a run.json."],
  [[top, "--group", "regularisation"], `has "regularisation". Runs differ in: regularizer, seed.`],
])("%j is a UserError", patience, async (given, sentence) => {
  const { error } = await plot(...given);
  expect(error).toMatchObject({ name: "UserError", message: expect.stringContaining(sentence) });
});
