import { describe, expect, test } from "vitest";
import type { ConfigValue, RunFiles, RunRecord } from "../wire/index.ts";
import { type CurveOptions, curvesCsv, learningCurves } from "./curves.ts";

const success: CurveOptions = {
  x: "env_steps",
  y: "eval/success_rate",
  group: ["regularizer"],
  panels: "task",
  center: "mean",
  band: "range",
};

/** points: success rates by environment steps */
function run(
  folder: string,
  seed: number,
  config: Readonly<Record<string, ConfigValue>>,
  points: readonly (readonly [steps: number, rate: number])[],
): RunFiles {
  const metrics = points.flatMap(([env_steps, rate]) => [
    { env_steps, "time/elapsed": 1, "eval/success_rate": rate },
    {
      env_steps,
      grad_steps: env_steps / 10,
      "time/elapsed": 1,
      "train/loss": 1 - rate,
      "train/nothing": null,
    },
  ]);
  return { folder, record: { seed } as RunRecord, config: { ...config, seed }, metrics };
}

const drawer = { "env.task": "drawer-open", regularizer: "bc" };
const push = { "env.task": "push", regularizer: "bc" };

test("a panel per task, a line per variant, its runs' mean, lowest and highest", () => {
  const runs = [
    run("a", 0, drawer, [
      [0, 0.1],
      [100, 0.5],
    ]),
    run("b", 1, drawer, [
      [0, 0.3],
      [100, 0.9],
    ]),
    run("c", 0, { ...drawer, regularizer: "kl" }, [
      [0, 0.2],
      [100, 0.2],
    ]),
    run("d", 0, push, [
      [0, 0],
      [100, 1],
    ]),
  ];
  const { chart, warnings } = learningCurves(runs, success);
  expect(chart.panels.map(({ title, lines }) => [title, lines.map(({ name }) => name)])).toEqual([
    ["drawer-open", ["bc", "kl"]],
    ["push", ["bc"]],
  ]);
  const [bc, kl] = chart.panels[0].lines;
  expect(bc.points).toEqual([
    { x: 0, y: expect.closeTo(0.2, 12), low: 0.1, high: 0.3, runs: 2 },
    { x: 100, y: expect.closeTo(0.7, 12), low: 0.5, high: 0.9, runs: 2 },
  ]);
  expect(kl.points).toContainEqual({ x: 100, y: 0.2, low: 0.2, high: 0.2, runs: 1 });
  expect(chart.y.share).toBe(true);
  expect(chart.caption).toBe("Success rate: mean of 1 to 2 runs; band: lowest to highest run");
  expect(warnings).toEqual([]);
});

test("runs that evaluate at other steps are read between their points, as far as all have come", () => {
  const runs = [
    run("a", 0, drawer, [
      [0, 0],
      [100, 1],
    ]),
    run("b", 1, drawer, [
      [0, 0],
      [40, 0.8],
      [120, 0],
    ]),
  ];
  const { chart } = learningCurves(runs, success);
  expect(chart.panels[0].lines[0].points).toEqual([
    { x: 0, y: 0, low: 0, high: 0, runs: 2 },
    { x: 40, y: expect.closeTo(0.6, 12), low: expect.closeTo(0.4, 12), high: 0.8, runs: 2 },
    { x: 100, y: expect.closeTo(0.6, 12), low: expect.closeTo(0.2, 12), high: 1, runs: 2 },
  ]);
});

test("over all tasks: interquartile mean and stratified bootstrap, the same whenever it is drawn", () => {
  const runs = [0, 1, 2, 3].flatMap((seed) => [
    run(`a${seed}`, seed, drawer, [[0, 0.2 + 0.1 * seed]]),
    run(`b${seed}`, seed, push, [[0, seed === 3 ? 0 : 0.9]]),
  ]);
  const options = { ...success, panels: undefined, center: "iqm", band: "bootstrap" } as const;
  const { chart, warnings } = learningCurves(runs, options);
  const [{ y, low, high, runs: count }] = chart.panels[0].lines[0].points;
  expect(chart.panels[0].title).toBe("2 tasks");
  expect(count).toBe(8);
  // sorted: 0 .2 | .3 .4 .5 .9 | .9 .9
  expect(y).toBeCloseTo((0.3 + 0.4 + 0.5 + 0.9) / 4, 12);
  expect([low, high].map((share) => Math.sign(share - y))).toEqual([-1, 1]);
  expect(learningCurves(runs, options).chart).toEqual(chart);
  expect(warnings).toEqual([]);
});

test("without groups each run is a line, called by what its folder does not share with the others", () => {
  const runs = [run("out/push/a-0", 0, push, [[0, 0]]), run("out/push/b-0", 0, push, [[0, 1]])];
  const { chart } = learningCurves(runs, { ...success, group: [] });
  expect(chart.panels[0].lines.map(({ name }) => name)).toEqual(["a-0", "b-0"]);
  expect(chart.caption).toBe("Success rate, a line per run");
  const alone = learningCurves(runs.slice(0, 1), { ...success, group: [] });
  expect(alone.chart.panels[0].lines.map(({ name }) => name)).toEqual(["a-0"]);
});

test("lines of numbers are in their order; several keys make one name", () => {
  const runs = [10, 1, 0.1].flatMap((regularizerWeight) =>
    ["scratch", "pretrained"].map((start) =>
      run(
        `${regularizerWeight}${start}`,
        0,
        { ...push, "ppo.regularizer_weight": regularizerWeight, start },
        [[0, 0]],
      ),
    ),
  );
  const names = (group: readonly string[]) =>
    learningCurves(runs, { ...success, group }).chart.panels[0].lines.map(({ name }) => name);
  expect(names(["regularizer_weight"])).toEqual(["0.1", "1", "10"]);
  expect(names(["start", "ppo.regularizer_weight"])).toContain("pretrained, 0.1");
});

test("a key may be written in snake, kebab or camel case, whole or by its end", () => {
  const runs = [1, 2].map((rate) => run(`${rate}`, 0, { ...push, "ppo.learning_rate": rate }, [[0, 0]]));
  for (const key of ["learning_rate", "learning-rate", "learningRate", "ppo.learningRate"])
    expect(learningCurves(runs, { ...success, group: [key] }).chart.panels[0].lines).toHaveLength(2);
});

test("thousands of points become a few hundred, each the mean of its neighbours", () => {
  const noisy = (seed: number) =>
    run(
      `${seed}`,
      seed,
      push,
      Array.from({ length: 4000 }, (_, i) => [i, 0.5 + 0.4 * (-1) ** (i + seed)] as const),
    );
  const { points } = learningCurves([noisy(0), noisy(1)], { ...success, y: "train/loss" }).chart.panels[0]
    .lines[0];
  expect(points).toHaveLength(200);
  for (const { y, low, high } of points) {
    expect(y).toBeCloseTo(0.5, 2);
    expect(high - low).toBeLessThan(0.1);
  }
});

test("several values at one x are averaged", () => {
  const runs = [
    run("a", 0, push, [
      [0, 0.2],
      [0, 0.4],
      [10, 1],
    ]),
  ];
  expect(learningCurves(runs, success).chart.panels[0].lines[0].points[0].y).toBeCloseTo(0.3, 12);
});

describe("a reader is told of", () => {
  const warningsOf = (...runs: readonly RunFiles[]) => learningCurves(runs, success).warnings;
  const full = run("a", 0, push, [
    [0, 0],
    [100, 1],
  ]);

  test("runs of one line that differ in more than their seed", () =>
    expect(
      warningsOf(
        full,
        run("b", 1, { ...push, clip: 0.2 }, [
          [0, 0],
          [100, 1],
        ]),
      ),
    ).toEqual(["bc: its runs differ in clip."]));

  test("a run that stopped early, where the line ends", () =>
    expect(
      warningsOf(
        full,
        run("b", 1, push, [
          [0, 0],
          [40, 1],
        ]),
      ),
    ).toEqual(["bc: the line ends at 40 env_steps, where b ends; others reach 100."]));

  test("a run that ended before the others began", () => {
    const late = run("late", 1, push, [
      [50, 0.5],
      [100, 1],
    ]);
    const dead = run("dead", 2, push, [[0, 0]]);
    expect(warningsOf(full, late, dead)).toEqual([
      "bc: dead ends before others begin at 50 env_steps: left out.",
    ]);
    const { points } = learningCurves([full, late, dead], success).chart.panels[0].lines[0];
    expect(points.map(({ x, runs }) => [x, runs])).toEqual([
      [50, 2],
      [100, 2],
    ]);
  });

  test("runs counted twice", () =>
    expect(warningsOf(full, { ...full, folder: "copy" })).toEqual(["bc: a and copy have the same seed."]));

  test("runs without the metric", () =>
    expect(warningsOf(full, run("pretrain", 0, push, []))).toEqual([
      "pretrain has no eval/success_rate over env_steps: left out.",
    ]));
});

describe("refused:", () => {
  const runs = [run("a", 0, push, [[0, 0]]), run("b", 1, drawer, [[10, 0]])];
  const logged = "Logged: env_steps, eval/success_rate, grad_steps, time/elapsed, train/loss, train/nothing.";
  test.each<[string, Partial<CurveOptions>, string]>([
    [
      "a metric that is not there",
      { y: "eval/succes_rate" },
      `No run has logged eval/succes_rate. ${logged}`,
    ],
    [
      "metrics that never meet",
      { x: "grad_steps" },
      "No run has logged eval/success_rate together with grad_steps.",
    ],
    [
      "a key that is not there",
      { group: ["regularisation"] },
      `No run's config.json has "regularisation". Runs differ in: env.task, seed.`,
    ],
  ])("%s", (_, options, sentence) =>
    expect(() => learningCurves(runs, { ...success, ...options })).toThrow(sentence),
  );

  test("a key that could be two", () => {
    const both = [run("a", 0, { "pretrain.steps": 1, "eval.steps": 2 }, [[0, 0]])];
    expect(() => learningCurves(both, { ...success, panels: undefined, group: ["steps"] })).toThrow(
      '"steps" could be pretrain.steps or eval.steps.',
    );
  });

  test("runs without numbers", () =>
    expect(() => learningCurves([run("a", 0, push, [])], success)).toThrow(
      "The runs have logged nothing yet.",
    ));
});

test("the table holds the points drawn, and quotes what needs it", () => {
  const runs = [
    run("a", 0, { ...push, regularizer: 'b,"c"' }, [
      [0, 0.25],
      [8000, 0.5],
    ]),
    run("b", 1, { ...push, regularizer: 'b,"c"' }, [
      [0, 0.75],
      [8000, 0.5],
    ]),
  ];
  expect(curvesCsv(learningCurves(runs, success).chart, success)).toBe(
    [
      "panel,line,env_steps,eval/success_rate,low,high,runs",
      'push,"b,""c""",0,0.5,0.25,0.75,2',
      'push,"b,""c""",8000,0.5,0.5,0.5,2',
      "",
    ].join("\n"),
  );
});
