/** @file One of several threads that check a data set. */
import { parentPort, workerData } from "node:worker_threads";
import { type CheckWork, checkShards } from "./check-shards.ts";

await checkShards(workerData as CheckWork, (news) => parentPort?.postMessage(news));
