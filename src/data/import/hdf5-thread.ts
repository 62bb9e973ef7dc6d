/** @file The thread in which the HDF5 library works. One file at a time is open in it. */
import type { Transferable } from "node:worker_threads";
import { UserError } from "../../base/index.ts";
import { answerRequests } from "../../platform/index.ts";
import type { Hdf5Answer, Hdf5Request } from "./hdf5.ts";
import { type OpenFile, openFile } from "./hdf5-file.ts";
import { library } from "./hdf5-library.ts";

// Before the first request, whose time is limited; which says so where the library is missing.
await library().catch(() => {});
let file: OpenFile | undefined;

answerRequests<Hdf5Request, Hdf5Answer>(async (request) => {
  try {
    const transfer: Transferable[] = [];
    return { answer: { value: await valueFor(request, transfer) }, transfer };
  } catch (error) {
    if (error instanceof UserError) return { answer: { refused: error.message } };
    return { answer: { defect: String((error as Error)?.stack ?? error) } };
  }
});

/** transfer: is given the arrays that the caller becomes the owner of */
async function valueFor(request: Hdf5Request, transfer: Transferable[]): Promise<unknown> {
  if (request.call === "open") {
    file = await openFile(request.path, request.bytes);
    return undefined;
  }
  if (file === undefined) throw new Error("No file is open in the thread.");
  switch (request.call) {
    case "keys":
      return file.keys(request.name);
    case "kind":
      return file.kind(request.name);
    case "attribute":
      return file.attribute(request.name, request.key);
    case "column":
      return file.column(request.name);
    case "block": {
      const block = file.block(request.name, request.row);
      transfer.push(block.numbers.buffer as ArrayBuffer);
      return block;
    }
    case "close":
      file[Symbol.dispose]();
      file = undefined;
  }
}
