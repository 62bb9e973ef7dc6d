/**
 * @file kill -9 at random moments of every command that writes: nothing is lost, nothing passes for whole that is not, no
 * process outlives its parent. Linux.
 *
 *     npx tsx test/faults/kills.ts [--count 200] [--seed 0] [--only import] [--program "node dist/cli/main.js"]
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Random } from "../../src/base/index.ts";
import { commandsIn, type KilledCommand } from "./commands.ts";
import { fromSource, start, untilAllEnd } from "./kill.ts";

const { values } = parseArgs({
  options: {
    count: { type: "string", default: "200" },
    seed: { type: "string", default: "0" },
    only: { type: "string" },
    program: { type: "string", default: fromSource.join(" ") },
  },
});
const program = values.program.split(" ");
/** Kills in a row before a command that goes on is let come to its end. */
const chain = 5;

/** Kills `command` so often; returns how often it was really killed. */
async function kill(name: string, command: KilledCommand, count: number, folder: string, random: Random) {
  const whole = join(folder, `${name}-whole`.replaceAll(" ", "-"));
  const begun = performance.now();
  await complete(command, whole);
  const milliseconds = performance.now() - begun;
  const expected = await command.outcome(whole);
  let killed = 0;
  let early = 0;
  for (let round = 0; killed < count; round++) {
    const out = join(folder, `${name}-${round}`.replaceAll(" ", "-"));
    let finished = false;
    for (let i = 0; i < chain && killed < count && !finished; i++) {
      const { child, end } = start(program, command.words(out));
      await setTimeout(milliseconds * random.uniform());
      child.kill("SIGKILL");
      const { end: how, said } = await end;
      await untilAllEnd(out);
      if (how === "SIGKILL") killed++;
      else if (how !== 0) throw new Error(`${name} in ${out} ended with ${how}: ${said}`);
      else if (early++ > 3 * count) throw new Error(`${name} ends before it is killed.`);
      await command.judge(out, expected);
      finished = how === 0;
      if (!command.goesOn && !finished) rmSync(out, { recursive: true, force: true });
    }
    if (!finished) await complete(command, out);
    const found = await command.outcome(out);
    if (JSON.stringify(found) !== JSON.stringify(expected))
      throw new Error(`${name} in ${out} came to another end than ${whole}.`);
    rmSync(out, { recursive: true });
  }
  console.log(`${name}: ${killed} kills, nothing lost; ${(milliseconds / 1000).toFixed(1)} s undisturbed.`);
  return killed;
}

async function complete(command: KilledCommand, out: string): Promise<void> {
  const { end, said } = await start(program, command.words(out)).end;
  if (end !== 0) throw new Error(`${out} ended with ${end}: ${said}`);
}

const folder = mkdtempSync(join(tmpdir(), "sodp-kills-"));
const random = new Random(Number(values.seed));
const all = Object.entries(await commandsIn(folder));
const chosen = all.filter(([name]) => values.only === undefined || name.startsWith(values.only));
let killed = 0;
for (const [i, [name, command]] of chosen.entries()) {
  const count = Math.ceil((Number(values.count) - killed) / (chosen.length - i));
  killed += await kill(name, command, count, folder, random);
}
console.log(`${killed} kills in all.`);
rmSync(folder, { recursive: true });
