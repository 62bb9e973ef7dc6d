/**
 * @file The thread between an environment in Python and its caller: it talks to the process while the caller sleeps, because
 * Node reads pipes only in an event loop that turns.
 */

import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { type MessagePort, parentPort, workerData } from "node:worker_threads";

export interface BridgeSetup {
  readonly python: string;
  readonly script: string;
  readonly port: MessagePort;
  /** (1,) counted up with every reply. */
  readonly replies: Int32Array;
}

/** `make` starts a new process. */
export interface Request {
  readonly number: number;
  readonly call: { readonly call: "make" | "reset" | "step"; readonly [name: string]: unknown };
  readonly numbers: Float64Array;
}

/** The answer to the request of that number, or why there is none: an exit code, a signal, a system error. */
export interface Reply {
  readonly number: number;
  readonly answer?: { readonly text: string; readonly numbers: Float64Array };
  readonly gone?: { readonly why: string; readonly lastWords: string };
}

const { python, script, port, replies } = workerData as BridgeSetup;
let child: ChildProcessWithoutNullStreams | undefined;
/** The request that waits for its answer. */
let asked: number | undefined;
let gone: Reply["gone"];

port.on("message", (request: Request | "stop" | "end") => {
  if (request === "stop") {
    child?.kill("SIGKILL");
    return;
  }
  if (request === "end") {
    dismiss();
    port.close();
    return;
  }
  asked = request.number;
  if (request.call.call === "make") start();
  if (gone !== undefined) reply({ number: asked, gone });
  else child?.stdin.write(frame(JSON.stringify(request.call), request.numbers));
});
parentPort?.postMessage("ready");

function start(): void {
  dismiss();
  gone = undefined;
  const own = spawn(python, [script], { stdio: "pipe", windowsHide: true });
  child = own;
  let lastWords = "";
  let unread = Buffer.alloc(0);
  const leave = (why: string) => {
    if (child !== own || gone !== undefined) return;
    gone = { why, lastWords: lastWords.trimEnd().split("\n").at(-1) ?? "" };
    if (asked !== undefined) reply({ number: asked, gone });
  };
  own.stdin.on("error", () => {}); // a process that is gone; its end says why
  own.stderr.on("data", (text) => {
    lastWords = (lastWords + text).slice(-4000);
  });
  own.stdout.on("data", (bytes: Buffer) => {
    if (child !== own) return;
    unread = Buffer.concat([unread, bytes]);
    const answer = unframe(unread);
    if (answer === undefined || asked === undefined) return;
    unread = Buffer.alloc(0); // one answer to one request
    reply({ number: asked, answer });
  });
  own.on("error", (error: NodeJS.ErrnoException) => leave(error.code ?? error.message));
  own.on("close", (code, signal) => leave(signal ?? `exit code ${code}`));
}

/** Ends the process: politely, then firmly. */
function dismiss(): void {
  const own = child;
  child = undefined;
  if (own === undefined || own.exitCode !== null || own.signalCode !== null) return;
  own.stdin.end();
  const impatience = setTimeout(() => own.kill("SIGKILL"), 1000);
  own.once("close", () => clearTimeout(impatience));
}

function reply(message: Reply): void {
  asked = undefined;
  port.postMessage(message);
  Atomics.add(replies, 0, 1);
  Atomics.notify(replies, 0);
}

function frame(text: string, numbers: Float64Array): Buffer {
  const encoded = Buffer.from(text);
  const lengths = Buffer.alloc(8);
  lengths.writeUInt32LE(encoded.length, 0);
  lengths.writeUInt32LE(numbers.byteLength, 4);
  return Buffer.concat([
    lengths,
    encoded,
    new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength),
  ]);
}

/** The frame that `bytes` hold, if they hold all of it. */
function unframe(bytes: Buffer): Reply["answer"] | undefined {
  if (bytes.length < 8) return undefined;
  const middle = 8 + bytes.readUInt32LE(0);
  const end = middle + bytes.readUInt32LE(4);
  if (bytes.length < end) return undefined;
  const numbers = new Float64Array((end - middle) / 8);
  new Uint8Array(numbers.buffer).set(bytes.subarray(middle, end));
  return { text: bytes.toString("utf8", 8, middle), numbers };
}
