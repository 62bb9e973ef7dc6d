/** @file HTML and SVG as values. A text becomes markup only by being escaped, so nothing in a run can add a tag. */

/** Text that is written into a page as it is. */
export interface Markup {
  readonly markup: string;
}

export type Content = Markup | string | readonly Content[];

/** undefined leaves an attribute out. */
export type Attributes = Readonly<Record<string, string | number | undefined>>;

/** Elements of HTML that have no end tag. */
const withoutEnd = ["img", "input", "meta"];

/** An element. Numbers keep two decimals; texts in it are escaped. */
export function element(name: string, attributes: Attributes, ...content: readonly Content[]): Markup {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${escaped(typeof value === "number" ? rounded(value) : `${value}`)}"`);
  const start = `<${name}${written.join("")}`;
  if (withoutEnd.includes(name)) return { markup: `${start}>` };
  return { markup: `${start}>${content.map(markupOf).join("")}</${name}>` };
}

function markupOf(content: Content): string {
  if (typeof content === "string") return escaped(content);
  return "markup" in content ? content.markup : content.map(markupOf).join("");
}

/** A coordinate, with at most two decimals. */
export function rounded(value: number): string {
  return `${Number(value.toFixed(2))}`;
}

/** `text` for use between tags and in attributes; characters that XML forbids become U+FFFD. */
function escaped(text: string): string {
  return text
    .replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "\ufffd");
}
