/** @file Pools in threads of this process. */
import type { AsyncClosable } from "../../base/index.ts";
import type { EnvConfig } from "../../envs/index.ts";
import { startWorkers, type WorkerOptions } from "../../envs/pool/index.ts";
import type { EnvPool as Pool } from "../env-pool.ts";
import { playEpisodes } from "../rollout.ts";

export type EnvPool = Pool;
export const EnvPool = {
  /**
   * A pool of environments in threads. Holds them until disposed: `await using pool = await EnvPool.start(...)`.
   * Throws UserError if there is no such environment, or none is asked for.
   */
  async start(config: EnvConfig, options: WorkerOptions): Promise<EnvPool & AsyncClosable> {
    const workers = await startWorkers(config, options);
    const [{ spec, numEnvs }] = workers;
    const close = async () => {
      await Promise.all(workers.map((worker) => worker.close()));
    };
    return {
      task: spec.name,
      spaces: spec.spaces,
      maxSteps: spec.maxSteps,
      batchSize: numEnvs,
      play: (policy, requests, playOptions) => playEpisodes(workers, policy, requests, playOptions),
      close,
      [Symbol.asyncDispose]: close,
    };
  },
};
