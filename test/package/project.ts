/** @file An empty project of a user's: the packed tarball is installed and used there, with a Node and an npm of one's choice. */
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";

/** Node and npm, as paths of the program and of npm's script. */
export interface Tools {
  readonly node: string;
  readonly npm: string;
}

export interface Ending {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export class Project {
  readonly folder: string;
  readonly #tools: Tools;

  constructor(folder: string, tools: Tools) {
    mkdirSync(folder, { recursive: true });
    this.folder = folder;
    this.#tools = tools;
    this.write("package.json", JSON.stringify({ name: "of-a-user", version: "1.0.0", type: "module" }));
  }

  write(name: string, text: string): void {
    writeFileSync(join(this.folder, name), text);
  }

  npm(...words: readonly string[]): string {
    return this.#wanted(this.#run([this.#tools.npm, ...words]), `npm ${words.join(" ")}`);
  }

  /** Standard output. Throws unless the exit code is 0. */
  node(...words: readonly string[]): string {
    return this.#wanted(this.#run(words), `node ${words.join(" ")}`);
  }

  /** The package's command, as npx finds it. */
  sodp(...words: readonly string[]): Ending {
    return this.#run([join("node_modules", "sodp", "dist", "cli", "main.js"), ...words]);
  }

  /** Megabytes of everything that is installed: the sum of the files' sizes. */
  megabytes(): number {
    const installed = join(this.folder, "node_modules");
    const sizes = readdirSync(installed, { recursive: true, withFileTypes: true }).map((entry) =>
      entry.isFile() ? statSync(join(entry.parentPath, entry.name)).size : 0,
    );
    return sizes.reduce((sum, size) => sum + size, 0) / 1e6;
  }

  #run(words: readonly string[]): Ending {
    const { node } = this.#tools;
    const env = { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH}` };
    return spawnSync(node, words, { cwd: this.folder, env, encoding: "utf8", maxBuffer: 1 << 28 });
  }

  #wanted({ status, stdout, stderr }: Ending, what: string): string {
    if (status === 0) return stdout;
    throw new Error(`${what} ended with ${status} in ${this.folder}:\n${stdout}\n${stderr}`);
  }
}
