/** @file One input of the fuzz: a sound subject, damaged, read, and judged. */
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { Random, UserError } from "../../src/base/index.ts";
import { mutations } from "./mutations.ts";
import { made, type Subject, subjects } from "./subjects.ts";

/** "changed": other numbers of the sizes and types that the file says, where no checksum could tell. */
export type Outcome = "refused" | "unchanged" | "changed" | "bad";

export interface Judged {
  readonly subject: string;
  readonly outcome: Outcome;
  /** Damage in words: what it was done to, and how. */
  readonly damage: string;
  /** Of a bad one: how it ended. */
  readonly reason?: string;
}

/** Bytes that reading a damaged file may take beyond what is there. */
const mostBytes = 2 ** 30;

/** Sound subjects, made once, in folders of their own. */
export class Inputs {
  readonly #top: string;
  readonly #seed: number;
  readonly #names: readonly string[];
  readonly #sound = new Map<string, { files: Map<string, Buffer>; digest: string }>();

  constructor(top: string, seed: number, names: readonly string[]) {
    this.#top = top;
    this.#seed = seed;
    this.#names = names;
  }

  /** Judges input `index`; equal indices are equal inputs. tell: is told of the damage before it is read */
  async judge(index: number, tell: (subject: string, damage: string) => void): Promise<Judged> {
    const name = this.#names[index % this.#names.length];
    const subject = subjects[name];
    const folder = join(this.#top, name.replaceAll(" ", "-"));
    const sound = this.#sound.get(name) ?? (await this.#make(name, subject, folder));
    const random = new Random(this.#seed).split(`input ${index}`);
    const paths = [...sound.files.keys()];
    const path = paths[random.integer(paths.length)];
    const damage = `${relative(folder, path)}: ${this.#harm(path, sound.files, random)}`;
    tell(name, damage);
    const before = process.memoryUsage.rss();
    try {
      const verdict = await judged(subject, folder, sound.digest);
      const grown = process.memoryUsage.rss() - before;
      if (grown > mostBytes) return { subject: name, damage, outcome: "bad", reason: `took ${grown} bytes` };
      return { subject: name, damage, ...verdict };
    } finally {
      rmSync(path, { recursive: true, force: true });
      replace(path, sound.files.get(path) ?? Buffer.alloc(0));
    }
  }

  /** Makes all subjects, of which each input then damages one. */
  async prepare(): Promise<void> {
    for (const name of this.#names)
      await this.#make(name, subjects[name], join(this.#top, name.replaceAll(" ", "-")));
  }

  async #make(name: string, subject: Subject, folder: string) {
    rmSync(folder, { recursive: true, force: true });
    const files = await made(subject, folder);
    const sound = { files, digest: await subject.read(folder) };
    this.#sound.set(name, sound);
    return sound;
  }

  /** Damages a file; returns how. */
  #harm(path: string, files: ReadonlyMap<string, Buffer>, random: Random): string {
    const bytes = files.get(path) ?? Buffer.alloc(0);
    const draw = random.integer(50);
    if (draw === 0) {
      rmSync(path);
      return "missing";
    }
    if (draw === 1) {
      rmSync(path);
      mkdirSync(path);
      return "a folder";
    }
    if (draw === 2) {
      const other = [...files.keys()][random.integer(files.size)];
      replace(path, files.get(other) ?? bytes);
      return `the content of ${other}`;
    }
    const names = Object.keys(mutations);
    const done: string[] = [];
    let harmed = bytes;
    for (let times = 1 + random.integer(3) * random.integer(2); times > 0; times--) {
      const name = names[random.integer(names.length)];
      harmed = mutations[name](harmed, random);
      done.push(name);
    }
    replace(path, harmed);
    return done.join(", ");
  }
}

/** Writes a new file in place of another: what still holds the old one open keeps that. */
function replace(path: string, bytes: Buffer): void {
  writeFileSync(`${path}.new`, bytes);
  renameSync(`${path}.new`, path);
}

async function judged(
  subject: Subject,
  folder: string,
  digest: string,
): Promise<{ outcome: Outcome; reason?: string }> {
  try {
    const found = await subject.read(folder);
    if (found === digest) return { outcome: "unchanged" };
    if (!subject.sealed) return { outcome: "changed" };
    return { outcome: "bad", reason: "other content was accepted although a checksum exists" };
  } catch (error) {
    if (!(error instanceof UserError))
      return { outcome: "bad", reason: String((error as Error)?.stack ?? error) };
    const { message } = error;
    if (message.length > 500) return { outcome: "bad", reason: `a message of ${message.length} letters` };
    if (/\p{Cc}/u.test(message))
      return { outcome: "bad", reason: `control characters in ${JSON.stringify(message)}` };
    return { outcome: "refused" };
  }
}
