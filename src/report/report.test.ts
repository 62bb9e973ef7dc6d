import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { encodeAnimation, encodePng } from "../platform/index.ts";
import { type ReportContent, reportHtml, writeReport } from "./report.ts";

const pixel = { width: 1, height: 1, pixels: Uint8Array.of(1, 2, 3, 255) };

/** A report in which every text is made by `text` of a plain one. */
function content(text: (plain: string) => string = (plain) => plain): ReportContent {
  const episode = { solved: true, steps: 80, seconds: 1 };
  return {
    title: text("Quickstart"),
    summary: [text("A planner learned.")],
    command: text("sodp quickstart --seed 7"),
    finished: new Date("2026-11-23T06:00:00Z"),
    outcomes: [
      {
        task: text("drawer-open"),
        before: { successes: 3, episodes: 50 },
        after: { successes: 44, episodes: 50 },
      },
      { task: text("push"), before: { successes: 10, episodes: 50 }, after: { successes: 5, episodes: 50 } },
    ],
    replays: [
      {
        task: text("drawer-open"),
        seed: 3,
        before: { ...episode, solved: false, steps: 500, seconds: 6.25 },
        after: episode,
        frames: [],
        period: 0.1,
        animation: encodeAnimation([pixel, pixel], 0.1),
        still: encodePng(pixel),
        speed: 2.2041,
      },
    ],
    charts: [
      {
        kind: "curves",
        title: text("curves"),
        caption: text("Success rate"),
        x: { label: text("Environment steps"), share: false },
        y: { label: text("Success rate"), share: true },
        panels: [
          {
            title: text("drawer-open"),
            lines: [{ name: text("bc"), points: [{ x: 0, y: 0.5, low: 0.4, high: 0.6, runs: 3 }] }],
          },
        ],
      },
      {
        kind: "scatter",
        title: text("map"),
        caption: text("t-SNE"),
        panels: [{ title: text("push"), clouds: [{ name: text("before"), positions: [0, 0, 1, 1] }] }],
      },
    ],
    parts: [
      { name: text("collect"), seconds: 61.25 },
      { name: text("pre-train"), seconds: 190 },
    ],
    config: { [text("seed")]: 7, finetune: { regularizer: text("bc") } },
    versions: { [text("sodp")]: text("0.1.0") },
  };
}

const html = reportHtml(content());

describe("one file that needs nothing else", () => {
  test("loads nothing: what is shown is in it", () => {
    const sources = [...html.matchAll(/\b(?:src|href|srcset|action|data|poster)="([^"]*)"/g)].map(
      ([, source]) => source,
    );
    expect(sources).toHaveLength(2);
    expect(sources.every((source) => source.startsWith("data:image/png;base64,iVBOR"))).toBe(true);
    expect(html).not.toMatch(/url\(|@import|<(script|link|iframe|object|embed|base|form)\b/i);
    expect(html.replaceAll('xmlns="http://www.w3.org/2000/svg"', "")).not.toMatch(/https?:/);
  });

  test("a browser is told to load nothing either", () =>
    expect(html).toContain("default-src &#39;none&#39;; img-src data:; style-src &#39;unsafe-inline&#39;"));
});

describe("what it tells", () => {
  test("success before and after, with Wilson's intervals", () => {
    expect(textOf("tbody tr", html)[0]).toMatch(
      /^drawer-open\s*6 %\s*2 to 16 %\s*3 of 50\s*88 %\s*76 to 94 %\s*44 of 50\s*\+82 points/,
    );
    expect(textOf("tbody tr", html)[1]).toContain("−10 points");
  });

  test("seconds, and their sum", () => expect(html.replace(/<[^>]*>/g, " ")).toMatch(/together\s+251\.3/));

  test("episodes in words too", () => {
    const words = "Before: not solved in 500 steps (6.3 s). After: solved after 80 steps (1.0 s).";
    expect(html).toContain(`alt="drawer-open, seed 3, side by side. ${words}"`);
    expect(html).toContain("Shown 2.2 times as fast.");
  });

  test("configuration, command, versions, date", () => {
    const text = html.replace(/<[^>]*>/g, "").replaceAll("&#34;", '"');
    for (const part of ['"regularizer": "bc"', "sodp quickstart --seed 7", "0.1.0", "2026-11-23 06:00 UTC"])
      expect(text).toContain(part);
  });

  test("nothing of what there is nothing to tell", () => {
    const short = reportHtml({
      ...content(),
      outcomes: [],
      replays: [],
      charts: [],
      parts: [],
      versions: {},
    });
    expect(textOf("h2", short)).toEqual(["Configuration"]);
  });
});

describe("texts cannot become markup", () => {
  const hostile = `"><img src=x onerror=alert(1)><script>alert(2)</script></style></title>'&amp;\u0000`;
  const attacked = reportHtml(content((plain) => plain + hostile));
  const harmless = reportHtml(content((plain) => plain + "x".repeat(hostile.length)));

  test("the same elements with the same attributes, whatever the texts say", () =>
    expect(shape(attacked)).toEqual(shape(harmless)));

  test("they are still shown", () =>
    expect(attacked.match(/&#60;script&#62;alert\(2\)/g)?.length).toBeGreaterThan(20));
});

describe("well-formed and accessible", () => {
  test.each([
    ["a page", html],
    ["a page of hostile texts", reportHtml(content((plain) => `<b>${plain}`))],
  ])("%s: every element ends where it should", (_, page) => {
    const open: string[] = [];
    for (const [, end, name] of page.matchAll(/<(\/?)([a-z][a-z0-9]*)[^>]*>/gi)) {
      if (end) expect(open.pop()).toBe(name);
      else if (!["meta", "img", "input"].includes(name)) open.push(name);
    }
    expect(open).toEqual([]);
  });

  test("pictures and charts have words, tables have headings, the page a language", () => {
    expect(html).toMatch(/^<!doctype html>\n<html lang="en">/);
    for (const [image] of html.matchAll(/<img[^>]*>/g)) expect(image).toMatch(/ alt="[^"]+"/);
    for (const [drawing] of html.matchAll(/<svg[^>]*>/g))
      if (!html.includes(`<div class="legend" aria-hidden="true">${drawing}`))
        expect(drawing).toMatch(/role="img" aria-label="[^"]+"|aria-hidden="true"/);
    expect(textOf("th", html)).toContain("Before");
    expect(html).toContain('<label for="still">');
  });

  test("light and dark, phone, paper, and readers whom motion disturbs have their rules", () => {
    for (const rule of [
      "prefers-color-scheme: dark",
      "max-width: 34rem",
      "@media print",
      "prefers-reduced-motion",
    ])
      expect(html).toContain(rule);
  });
});

test("is written where it is asked for, in folders that may be new", async () => {
  const top = mkdtempSync(join(tmpdir(), "sodp-report-"));
  try {
    await writeReport(join(top, "a/b/report.html"), content());
    expect(readFileSync(join(top, "a/b/report.html"), "utf8")).toBe(html);
  } finally {
    rmSync(top, { recursive: true });
  }
});

/** Elements with the names of their attributes, in order. */
function shape(page: string): string[] {
  return [...page.matchAll(/<\/?[a-z][^>]*>/gi)].map(([tag]) => tag.replace(/="[^"]*"/g, ""));
}

/** The text of each element, by its name or "parent child". */
function textOf(path: string, page: string): string[] {
  const [outer, inner] = path.includes(" ") ? path.split(" ") : [undefined, path];
  const within =
    outer === undefined ? page : (page.match(new RegExp(`<${outer}\\b.*?</${outer}>`, "s"))?.[0] ?? "");
  return [...within.matchAll(new RegExp(`<${inner}\\b[^>]*>(.*?)</${inner}>`, "gs"))].map(([, content]) =>
    content
      .replace(/<svg.*?<\/svg>/gs, "")
      .replace(/<[^>]*>/g, " ")
      .replaceAll("\u00a0", " ")
      .replace(/\s+/g, " ")
      .trim(),
  );
}
