/** @file What holds memory, files or threads: freed by `using`, or by name where that is not to be had. */

export interface Closable extends Disposable {
  /** Frees what it holds, as the end of a `using` does. */
  close(): void;
}

export interface AsyncClosable extends AsyncDisposable {
  /** Frees what it holds, as the end of an `await using` does. */
  close(): Promise<void>;
}
