/** @file A chart as one SVG drawing: legend, panels side by side, caption. */
import { type Chart, describePanel, namesOf } from "./chart.ts";
import { drawEntry, entryWidth } from "./legend.ts";
import { letterHeight, text } from "./lettering.ts";
import { type Attributes, type Content, element, type Markup, rounded } from "./markup.ts";
import { drawCurves, drawScatter, type Frame, yLabelWidth } from "./panel.ts";

/** Units across: as wide as the text of an A5 page (118 mm), letters of 13 units have 7 points. */
const figureWidth = 600;
/** Units left free at the sides, between panels, above a panel for its title, and from one line of text to the next. */
const side = 14;
const gap = 26;
const titleHeight = letterHeight + 11;
const lineHeight = 20;

/** SVG file of a chart for papers and slides, on white. */
export function figureSvg(chart: Chart): string {
  const { content, bottom } = compose(chart);
  const size = { width: figureWidth, height: rounded(bottom) };
  const background = element("rect", { ...size, fill: "#ffffff" });
  const description = chart.panels.map(describePanel).join("; ");
  const page = { ...size, color: "#1a1a1a" };
  return `${drawing(chart.title, description, figureWidth, bottom, page, [background, content]).markup}\n`;
}

/** SVG element of one panel with its labels, in the colors of the page around it. `legendDrawings` are its legend. */
export function panelDrawing(chart: Chart, panel: number): Markup {
  const width = 320;
  const { content, bottom } = composePanels(chart, { panels: [panel], columns: 1, width, top: 0 });
  return drawing(chart.title, describePanel(chart.panels[panel]), width, bottom, {}, content);
}

/** SVG elements of a chart's legend, one per entry, for a page. */
export function legendDrawings(chart: Chart): readonly Markup[] {
  const names = namesOf(chart);
  return names.map((name) => {
    const width = entryWidth(chart.kind, name);
    const entry = drawEntry(chart.kind, names, name, 0, lineHeight / 2, width);
    return element("svg", { ...svgAttributes(width, lineHeight), width, height: lineHeight }, entry);
  });
}

function columnsFor(panels: number): number {
  if (panels <= 2 || panels === 4) return Math.min(panels, 2);
  return 3;
}

interface Composed {
  readonly content: Content;
  /** Units from the drawing's top to the end of this part. */
  readonly bottom: number;
}

/** Caption, legend and panels, from top to bottom. */
function compose(chart: Chart): Composed {
  const names = namesOf(chart);
  const caption = text(chart.caption, side, letterHeight + 4, { room: figureWidth - 2 * side });
  const legend = composeLegend(chart, names, letterHeight + 12);
  const columns = columnsFor(chart.panels.length);
  const all = [...chart.panels.keys()];
  const panels = composePanels(chart, { panels: all, columns, width: figureWidth, top: legend.bottom });
  return { content: [caption, legend.content, panels.content], bottom: panels.bottom };
}

/** Legend entries from left to right, in as many rows as they need. */
function composeLegend(chart: Chart, names: readonly string[], top: number): Composed {
  const entries: Markup[] = [];
  let [left, row] = [side, 0];
  for (const name of names) {
    const wanted = Math.min(entryWidth(chart.kind, name), figureWidth - 2 * side);
    if (left > side && left + wanted > figureWidth) [left, row] = [side, row + 1];
    const middle = top + (row + 0.5) * lineHeight;
    entries.push(drawEntry(chart.kind, names, name, left, middle, figureWidth - left - side));
    left += wanted;
  }
  return { content: element("g", { class: "legend" }, entries), bottom: top + (row + 1) * lineHeight };
}

interface Layout {
  /** Indices of the chart's panels, in reading order. */
  readonly panels: readonly number[];
  readonly columns: number;
  readonly width: number;
  readonly top: number;
}

function composePanels(chart: Chart, { panels, columns, width, top }: Layout): Composed {
  const names = namesOf(chart);
  const margin = chart.kind === "curves" ? yLabelWidth(chart) + 5 : side;
  const plotWidth = (width - margin - side - (columns - 1) * gap) / columns;
  const plotHeight = plotWidth * (chart.kind === "scatter" ? 0.85 : columns === 1 ? 0.55 : 0.68);
  const rowHeight = titleHeight + plotHeight;
  const frameOf = (place: number): Frame => ({
    left: margin + (place % columns) * (plotWidth + gap),
    top: top + titleHeight + Math.floor(place / columns) * rowHeight,
    width: plotWidth,
    height: plotHeight,
  });
  const end = top + Math.ceil(panels.length / columns) * rowHeight;
  if (chart.kind === "scatter")
    return {
      content: panels.map((panel, place) => drawScatter(chart.panels[panel], names, frameOf(place))),
      bottom: end + side,
    };
  const drawn = panels.map((panel, place) =>
    drawCurves(chart, panel, frameOf(place), {
      left: place % columns === 0,
      bottom: place + columns >= panels.length, // no panel follows below
    }),
  );
  const middle = margin + (width - margin - side) / 2;
  const xLabel = text(chart.x.label, middle, end + 2 * lineHeight - 3, { anchor: "middle" });
  return { content: [drawn, xLabel], bottom: end + 2 * lineHeight + 4 };
}

/** An SVG element with a text alternative, `label: description`. */
export function drawing(
  label: string,
  description: string,
  width: number,
  height: number,
  attributes: Attributes,
  content: Content,
): Markup {
  const more = { ...attributes, role: "img", "aria-label": `${label}: ${description}` };
  return element("svg", { ...svgAttributes(width, height), ...more }, content);
}

function svgAttributes(width: number, height: number) {
  return {
    xmlns: "http://www.w3.org/2000/svg",
    viewBox: `0 0 ${rounded(width)} ${rounded(height)}`,
    "font-family": "Roboto, Helvetica, Arial, sans-serif",
    "font-size": letterHeight,
  };
}
