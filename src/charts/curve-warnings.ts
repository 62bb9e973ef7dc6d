/** @file Warnings about a line that stands for several runs. */
import { maximum, minimum } from "../base/index.ts";
import { keysOf, plain, shown } from "./config-key.ts";
import { type Curve, endOf } from "./curve.ts";
import { groupBy } from "./group-by.ts";

/**
 * Sentences about runs of one line that differ in more than their seed, stopped early, or are counted twice.
 * known: keys of the task, the panel and the groups   x: the metric of the horizontal axis
 */
export function curveWarnings(
  name: string,
  curves: readonly Curve[],
  known: readonly (string | undefined)[],
  x: string,
): string[] {
  if (curves.length === 1) return [];
  const runs = curves.map(({ run }) => run);
  const differing = keysOf(runs).filter(
    (key) =>
      !known.includes(key) &&
      !/(^|\.)(seed|resume|outputdir|jobname|configpath)$/.test(plain(key)) &&
      new Set(runs.map(({ config }) => shown(config[key]))).size > 1,
  );
  const ends = curves.map(endOf);
  const [shortest, longest] = [minimum(ends), maximum(ends)];
  const cut = curves.filter((_, i) => ends[i] === shortest).map(({ run }) => run.folder);
  const taskOrPanel = known.slice(0, 2);
  const twins = [
    ...groupBy(runs, ({ config, record }) =>
      JSON.stringify([record.seed, ...taskOrPanel.map((key) => key && shown(config[key]))]),
    ).values(),
  ].filter((group) => group.length > 1);
  return [
    ...(differing.length > 0 ? [`${name}: its runs differ in ${differing.slice(0, 6).join(", ")}.`] : []),
    ...(shortest < 0.9 * longest
      ? [`${name}: the line ends at ${shortest} ${x}, where ${cut.join(", ")} ends; others reach ${longest}.`]
      : []),
    ...twins.map(
      (group) => `${name}: ${group.map(({ folder }) => folder).join(" and ")} have the same seed.`,
    ),
  ];
}
