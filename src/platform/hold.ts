/** @file One process at a time writes to a folder. */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { open, readdir, readFile, readlink, rm, stat } from "node:fs/promises";
import { connect, createServer, type Server } from "node:net";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { UserError } from "../base/index.ts";

/**
 * Holds `folder` until disposed, or until the process dies, however it dies. What is held is an address on which nobody
 * calls. Machines and containers that share nothing but the disk see a file, `.held-...`, whose time is kept new; a minute
 * later they take it for a dead process's. Throws UserError if another process holds the folder.
 */
export async function hold(folder: string): Promise<AsyncDisposable> {
  const { dev, ino } = await stat(folder, { bigint: true });
  const server = await listen(addressOf(`sodp-run-${dev}-${ino}`));
  if (server === undefined) throw isHeld(folder, "another process");
  server.unref();
  const release = async () => {
    server.close();
    await once(server, "close");
  };
  try {
    const file = await holdFile(folder);
    return {
      async [Symbol.asyncDispose]() {
        await file[Symbol.asyncDispose]();
        await release();
      },
    };
  } catch (error) {
    await release();
    throw error;
  }
}

const isHeld = (folder: string, by: string) =>
  new UserError(`${folder} is being written by ${by}. Wait for its end, or stop it.`);

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

/** Seconds from one renewal of a file's time to the next, and after which it counts as a dead process's. */
const RENEWAL = 10;
const DEAD = 60;
const PREFIX = ".held-";

/**
 * Holds `folder` against processes of other places, by a file per place: whoever has made his own sees the others'.
 * Two that begin at the same moment refuse each other. A file of this place is a dead process's: its address is held.
 */
async function holdFile(folder: string): Promise<AsyncDisposable> {
  const name =
    PREFIX +
    createHash("sha256")
      .update(await placeHere())
      .digest("hex")
      .slice(0, 16);
  const path = join(folder, name);
  const file = await open(path, "w");
  const renew = async () => {
    await file.write(hostname(), 0); // a file that a successor has removed comes to no new life
  };
  const release = async () => {
    await file.close();
    await rm(path, { force: true }).catch(() => {}); // then it is as if this process had been killed
  };
  try {
    await renew();
    await refuseOthers(folder, name, (await file.stat()).mtimeMs);
  } catch (error) {
    await release();
    throw error;
  }
  const renewal = setInterval(() => void renew().catch(() => {}), 1000 * RENEWAL).unref();
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(renewal);
      await release();
    },
  };
}

/** Throws UserError if a process of another place holds `folder`. own: name of this one's file   now: by the disk's clock */
async function refuseOthers(folder: string, own: string, now: number): Promise<void> {
  const others = (await readdir(folder)).filter((name) => name.startsWith(PREFIX) && name !== own);
  for (const other of others) {
    const path = join(folder, other);
    const found = await stat(path).catch(() => undefined);
    if (found === undefined) continue; // it has just gone
    if (now - found.mtimeMs < 1000 * DEAD) {
      const host = await readFile(path, "utf8").catch(() => "");
      throw new UserError(
        `${folder} is being written by a process on ${host || "another machine"}. Wait for its end, or stop it; one that ` +
          `was killed counts as ended after ${DEAD} seconds.`,
      );
    }
    await rm(path, { force: true });
  }
}

/** The place of this process: all that can call its addresses. */
async function placeHere(): Promise<string> {
  const boot = await readFile("/proc/sys/kernel/random/boot_id", "utf8").catch(hostname);
  const network = await readlink("/proc/self/ns/net").catch(tmpdir);
  return `${boot.trim()} ${network}`;
}
