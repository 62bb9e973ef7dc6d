/** @file Episodes that move, as one HTML file. */
import { element } from "../charts/index.ts";
import { writeWhole } from "../platform/index.ts";
import { replayPart } from "./figures.ts";
import { pageHtml, section } from "./page.ts";
import type { PairedReplay, Replay } from "./replay.ts";

export interface ReplaysContent {
  readonly title: string;
  /** Paragraphs. */
  readonly summary: readonly string[];
  readonly replays: readonly (PairedReplay | Replay)[];
  /** As it can be typed again. */
  readonly command: string;
}

/** Writes the page to the file `path`, and its folder if need be. */
export async function writeReplays(path: string, content: ReplaysContent): Promise<void> {
  await writeWhole(path, replaysHtml(content));
}

/** The page as an HTML document. */
export function replaysHtml({ title, summary, replays, command }: ReplaysContent): string {
  return pageHtml(title, [
    summary.map((paragraph) => element("p", {}, paragraph)),
    section("Episodes", replays, replayPart),
    element("pre", {}, element("code", {}, command)),
  ]);
}
