/** @file One process at a time writes to a folder. */
import { once } from "node:events";
import { rm, stat } from "node:fs/promises";
import { connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UserError } from "../base/index.ts";

/**
 * Holds `folder` until disposed, or until the process dies, however it dies: what is held is an address on which nobody
 * calls. Other machines that share the disk do not see it. Throws UserError if a process of this machine holds it.
 */
export async function hold(folder: string): Promise<AsyncDisposable> {
  const { dev, ino } = await stat(folder, { bigint: true });
  const server = await listen(addressOf(`sodp-run-${dev}-${ino}`));
  if (server === undefined)
    throw new UserError(`${folder} is being written by another process. Wait for its end, or stop it.`);
  server.unref();
  return {
    async [Symbol.asyncDispose]() {
      server.close();
      await once(server, "close");
    },
  };
}

function addressOf(name: string): string {
  if (process.platform === "win32") return `\\\\.\\pipe\\${name}`;
  if (process.platform === "linux") return `\0${name}`; // a name without a file
  return join(tmpdir(), `${name}.sock`);
}

/** A server at `address`; undefined if somebody else listens there. */
export async function listen(address: string): Promise<Server | undefined> {
  for (;;) {
    const server = createServer((call) => call.destroy()).listen(address);
    try {
      await once(server, "listening");
      return server;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
      if (await answers(address)) return undefined;
      await rm(address, { force: true }); // the file of a process that was killed
    }
  }
}

async function answers(address: string): Promise<boolean> {
  const call = connect(address);
  try {
    await once(call, "connect");
    return true;
  } catch {
    return address.startsWith("\0");
  } finally {
    call.destroy();
  }
}
