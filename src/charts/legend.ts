/** @file Entries of a legend. */
import type { Chart } from "./chart.ts";
import { letterHeight, text, textWidth } from "./lettering.ts";
import { element, type Markup, rounded } from "./markup.ts";
import { styleOf } from "./palette.ts";
import { styleAttributes } from "./panel.ts";

/** One entry of a legend, at most `width` units wide; `entryWidth` says how wide it wants to be. */
export function drawEntry(
  kind: Chart["kind"],
  names: readonly string[],
  name: string,
  left: number,
  middle: number,
  width: number,
): Markup {
  const { dashes, shape } = styleOf(names.indexOf(name));
  const sampleWidth = sampleWidths[kind];
  const sample =
    kind === "curves"
      ? element("path", {
          d: `M${rounded(left)} ${rounded(middle)}h${sampleWidth}`,
          stroke: "currentColor",
          "stroke-width": 1.8,
          "stroke-dasharray": dashes,
        })
      : [];
  const mark = element("path", {
    d: shape,
    transform: `translate(${rounded(left + sampleWidth / 2)} ${rounded(middle)})`,
  });
  return element(
    "g",
    { class: "entry" },
    element("g", styleAttributes(names.indexOf(name)), sample, mark),
    text(name, left + sampleWidth + 6, middle + 0.36 * letterHeight, { room: width - sampleWidth - 6 }),
  );
}

const sampleWidths = { curves: 34, scatter: 10 } as const;

/** Units that an entry of a legend wants, with the space after it. */
export function entryWidth(kind: Chart["kind"], name: string): number {
  return sampleWidths[kind] + 6 + textWidth(name) + 16;
}
