/**
 * @file HDF5 files, read in a thread of their own: on some damaged files the library loops without end, and with each error
 * it loses some memory. A call that does not come to its end refuses the file, and the thread is ended.
 */
import type { Stats } from "node:fs";
import { stat } from "node:fs/promises";
import { UserError } from "../../base/index.ts";
import { AskedThread } from "../../platform/index.ts";
import { type Block, readerOf, type TypedColumn } from "./column.ts";

/** A file open for reading, until disposed. */
export interface Hdf5File extends Disposable {
  /** Names in a group ("" is the file's root); empty where there is no such group. */
  keys(group: string): readonly string[];
  /** "other": an array that is not of numbers, as far as they are read. Undefined where there is neither. */
  kind(path: string): "group" | "numbers" | "other" | undefined;
  /** An attribute of a group or a data set; integers as numbers. */
  attribute(path: string, name: string): string | number | undefined;
  /** An array, (N, ...), as N rows. Throws UserError if it is missing, or not readable as numbers. */
  column(path: string): TypedColumn;
}

/** An array of numbers as the file describes it. */
export interface Hdf5Column extends Omit<TypedColumn, "read"> {
  /** Bytes, as stored, that are decoded together. */
  readonly blockBytes: number;
}

export type Hdf5Request =
  | { readonly call: "open"; readonly path: string; readonly bytes: number }
  | { readonly call: "keys" | "kind" | "column"; readonly name: string }
  | { readonly call: "attribute"; readonly name: string; readonly key: string }
  | { readonly call: "block"; readonly name: string; readonly row: number }
  | { readonly call: "close" };
/** Value that was asked for, the sentence that refuses it, or the stack of an error that nobody foresaw. */
export type Hdf5Answer =
  | { readonly value: unknown }
  | { readonly refused: string }
  | { readonly defect: string };

interface Hdf5Thread {
  readonly thread: AskedThread<Hdf5Request, Hdf5Answer>;
  /** Refusals so far, each of which lost some 150 kB. */
  refused: number;
}

/** A thread that waits for the next file. */
let idle: Hdf5Thread | undefined;
const mostRefused = 2000;
/** Seconds of processor time for a call, which usually takes milliseconds; more for the long lists of large files. */
const secondsFor = (fileBytes: number) => 2 + fileBytes / 1e8;
/** Bytes that are decoded in a second of processor time, on a slow machine. */
const slowestBytes = 1e7;

/** Throws UserError if there is no such file, or it is torn or no HDF5 file. */
export async function openHdf5(path: string): Promise<Hdf5File> {
  const about = await stat(path).catch(() => undefined);
  if (!about?.isFile()) throw new UserError(`No file ${path}.`);
  const sentence = endless.get(keyOf(path, about));
  if (sentence !== undefined) throw new UserError(sentence);
  const file = await ThreadFile.take(path, about);
  file.open();
  return file;
}

/** Sentences that refuse files which came to no end: formats try a file one after the other. */
const endless = new Map<string, string>();
const keyOf = (path: string, { ino, size, mtimeMs }: Stats) => [path, ino, size, mtimeMs].join();

class ThreadFile implements Hdf5File {
  readonly #path: string;
  readonly #bytes: number;
  readonly #key: string;
  #own: Hdf5Thread | undefined;

  static async take(path: string, about: Stats): Promise<ThreadFile> {
    const waiting = idle;
    idle = undefined;
    const file = new URL(/* @vite-ignore */ "./hdf5-thread.ts", import.meta.url);
    return new ThreadFile(path, about, waiting ?? { thread: await AskedThread.start(file), refused: 0 });
  }

  private constructor(path: string, about: Stats, own: Hdf5Thread) {
    this.#path = path;
    this.#bytes = about.size;
    this.#key = keyOf(path, about);
    this.#own = own;
  }

  open(): void {
    try {
      this.#ask({ call: "open", path: this.#path, bytes: this.#bytes });
    } catch (error) {
      this.#release();
      throw error;
    }
  }

  keys(name: string): readonly string[] {
    return this.#ask({ call: "keys", name }) as readonly string[];
  }

  kind(name: string): ReturnType<Hdf5File["kind"]> {
    return this.#ask({ call: "kind", name }) as ReturnType<Hdf5File["kind"]>;
  }

  attribute(name: string, key: string): string | number | undefined {
    return this.#ask({ call: "attribute", name, key }) as string | number | undefined;
  }

  column(name: string): TypedColumn {
    const { blockBytes, ...column } = this.#ask({ call: "column", name }) as Hdf5Column;
    const seconds = secondsFor(this.#bytes) + blockBytes / slowestBytes;
    const decode = async (row: number) => this.#ask({ call: "block", name, row }, seconds) as Block;
    return { ...column, read: readerOf(column.size, decode) };
  }

  [Symbol.dispose](): void {
    if (this.#own !== undefined) this.#ask({ call: "close" });
    this.#release();
  }

  #ask(request: Hdf5Request, seconds = secondsFor(this.#bytes)): unknown {
    if (this.#own === undefined) throw new Error(`${this.#path} is closed.`);
    const answer = this.#own.thread.ask(request, seconds);
    if (answer !== undefined && "value" in answer) return answer.value;
    if (answer !== undefined && "refused" in answer) {
      this.#own.refused++;
      throw new UserError(answer.refused);
    }
    this.#own.thread[Symbol.dispose]();
    this.#own = undefined;
    if (answer !== undefined) throw new Error(answer.defect);
    const where = "name" in request && request.name !== "" ? `${request.name} of ` : "";
    const refusal = new UserError(`${where}${this.#path} is damaged: reading it comes to no end.`);
    endless.set(this.#key, refusal.message);
    throw refusal;
  }

  /** Leaves the thread to the next file, if it is as good as new. */
  #release(): void {
    const own = this.#own;
    this.#own = undefined;
    if (own === undefined) return;
    if (idle === undefined && own.refused < mostRefused) idle = own;
    else own.thread[Symbol.dispose]();
  }
}

/** Groups within groups that are looked into. */
const mostDepth = 8;

/** Paths of all arrays in a group, those of the groups in it among them. */
export function arraysIn(file: Hdf5File, group = "", depth = mostDepth): string[] {
  return file.keys(group).flatMap((name) => {
    const path = group === "" ? name : `${group}/${name}`;
    const kind = file.kind(path);
    if (kind === "group") return depth > 0 ? arraysIn(file, path, depth - 1) : [];
    return kind === undefined ? [] : [path];
  });
}
