/**
 * @file A format of data sets is one record for reading and one for writing: here, a file of JSON lines, an episode each.
 * Its tests are those of every format.
 */
import { createReadStream, existsSync, mkdtempSync, rmSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { createInterface } from "node:readline";
import fc from "fast-check";
import { afterAll, describe, vi } from "vitest";
import { z } from "zod";
import { UserError, vectorSpace } from "../../src/base/index.ts";
import { checkEpisode, type Episode } from "../../src/data/episodes/index.ts";
import type { ExportFormat } from "../../src/data/export/index.ts";
import { inNewFolder } from "../../src/data/export/new-folder.ts";
import { type ImportFormat, importFormats } from "../../src/data/import/index.ts";
import { episodeOf, exportFormatSuite, importFormatSuite } from "../data-format-suite.ts";

vi.setConfig({ testTimeout: 120_000 });

const numbers = z
  .array(z.number())
  .transform((list) => Float32Array.from(list, (x) => (x === 0.125e-50 ? -0 : x)));
const Line = z.object({
  task: z.string(),
  seed: z.number(),
  observations: numbers,
  finalObservation: numbers,
  actions: numbers,
  rewards: numbers,
  successes: z.array(z.number()).transform((list) => Uint8Array.from(list)),
  terminated: z.boolean(),
});
const Head = z.object({ observations: z.int(), actions: z.int(), tasks: z.array(z.string()) });
const fileOf = (folder: string) => join(folder, "episodes.jsonl");

const parse = <T>(schema: z.ZodType<T>, line: string, path: string): T => {
  try {
    return schema.parse(JSON.parse(line));
  } catch {
    throw new UserError(`${path} is torn: a line is no episode.`);
  }
};

/** Lines of the file after the first. */
async function* linesOf(folder: string) {
  for await (const line of createInterface(createReadStream(fileOf(folder)))) yield line;
}

const readLines: ImportFormat = {
  summary: "JSON lines: a folder with episodes.jsonl",
  uses: [],
  looksLike: (path, isFolder) => isFolder && existsSync(fileOf(path)),
  async open(path) {
    const { value } = await linesOf(path).next();
    const { observations, actions, tasks } = parse(Head, value ?? "", path);
    const column = (key: string, size: number) => ({ key, shape: [size], size, type: "float32" });
    return {
      description: {
        format: "JSON lines",
        path,
        observation: [column("observations", observations)],
        action: column("actions", actions),
        tasks,
        episodes: undefined,
        steps: undefined,
        fps: undefined,
        notes: [],
      },
      async *sources() {
        let index = -1;
        for await (const line of linesOf(path)) {
          if (index >= 0)
            yield { name: `line ${index} of ${basename(path)}`, read: async () => parse(Line, line, path) };
          index++;
        }
      },
    };
  },
};

const toJson = (episode: Episode) =>
  JSON.stringify(episode, (_, value) =>
    ArrayBuffer.isView(value)
      ? Array.from(value as Float32Array, (x) => (Object.is(x, -0) ? 0.125e-50 : x)) // JSON has no -0
      : value,
  );

const writeLines: ExportFormat = {
  summary: "JSON lines",
  options: z.strictObject({}),
  async write(episodes, { observation, action }, folder) {
    const [first, ...others] = Object.entries(observation);
    if (others.length > 0 || first[0] !== "state")
      throw new UserError("JSON lines know one part of observations, state.");
    await inNewFolder(folder, async (temporary) => {
      const lines: string[] = [];
      const tasks = new Set<string>();
      for await (const episode of episodes) {
        checkEpisode(episode, { observation, action }, `Episode ${lines.length}`);
        lines.push(toJson(episode));
        tasks.add(episode.task);
      }
      if (lines.length === 0) throw new UserError("There are no episodes to write.");
      const head = {
        observations: first[1].shape[0],
        actions: Object.values(action)[0].shape[0],
        tasks: [...tasks],
      };
      await writeFile(fileOf(temporary), [JSON.stringify(head), ...lines].join("\n"));
    });
  },
};

const formats = { ...importFormats, lines: readLines };
const scratch = mkdtempSync(join(tmpdir(), "sodp-lines-"));
afterAll(() => rmSync(scratch, { recursive: true }));
const spaces = { observation: vectorSpace("state", 2), action: vectorSpace("action", 1) };
const path = join(scratch, "set");
await writeLines.write(fc.sample(episodeOf(spaces), { numRuns: 3, seed: 5 }), spaces, path, {});

describe("a format that is read", () => importFormatSuite("lines", path, formats));
describe("a format that is written", () => exportFormatSuite("lines", writeLines, formats));
