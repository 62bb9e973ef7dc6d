/**
 * @file The tables and curves of this experiment of the folders that `run.ts` wrote: `results.csv` and
 * the curves `solved` and `return` beside this file, and Markdown on stdout. Without a folder, the tables of `results.csv` as it is.
 *
 *     npx tsx experiments/gradient/table.ts [outputs/gradient]
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { mean, Random, stratifiedBootstrap } from "../../src/base/index.ts";
import { curvesCsv, figureSvg, learningCurves } from "../../src/charts/index.ts";
import { pngOf } from "../../src/report/index.ts";
import { readRun } from "../../src/runs/index.ts";
import type { RunFiles } from "../../src/wire/index.ts";
import { signed, unique, writeCsv } from "../shared/tables.ts";
import { type ArmName, arms, regimes, seeds } from "./arms.ts";

const [, , root] = process.argv;
const beside = (name: string) => join(import.meta.dirname, name);

const columns = [
  "regime",
  "arm",
  "seed",
  "solved",
  "return",
  "steps",
  "area",
  "norms",
  "cosine",
  "explained",
  "solving",
] as const;
/** A run, as its last weights did on 100 starts that no training uses, and how it went. */
interface Row {
  readonly regime: string;
  readonly arm: string;
  readonly seed: string;
  /** Per cent. */
  readonly solved: number;
  /** Mean undiscounted return. */
  readonly return: number;
  /** Mean steps until an episode was solved or over. */
  readonly steps: number;
  /** Per cent of the training's own episodes that were solved: the area under its curve. NaN: before any training. */
  readonly area: number;
  /** Medians over the iterations: |policy gradient| / |regularizer's|, the cosine between them, explained variance, advantage of solving chunks. */
  readonly norms: number;
  readonly cosine: number;
  readonly explained: number;
  readonly solving: number;
}

interface Evaluation {
  readonly overall: { readonly pc_success: number; readonly avg_sum_reward: number };
  readonly per_task: readonly { readonly per_episode: readonly { readonly steps: number }[] }[];
}

if (root !== undefined) await collect(root);
const rows = readRows();
for (const regime of unique(rows.map((row) => row.regime))) console.log(`${tableOf(regime).join("\n")}\n`);

async function collect(root: string): Promise<void> {
  const found: Row[] = [];
  const runs: RunFiles[] = [];
  for (const [regime, { title, protocol = "metaworld" }] of Object.entries(regimes))
    for (const seed of seeds)
      for (const arm of ["before", ...Object.keys(arms)]) {
        const folder = join(root, regime, arm, `${seed}`);
        const file = join(folder, ...(arm === "before" ? [] : ["eval-last"]), "eval_info.json");
        if (!existsSync(file)) continue;
        const { overall, per_task } = JSON.parse(readFileSync(file, "utf8")) as Evaluation;
        const run = arm === "before" ? undefined : await readRun(folder);
        if (run) runs.push({ ...run, config: { regime: title, arm: arms[arm as ArmName].title, protocol } });
        const all = (name: string) =>
          (run?.metrics ?? []).map((line) => line[name]).filter((value) => typeof value === "number");
        const ratios = (run?.metrics ?? []).flatMap((line) =>
          line["train/policy_gradient_norm"] === undefined
            ? []
            : [Number(line["train/policy_gradient_norm"]) / Number(line["train/regularizer_gradient_norm"])],
        );
        found.push({
          regime,
          arm,
          seed: `${seed}`,
          solved: overall.pc_success,
          return: round(overall.avg_sum_reward, 1),
          steps: round(mean(per_task[0].per_episode.map(({ steps }) => steps)), 1),
          area: round(100 * mean(all("rollout/success_rate")), 1),
          norms: round(median(ratios), 2),
          cosine: round(median(all("train/gradient_cosine")), 3),
          explained: round(median(all("critic/explained_variance")), 2),
          solving: round(median(all("rollout/solving_advantage")), 2),
        });
      }
  writeCsv(beside("results.csv"), columns, found);
  await draw("solved", runs, "rollout/success_rate");
  const paid = runs.filter(({ config }) => config.protocol === "full");
  if (paid.length > 0) await draw("return", paid, "rollout/ep_rew_mean");
}

/** Curves of the training's own episodes: NAME.csv, .svg and .png beside this file. */
async function draw(name: string, runs: readonly RunFiles[], y: string): Promise<void> {
  const axes = { x: "env_steps", y };
  const options = { ...axes, group: ["arm"], panels: "regime", center: "mean", band: "range" } as const;
  const { chart } = learningCurves(runs, options);
  const svg = figureSvg(chart);
  writeFileSync(beside(`${name}.svg`), svg);
  writeFileSync(beside(`${name}.png`), await pngOf(svg));
  writeFileSync(beside(`${name}-curves.csv`), curvesCsv(chart, axes));
}

function readRows(): Row[] {
  const [header, ...lines] = readFileSync(beside("results.csv"), "utf8").trim().split("\n");
  const names = header.split(",");
  return lines.map((line) => {
    const values = line.split(",").map((value, i) => (i < 3 ? value : Number(value)));
    return Object.fromEntries(names.map((name, i) => [name, values[i]])) as unknown as Row;
  });
}

/** Arms of a regime; differences from imitation alone are of equal seeds. */
function tableOf(regime: string): string[] {
  const own = rows.filter((row) => row.regime === regime);
  const by = (arm: string) => own.filter((row) => row.arm === arm);
  const [reference] = Object.keys(arms);
  // Where episodes stop when they are solved, whoever solves fewer is paid longer: returns say nothing there.
  const paid = regimes[regime].protocol === "full";
  const shown = [
    "solved, %",
    "less imitation alone",
    ...(paid ? ["return", "less imitation alone"] : ["steps"]),
  ];
  const titles = ["", ...shown, "area, %", "norms", "cosine"];
  const lines = ["before", ...Object.keys(arms)].flatMap((arm) => {
    const some = by(arm);
    if (some.length === 0) return [];
    const of = (name: "return" | "solved" | "steps" | "area" | "norms" | "cosine", digits = 0) => {
      const value = mean(some.map((row) => row[name]));
      return Number.isNaN(value) ? "" : value.toFixed(digits);
    };
    const difference = (name: "solved" | "return") =>
      arm === "before" || arm === reference ? "" : paired(some, by(reference), name);
    return [
      [
        arm === "before" ? "before" : arms[arm as ArmName].title,
        `${of("solved", 1)} (${some.map(({ solved }) => solved).join(", ")})`,
        difference("solved"),
        ...(paid ? [of("return"), difference("return")] : [of("steps")]),
        ...[of("area"), of("norms", 1), of("cosine", 2)],
      ],
    ];
  });
  return [
    `**${regimes[regime].title}**`,
    "",
    ...[titles, titles.map(() => "---"), ...lines].map((cells) => `| ${cells.join(" | ")} |`),
  ];
}

/** Mean difference over the seeds that both have, with its 95 % interval by the bootstrap over seeds. */
function paired(some: readonly Row[], others: readonly Row[], name: "solved" | "return"): string {
  const differences = some.flatMap((row) => {
    const other = others.find(({ seed }) => seed === row.seed);
    return other === undefined ? [] : [row[name] - other[name]];
  });
  if (differences.length === 0) return "";
  const [low, high] = stratifiedBootstrap([differences], ([drawn]) => mean(drawn), new Random(0));
  return `${signed(mean(differences))} (${signed(low)} to ${signed(high)})`;
}

function median(values: readonly number[]): number {
  return values.length === 0 ? Number.NaN : values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
