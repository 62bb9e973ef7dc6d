/** @file A file that grows, and can be cut back to what it was. */
import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync, writeFileSync } from "node:fs";

/** Each `append` is with the operating system when it returns: a killed process loses none. */
export class AppendFile implements Disposable {
  readonly #file: number;
  #size: number;

  /** Opens the file, or makes it. */
  constructor(path: string) {
    this.#file = openSync(path, "a");
    this.#size = fstatSync(this.#file).size;
  }

  /** Bytes. */
  get size(): number {
    return this.#size;
  }

  append(data: Uint8Array | string): void {
    const bytes = Buffer.from(data);
    writeFileSync(this.#file, bytes);
    this.#size += bytes.length;
  }

  /** Leaves the first `size` bytes. Returns how many of them are missing; a file that is shorter stays as it is. */
  cut(size: number): number {
    if (size >= this.#size) return size - this.#size;
    ftruncateSync(this.#file, size);
    this.#size = size;
    return 0;
  }

  /** Returns once everything is on the disk: a power failure loses none. */
  sync(): void {
    fsyncSync(this.#file);
  }

  [Symbol.dispose](): void {
    closeSync(this.#file);
  }
}
