/** @file One HTML file that needs nothing else: no network, no scripts, no fonts. */
import { type Content, element, type Markup } from "../charts/index.ts";
import { reportStyle } from "./report-style.ts";

/** A document with its title as the first heading. */
export function pageHtml(title: string, content: Content): string {
  const head = element(
    "head",
    {},
    element("meta", { charset: "utf-8" }),
    element("meta", { name: "viewport", content: "width=device-width, initial-scale=1" }),
    element("meta", { "http-equiv": "Content-Security-Policy", content: nothingFromOutside }),
    element("title", {}, title),
    element("style", {}, { markup: reportStyle }),
  );
  const body = element("body", {}, element("main", {}, element("h1", {}, title), content));
  return `<!doctype html>\n${element("html", { lang: "en" }, head, body).markup}\n`;
}

/** Policy for browsers: even a mistake here could not load or run anything. */
const nothingFromOutside = "default-src 'none'; img-src data:; style-src 'unsafe-inline'";

/** A part of a page; nothing if it has no entries. */
export function section<T>(
  title: string,
  entries: readonly T[],
  content: (entries: readonly T[]) => Content,
): Content {
  return entries.length === 0 ? [] : element("section", {}, element("h2", {}, title), content(entries));
}

/** headings: of the columns; one without text is for drawings, which small screens leave out */
export function table(headings: readonly string[], rows: readonly Markup[]): Markup {
  const heading = (text: string) =>
    text === "" ? element("td", { class: "intervals" }) : element("th", { scope: "col" }, text);
  return element(
    "div",
    { class: "table" },
    element(
      "table",
      {},
      element("thead", {}, element("tr", {}, headings.map(heading))),
      element("tbody", {}, rows),
    ),
  );
}
