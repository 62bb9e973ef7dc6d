/** @file A drawing as a PNG file. */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { initWasm, Resvg } from "@resvg/resvg-wasm";

/** Pixels per unit: 600 units become 1800 pixels, 300 per inch and more on an A5 page. */
const pixelsPerUnit = 3;

/** An SVG file's text as a PNG file. Letters come from the font of this package: Latin, Greek and signs, no others. */
export async function pngOf(svg: string): Promise<Uint8Array> {
  ready ??= load();
  const font = await ready;
  const drawing = new Resvg(svg, {
    font: { fontBuffers: [font], defaultFontFamily: "Roboto", sansSerifFamily: "Roboto" },
    fitTo: { mode: "zoom", value: pixelsPerUnit },
  });
  try {
    return drawing.render().asPng();
  } finally {
    drawing.free();
  }
}

let ready: Promise<Uint8Array> | undefined;

/** Starts the renderer, once per process; returns the font. */
async function load(): Promise<Uint8Array> {
  const path = createRequire(import.meta.url).resolve("@resvg/resvg-wasm/index_bg.wasm");
  await initWasm(await readFile(path));
  return readFile(new URL("../../assets/fonts/roboto.ttf", import.meta.url));
}
