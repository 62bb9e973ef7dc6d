/** @file Prints a set's episodes as JSON, for interchange.py: npx tsx test/oracles/interchange-import.ts <path> */
import { openExternalDataset } from "../../src/data/import/index.ts";

const unknown: string[] = [];
const set = await openExternalDataset(process.argv[2], {
  onUnknown: (_, sentence) => unknown.push(sentence),
});
const episodes: unknown[] = [];
for await (const episode of set.episodes())
  episodes.push(
    Object.fromEntries(
      Object.entries(episode).map(([key, value]) => [
        key,
        ArrayBuffer.isView(value) ? Array.from(value as Float32Array) : value,
      ]),
    ),
  );
process.stdout.write(JSON.stringify({ episodes, unknown, notes: set.description.notes }));
