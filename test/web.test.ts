/** @file `sodp/web`: bundlers need no settings for it, and the bundle runs where there is no Node. */
import { execFile } from "node:child_process";
import { createReadStream, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeEnv } from "../src/envs/pool/index.ts";

const folder = mkdtempSync(join(tmpdir(), "sodp-web-"));
const bundle = join(folder, "sodp-web.js");
const resolve = (name: string) => createRequire(import.meta.url).resolve(name);
/** What a page's server hands out. */
const assets: Readonly<Record<string, string>> = {
  "/mujoco.wasm": resolve("@mujoco/mujoco/mujoco.wasm"),
  "/ort.wasm": resolve("onnxruntime-web/ort-wasm-simd-threaded.wasm"),
};
let server: Server;

beforeAll(async () => {
  server = createServer(({ url }, response) => {
    response.setHeader("content-type", "application/wasm");
    createReadStream(assets[url as string]).pipe(response);
  }).listen(0, "127.0.0.1");
  await new Promise((listening) => server.once("listening", listening));
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

/** Bundles the entry as a page's author would; the target is that of the published JavaScript. */
async function bundled() {
  const target = "es2023";
  const options = {
    bundle: true,
    format: "esm",
    platform: "browser",
    metafile: true,
    logLevel: "silent",
  } as const;
  return await build({
    ...options,
    target,
    entryPoints: [join(import.meta.dirname, "../src/web.ts")],
    outfile: bundle,
  });
}

test("bundles without a setting or a warning, and without what is for Node alone", async () => {
  const { warnings, metafile } = await bundled();
  expect(warnings).toEqual([]);
  const inputs = Object.keys(metafile.inputs).join("\n");
  expect(inputs).toMatch(/onnxruntime-web/);
  expect(inputs).not.toMatch(/onnxruntime-node|@mujoco|src\/platform|src\/data\/dataset/);
}, 60_000);

/** What a module prints as JSON that sees the bundle as `sodp` and lives as in a page's worker: nothing tells it that this is Node. */
async function inPage(script: string): Promise<unknown> {
  await bundled();
  const file = join(folder, "page.mjs");
  const { port } = server.address() as AddressInfo;
  const page = `
    const { log } = console;
    delete globalThis.process; // by which all libraries tell Node
    Object.assign(globalThis, { self: globalThis, WorkerGlobalScope: class {}, location: new URL("http://127.0.0.1:${port}/") });
    const sodp = await import(${JSON.stringify(pathToFileURL(bundle))});
    const engine = { script: ${JSON.stringify(pathToFileURL(resolve("@mujoco/mujoco")))}, wasm: new URL("mujoco.wasm", location) };
    const wasm = new URL("ort.wasm", location);
    ${script}
  `;
  writeFileSync(file, page);
  const { stdout } = await promisify(execFile)(process.execPath, [file], { maxBuffer: 2 ** 26 });
  return JSON.parse(stdout);
}

test("environments take the same steps as in Node, bit for bit", { timeout: 120_000 }, async () => {
  const found = await inPage(`
    await sodp.loadEngine(engine);
    const env = await sodp.makeEnv({ env: "metaworld/drawer-open" });
    const random = new sodp.Random(1);
    const seen = [...env.reset(7).observation];
    for (let i = 0; i < 40; i++) {
      const { observation, reward } = env.step(random.fillUniform(new Float32Array(4)));
      seen.push(...observation, reward);
    }
    log(JSON.stringify(seen));
  `);
  using env = await makeEnv({ env: "metaworld/drawer-open" });
  const { Random } = await import("../src/base/index.ts");
  const random = new Random(1);
  const seen = [...env.reset(7).observation];
  for (let i = 0; i < 40; i++) {
    const { observation, reward } = env.step(random.fillUniform(new Float32Array(4)));
    seen.push(...observation, reward);
  }
  expect(found).toEqual(JSON.parse(JSON.stringify(seen)));
});

test("without the engine's files an environment says what a page has to do", async () => {
  expect(
    await inPage(`
      await sodp.makeEnv({ env: "metaworld/reach" }).catch((error) => log(JSON.stringify(String(error))));
    `),
  ).toBe("UserError: loadEngine: a page has to say where mujoco.js is: loadEngine({ script: url }).");
}, 60_000);
