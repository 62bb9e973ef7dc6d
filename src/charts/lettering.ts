/** @file Text in drawings. Its width is estimated: which font a reader has is not known. */
import { element, type Markup } from "./markup.ts";

/** Units of every letter's height: 7 points and more where 600 units are as wide as the text of an A5 page. */
export const letterHeight = 13;
/** Units of width per letter. */
const letterWidth = 0.56 * letterHeight;

/** anchor: which end of the text stands at x   room: units it may take; a longer one is written smaller */
export function text(
  content: string,
  x: number,
  y: number,
  {
    anchor = "start",
    room = Number.POSITIVE_INFINITY,
  }: { readonly anchor?: "start" | "middle" | "end"; readonly room?: number } = {},
): Markup {
  const size = letterHeight * Math.min(1, room / textWidth(content));
  return element(
    "text",
    {
      x,
      y,
      fill: "currentColor",
      "text-anchor": anchor,
      "font-size": size < letterHeight ? size : undefined,
    },
    content,
  );
}

/** Units that a text takes, rather too many than too few. */
export function textWidth(content: string): number {
  return content.length * letterWidth;
}
