/**
 * @file `npm run test:package`: packs, installs the tarball into empty projects, with npm 10 and 11 on Node 20, 22 and 24, and
 * uses it there. `quick`: with this Node and its npm alone, and dist as it is.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { planningJourney, worldOnlyJourney } from "./journey.ts";
import { Project, type Tools } from "./project.ts";

const top = join(import.meta.dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "sodp-package-"));
const quick = process.argv[2] === "quick";
const npmScript = "node_modules/npm/bin/npm-cli.js";

/** npm of the Node that runs this. */
const ownNpm = [
  process.env.npm_execpath ?? "",
  join(dirname(realpathSync(process.execPath)), "../lib", npmScript),
].find(existsSync);
if (ownNpm === undefined) throw new Error("npm is not found: start this by npm run test:package.");
const own: Tools = { node: process.execPath, npm: ownNpm };

/** The file of the package, packed. */
function pack(): string {
  const words = ["pack", "--json", "--pack-destination", folder, ...(quick ? ["--ignore-scripts"] : [])];
  const printed = execFileSync(own.node, [own.npm, ...words], { cwd: top, encoding: "utf8" });
  const [{ filename }] = JSON.parse(printed.slice(printed.indexOf("[")));
  return join(folder, filename);
}

/** Every Node with every npm, from the packages of these names. */
function matrix(): readonly (Tools & { readonly name: string })[] {
  const platform = `node-${process.platform === "win32" ? "win" : process.platform}-${process.arch}`;
  return [20, 22, 24].flatMap((node) =>
    [10, 11].map((npm) => {
      const name = `node-${node}-npm-${npm}`;
      const tools = new Project(join(folder, name, "tools"), own);
      tools.npm("install", "--no-audit", "--no-fund", `${platform}@${node}`, `npm@${npm}`);
      return {
        name,
        node: join(tools.folder, "node_modules", platform, "bin/node"),
        npm: join(tools.folder, npmScript),
      };
    }),
  );
}

try {
  const tarball = pack();
  const attw = join(top, "node_modules/@arethetypeswrong/cli/dist/index.js");
  execFileSync(process.execPath, [attw, tarball, "--profile", "esm-only", "--quiet"], { stdio: "inherit" });
  for (const { name, ...tools } of quick ? [{ name: "own", ...own }] : matrix()) {
    const begun = performance.now();
    const project = new Project(join(folder, name, "project"), tools);
    const megabytes = worldOnlyJourney(project, tarball);
    if (!quick) planningJourney(project);
    const seconds = (performance.now() - begun) / 1000;
    console.log(`${name}: ${megabytes.toFixed(1)} MB without ONNX Runtime, ${seconds.toFixed(0)} s`);
    rmSync(join(folder, name), { recursive: true });
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
