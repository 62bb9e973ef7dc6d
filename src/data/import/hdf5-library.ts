/**
 * @file The HDF5 library, which opens the file that it was asked for and no other: a file may say that its numbers are those
 * of another one (external links and storage, virtual data sets), and so make any file of the machine an observation.
 *
 * The library is told to throw: left alone it returns whatever lay in memory where it cannot decode.
 */
import { resolve } from "node:path";
import { optionalPackage, UserError } from "../../base/index.ts";

/** A file of the library's own. */
interface Stream {
  readonly fd: number;
}

/** As much of the library's view of the disk as is looked at. Numbers of `flags` are those of Linux. */
interface Disk {
  open(path: string, flags: number | string, mode?: number): Stream;
  close(stream: Stream): void;
  readonly ErrnoError: new (errno: number) => Error;
}

/** O_CREAT and O_EXCL: a file that is made anew, where the library collects what it says of an error. */
const madeAnew = 64 | 128;
/** O_DIRECTORY: the library looks for plug-ins. */
const folder = 65536;
const noSuchFile = 44;

/** The only file that may be opened now; undefined: any, because this package itself calls. */
let own: string | undefined;
/** Other files that were asked for meanwhile. */
let others: string[] = [];
/** Temporary files; an error leaves its own open. */
let temporary: Stream[] = [];
let disk: Disk | undefined;

type Library = typeof import("h5wasm/node").default;

/** The library as it comes. Throws UserError if it is not installed. */
export async function loadHdf5(): Promise<Library> {
  const load = () => import("h5wasm/node");
  return (
    await optionalPackage(
      load,
      "HDF5 is read and written by the package h5wasm",
      'type "npm install h5wasm".',
    )
  ).default;
}

/** The library, ready. Throws UserError if it is not installed. */
export async function library(): Promise<Library> {
  const h5wasm = await loadHdf5();
  const core = await h5wasm.ready;
  if (disk === undefined) {
    disk = (core as unknown as { readonly FS: Disk }).FS;
    guard(disk);
    core.activate_throwing_error_handler();
  }
  return h5wasm;
}

function guard(files: Disk): void {
  const { open } = files;
  files.open = (path, flags, mode) => {
    const has = (bits: number) => typeof flags === "number" && (flags & bits) === bits;
    const isNew = has(madeAnew);
    if (own !== undefined && !isNew && resolve(path) !== own) {
      if (!has(folder)) others.push(path);
      throw new files.ErrnoError(noSuchFile);
    }
    const stream = open.call(files, path, flags, mode);
    if (isNew) temporary.push(stream);
    return stream;
  };
}

/**
 * Result of `action`, which calls the library. Throws `failure()` where it fails: it reports every failure as an error of
 * its own, of which only the place matters to a person. Throws UserError where it asked for another file. path: of the file
 */
export function watched<T>(path: string, action: () => T, failure: () => UserError): T {
  own = resolve(path);
  others = [];
  try {
    const result = action();
    if (others.length === 0) return result;
  } catch (error) {
    if (error instanceof UserError) throw error;
    for (const stream of temporary) disk?.close(stream);
    if (others.length === 0) throw failure();
  } finally {
    own = undefined;
    temporary = [];
  }
  throw new UserError(
    `${path} is not whole: it refers to another file, "${others[0]}". Copy that file's content into it.`,
  );
}
