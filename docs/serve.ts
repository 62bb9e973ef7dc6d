/**
 * @file Serves docs/api, the pages that TypeDoc makes of the package's entries and of these documents: `npm run docs`.
 * To this machine alone. PORT: 8080 if it is not set; 0: any that is free
 */
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";

const pages = join(import.meta.dirname, "api");
const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css",
  ".js": "text/javascript",
  ".json": "application/json",
  ".png": "image/png",
  ".svg": "image/svg+xml",
};

const server = createServer(async ({ url = "/" }, response) => {
  const { pathname } = new URL(url, "http://localhost");
  const name = pathname.endsWith("/") ? `${pathname}index.html` : pathname;
  try {
    // What normalize leaves of a path from "/" has no way up.
    const content = await readFile(join(pages, normalize(`/${decodeURIComponent(name)}`)));
    response.writeHead(200, { "content-type": types[extname(name)] ?? "application/octet-stream" });
    response.end(content);
  } catch {
    response.writeHead(404, { "content-type": "text/plain" }).end(`There is no ${pathname}.`);
  }
});
server.on("error", ({ message }) => {
  console.error(`${message}. PORT=8081 npm run docs takes another port.`);
  process.exitCode = 1;
});
server.listen(Number(process.env.PORT ?? 8080), "127.0.0.1", () => {
  const { port } = server.address() as AddressInfo;
  console.log(`http://localhost:${port}/ (Ctrl-C ends it)`);
});
