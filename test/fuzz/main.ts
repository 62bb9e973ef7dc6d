/**
 * @file `npm run -s fuzz -- --count 20000 --json`: counts of damaged files by format and outcome. Exit code 1 if one is bad.
 * --seed: of all damage (default 1)   --format: one of them   --at: judges that input alone, of a report
 */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { lookup } from "../../src/base/index.ts";
import { fuzz } from "./fuzz.ts";
import { Inputs } from "./inputs.ts";
import { subjects } from "./subjects.ts";

const { values } = parseArgs({
  options: {
    count: { type: "string", default: "5000" },
    seed: { type: "string", default: "1" },
    format: { type: "string" },
    at: { type: "string" },
    json: { type: "boolean", default: false },
  },
});
const { format, json } = values;
const [count, seed] = [Number(values.count), Number(values.seed)];
if (format !== undefined) lookup(subjects, format, "format");
const names = format === undefined ? Object.keys(subjects) : [format];
if (values.at !== undefined) {
  const inputs = new Inputs(mkdtempSync(join(tmpdir(), "sodp-fuzz-")), seed, names);
  console.log(await inputs.judge(Number(values.at), () => {}));
} else {
  const onProgress = (done: number) => {
    if (done % 1000 === 0) console.error(`${done} of ${count}`);
  };
  const report = await fuzz({ count, seed, names, onProgress });
  if (json) console.log(JSON.stringify({ ...report, badCount: report.bad.length }, null, 2));
  else {
    console.table(report.formats);
    for (const { index, subject, damage, reason } of report.bad)
      console.log(`${index} ${subject}, ${damage}: ${reason?.slice(0, 300)}`);
    console.log(`${report.bad.length} bad of ${count}`);
  }
  if (report.bad.length > 0) process.exitCode = 1;
}
