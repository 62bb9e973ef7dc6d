/**
 * @file A thread that answers while its caller waits, as long as it comes on: a library that may loop without end on a
 * damaged file is called there, since nothing else can end such a call.
 */
import {
  MessageChannel,
  type MessagePort,
  receiveMessageOnPort,
  type Transferable,
  workerData,
} from "node:worker_threads";
import { startThread } from "./thread.ts";

/** Input of such a thread. */
interface Setup {
  readonly port: MessagePort;
  /** (1,), counted up with every answer; shared. */
  readonly answers: Int32Array;
}

/** Milliseconds after which the caller looks whether the answer is still to be waited for. */
const patience = 100;
/** Seconds that pass, at most, for one of the processor: a disk may be slow, but a thread may have died. */
const mostWaiting = 30;

/** The caller's side. The thread does not keep the process alive. */
export class AskedThread<Request, Answer> implements Disposable {
  readonly #end: () => void;
  readonly #port: MessagePort;
  readonly #answers: Int32Array;

  /** Starts the thread that runs `file`, which calls `answerRequests`. */
  static async start<Request, Answer>(file: URL): Promise<AskedThread<Request, Answer>> {
    const { port1, port2 } = new MessageChannel();
    const answers = new Int32Array(new SharedArrayBuffer(4));
    const thread = startThread(file, { port: port2, answers } satisfies Setup, [port2]);
    await new Promise<void>((resolve, reject) => {
      port1.once("message", () => resolve());
      thread.once("error", reject);
    });
    port1.unref();
    thread.unref();
    return new AskedThread(port1, answers, () => void thread.terminate());
  }

  private constructor(port: MessagePort, answers: Int32Array, end: () => void) {
    this.#port = port;
    this.#answers = answers;
    this.#end = end;
  }

  /**
   * Answer to a request; undefined if this process has worked for `seconds` of processor time without one, after which the
   * thread is to be disposed. Blocks.
   */
  ask(request: Request, seconds: number): Answer | undefined {
    const begun = { at: performance.now(), work: process.cpuUsage() };
    const before = Atomics.load(this.#answers, 0);
    this.#port.postMessage(request);
    while (Atomics.load(this.#answers, 0) === before) {
      if (Atomics.wait(this.#answers, 0, before, patience) !== "timed-out") continue; // it may be news of the last answer
      const { user, system } = process.cpuUsage(begun.work);
      const waited = (performance.now() - begun.at) / 1000;
      if ((user + system) / 1e6 > seconds || waited > mostWaiting * seconds) return undefined;
    }
    return receiveMessageOnPort(this.#port)?.message;
  }

  [Symbol.dispose](): void {
    this.#port.close();
    this.#end();
  }
}

/** The thread's side: answers requests, one after the other, until the thread is ended. */
export function answerRequests<Request, Answer>(
  answer: (request: Request) => Promise<{ readonly answer: Answer; readonly transfer?: Transferable[] }>,
): void {
  const { port, answers } = workerData as Setup;
  port.on("message", async (request: Request) => {
    const { answer: message, transfer = [] } = await answer(request);
    port.postMessage(message, transfer);
    Atomics.add(answers, 0, 1);
    Atomics.notify(answers, 0);
  });
  port.postMessage("ready");
}
