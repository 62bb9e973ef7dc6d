/**
 * Replays recorded official episodes: `npx tsx bench/replay.ts [task ...]`, all recordings without a name.
 * One row per task; below it per episode: s(cripted) or r(andom), steps @ first contact with a substituted part,
 * largest observation error before that contact / over the whole episode, wrong success flags over all.
 */

import { complaints, loadEngine, readRecording, suites, verify } from "../src/envs/index.ts";

const named = process.argv.slice(2);
const engine = await loadEngine();
const short = (x: number) => x.toExponential(1);
for (const name of named.length > 0 ? named : suites.mt50) {
  const url = new URL(`../src/envs/metaworld/fixtures/${name}-v3.json.gz`, import.meta.url);
  const report = verify(engine, await readRecording(url.pathname));
  console.log(
    name,
    `vector ${short(report.vectorError)}`,
    `reset ${short(report.resetError)}`,
    `observation ${short(report.observationError)}`,
    `reward ${short(report.rewardError)}`,
    `recomputed ${short(report.recomputedRewardError)}`,
    `success mismatches ${report.successMismatches}`,
    `return ${report.returnDifference.toFixed(3)} %`,
    `expert ${report.expertSuccess.toFixed(2)}`,
  );
  for (const {
    kind,
    steps,
    contactStep,
    observationError,
    observationErrorAfter,
    ...rest
  } of report.episodes) {
    const errors = `${short(observationError)} / ${short(observationErrorAfter)}`;
    console.log(
      `    ${kind[0]}${steps} @ ${contactStep ?? "never"}  ${errors}  ${rest.successMismatchesAfter}`,
    );
  }
  for (const complaint of complaints(report)) console.log(`  ! ${complaint}`);
}
