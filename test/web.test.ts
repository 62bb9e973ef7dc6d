/** @file `sodp/web`: bundlers need no settings for it, and the bundle runs where there is no Node. */
import { execFile } from "node:child_process";
import { createReadStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Random, vectorSpaces } from "../src/base/index.ts";
import { web } from "../src/devices/web.ts";
import { makeEnv } from "../src/envs/pool/index.ts";
import { savePlanner } from "../src/policies/files/index.ts";
import { DiffusionPolicy, initPlanner } from "../src/policies/index.ts";

const folder = mkdtempSync(join(tmpdir(), "sodp-web-"));
const bundle = join(folder, "sodp-web.js");
const resolve = (name: string) => createRequire(import.meta.url).resolve(name);
/** Files that a page's server hands out. */
const assets: Readonly<Record<string, string>> = {
  "/config.json": join(folder, "config.json"),
  "/model.safetensors": join(folder, "model.safetensors"),
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

/** JSON output of a module that sees the bundle as `sodp`, run as in a page's worker: nothing tells it of Node. */
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
  const random = new Random(1);
  const seen = [...env.reset(7).observation];
  for (let i = 0; i < 40; i++) {
    const { observation, reward } = env.step(random.fillUniform(new Float32Array(4)));
    seen.push(...observation, reward);
  }
  expect(found).toEqual(JSON.parse(JSON.stringify(seen)));
});

test("a planner acts as in Node on the same runtime, bit for bit", { timeout: 120_000 }, async () => {
  const range = { low: [-1, -1], high: [1, 1] };
  const planner = initPlanner(
    {
      spaces: vectorSpaces(2, 2),
      horizon: 8,
      nActionSteps: 4,
      numTrainTimesteps: 5,
      denoiser: { kind: "mlp", width: 16, blocks: 1, embeddingSize: 8 },
    },
    { observation: { state: range }, action: range },
    new Random(3),
  );
  await savePlanner(planner, folder);
  const found = await inPage(`
    const fetched = async (name) => (await fetch(new URL(name, location))).arrayBuffer();
    const config = new TextDecoder().decode(await fetched("config.json"));
    const planner = await sodp.parsePlanner({ config, weights: new Uint8Array(await fetched("model.safetensors")) });
    const policy = await sodp.DiffusionPolicy.compile(planner, { batchSize: 1, device: sodp.web({ wasm }) });
    const episode = { seed: 1, random: new sodp.Random(1) };
    const observations = new Float32Array(2 * policy.nObsSteps).fill(0.5);
    const { actions } = await policy.act([{ episode, observations, state: policy.start(episode) }]);
    log(JSON.stringify([...actions]));
  `);
  const wasm = readFileSync(assets["/ort.wasm"]);
  await using policy = await DiffusionPolicy.compile(planner, { batchSize: 1, device: web({ wasm }) });
  const observations = new Float32Array(2 * policy.nObsSteps).fill(0.5);
  const episode = { seed: 1, random: new Random(1) };
  const { actions } = await policy.act([{ episode, observations, state: policy.start() }]);
  expect(actions.length).toBe(8);
  expect(found).toEqual([...actions]);
});

test("without the engine's files an environment says what a page has to do", async () => {
  expect(
    await inPage(`
      await sodp.makeEnv({ env: "metaworld/reach" }).catch((error) => log(JSON.stringify(String(error))));
    `),
  ).toBe("UserError: loadEngine: a page has to say where mujoco.js is: loadEngine({ script: url }).");
}, 60_000);
