/**
 * @file Verification of a data set that is read: the data of each shard are compared with the manifest's checksum, once in
 * a process, before they are used or, where that would keep the user waiting, while they are.
 */
import { fstatSync } from "node:fs";
import type { Worker } from "node:worker_threads";
import { UserError } from "../base/index.ts";
import { startThread } from "../platform/index.ts";
import { smallBytes } from "./episodes/index.ts";
import { digestFrom } from "./file-digest.ts";
import type { Shard } from "./shard.ts";

/** A shard's file, for the thread that reads it. */
export interface UnverifiedFile {
  readonly shard: number;
  readonly path: string;
  readonly dataBegin: number;
}

/** Digest of a shard's data, or the reason why there is none. */
export type Digested = { readonly shard: number } & (
  | { readonly sha256: string }
  | { readonly fault: string }
);

/** Files that were compared in this process, by what changes when they do. */
const sound = new Set<string>();

/** Comparison of a data set's shards. Ends when disposed. */
export class Verification implements Disposable {
  readonly #folder: string;
  readonly #shards: readonly Shard[];
  readonly #pending: Set<number>;
  #fault: UserError | undefined;
  #thread: Worker | undefined;
  #end: Promise<void> = Promise.resolve();

  constructor(folder: string, shards: readonly Shard[]) {
    this.#folder = folder;
    this.#shards = shards;
    this.#pending = new Set(shards.keys());
  }

  /** Bytes of shards that are not compared yet. */
  get pendingBytes(): number {
    return [...this.#pending].reduce((sum, shard) => sum + this.#shards[shard].entry.bytes, 0);
  }

  /** Compares a shard, unless it was. Throws UserError if it is not what was written. */
  require(shard: number): void {
    this.requireNoFault();
    if (!this.#pending.has(shard)) return;
    const { file, dataBegin } = this.#shards[shard];
    if (!sound.has(this.#keyOf(shard))) this.#take(shard, digestFrom(file, dataBegin));
    this.#pending.delete(shard);
    this.requireNoFault();
  }

  /** Throws UserError if a shard is known not to be what was written. */
  requireNoFault(): void {
    if (this.#fault) throw this.#fault;
  }

  /**
   * Compares all shards: at once if they take no more bytes than `atOnce`, else in a thread that does not keep the process
   * alive, and whose news `requireNoFault` tells. What it reads, the system keeps in memory for those who draw from it.
   */
  begin(atOnce = smallBytes): void {
    if (this.#thread !== undefined || this.#pending.size === 0) return;
    if (this.pendingBytes <= atOnce) {
      for (const shard of [...this.#pending]) this.require(shard);
      return;
    }
    for (const shard of [...this.#pending]) if (sound.has(this.#keyOf(shard))) this.#pending.delete(shard);
    const files: UnverifiedFile[] = [...this.#pending].map((shard) => {
      const { path, dataBegin } = this.#shards[shard];
      return { shard, path, dataBegin };
    });
    const thread = startThread(
      new URL(/* @vite-ignore */ "./verification-thread.ts", import.meta.url),
      files,
    );
    this.#thread = thread;
    thread.unref();
    thread.on("message", (digested: Digested) => {
      if ("fault" in digested) this.#fault ??= new UserError(digested.fault);
      else this.#take(digested.shard, digested.sha256);
      this.#pending.delete(digested.shard);
    });
    this.#end = new Promise((resolve, reject) => {
      thread.once("error", reject);
      thread.once("exit", () => resolve());
    });
    this.#end.catch(() => {}); // told when it is awaited
  }

  /** Resolves once all that `begin` began is compared. Throws UserError if a shard is not what was written. */
  async end(): Promise<void> {
    this.#thread?.ref();
    await this.#end;
    this.requireNoFault();
  }

  /** The same as its disposal, for who has no `using`. */
  close(): void {
    this[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    this.#thread?.removeAllListeners("message"); // what is still on its way asks for files that are closed by then
    void this.#thread?.terminate();
  }

  #take(shard: number, sha256: string): void {
    const { path, entry } = this.#shards[shard];
    if (sha256 === entry.sha256) sound.add(this.#keyOf(shard));
    else
      this.#fault ??= new UserError(
        `${path} is damaged: its data has sha256 ${sha256}, the manifest says ${entry.sha256}. To use the rest, run sodp ` +
          `data check ${this.#folder} --quarantine.`,
      );
  }

  #keyOf(shard: number): string {
    const { file, entry } = this.#shards[shard];
    const { dev, ino, size, mtimeNs, ctimeNs } = fstatSync(file, { bigint: true });
    return [dev, ino, size, mtimeNs, ctimeNs, entry.sha256].join();
  }
}
