import { describe, expect, test } from "vitest";
import { vectorSpaces } from "../base/index.ts";
import type { TaskCard } from "../data/index.ts";
import { dataCardHtml } from "./data-card.ts";

const part = { episodes: 4, successes: 1, meanReturn: 5, lowReturn: 2, highReturn: 9 };
const view = Array.from({ length: 24 }, (_, x) => Array.from({ length: 24 }, (_, y) => (x === y ? x : 0)));
const card: TaskCard = {
  task: "reach",
  episodes: 8,
  steps: 1600,
  successes: 2,
  meanReturn: 5,
  rewarded: true,
  quarters: [part, part],
  overTime: [part, part],
  actions: [Array(20).fill(3), [...Array(19).fill(0), 9]],
  hand: {
    low: [0, 0, 0],
    high: [1, 1, 1],
    all: { low: [-1, 0, 0], high: [1, 1, 1] },
    share: 0.125,
    fromAbove: view,
    fromFront: view,
  },
  constant: { observations: [3, 4, 5, 9], actions: [1] },
};
const short = { ...card.hand, low: [0], high: [1], all: { low: [0], high: [1] } };

function page(cards: readonly TaskCard[], observationSize = 39, faults: readonly string[] = []): string {
  const about = { folder: "data/mine", episodes: 16, steps: 3200, spaces: vectorSpaces(observationSize, 2) };
  return dataCardHtml({ ...about, origin: { by: "a test" }, faults, cards });
}

/** Descriptions of the drawings. */
const drawings = (html: string) => [...html.matchAll(/aria-label="([^"]*)"/g)].map(([, label]) => label);

describe("a page about a data set", () => {
  test("draws for each task success, return, two views of the hand, and every dimension of actions", () => {
    const html = page([card, { ...card, task: "push" }]);
    expect(drawings(html)).toHaveLength(2 * (2 + 2 + 2));
    expect(drawings(html).slice(0, 6)).toEqual([
      expect.stringMatching(/^Success over the time of collection: .*0\.25/),
      expect.stringMatching(/^Return over the time of collection: .* 5 \(2 to 9\)/),
      "Hand from above: 23 of 576 cells",
      "Hand from the front: 23 of 576 cells",
      expect.stringMatching(/^Action 0: /),
      "Action 1: most often near 0.95",
    ]);
    expect(html).toContain("Constant dimensions: observation 3-5, 9; action 1.");
  });

  test("needs no network and lets no name become markup", () => {
    const html = page([{ ...card, task: "<script>" }], 39, ["Left out: a & b"]);
    expect(html).not.toMatch(/<script|src="(?!data:)|<link|url\(/);
    expect(html).toContain("Left out: a &#38; b");
  });

  test("says what the data does not tell, and draws nothing in its place", () => {
    const none = { ...part, successes: 0, meanReturn: 0, lowReturn: 0, highReturn: 0 };
    const html = page(
      [{ ...card, rewarded: false, successes: 0, quarters: [none], overTime: [none], hand: short }],
      1,
    );
    expect(html).toContain("No reward differs from 0");
    expect(html).toContain("No step is marked as solved");
    expect(html).toContain("no state of three numbers");
    expect(html).not.toContain("Hand:");
    expect(drawings(html).map((label) => label.slice(0, 8))).toEqual(["Action 0", "Action 1"]);
  });

  test("has whole numbers for a single episode whose hand stood still", () => {
    const still = { low: [1, 1, 1], high: [1, 1, 1] };
    const one = { ...part, episodes: 1, successes: 1 };
    const hand = { ...card.hand, ...still, all: still };
    const html = page([{ ...card, episodes: 1, successes: 1, quarters: [one], overTime: [one], hand }]);
    expect(html).not.toMatch(/NaN|Infinity|undefined/);
  });
});
