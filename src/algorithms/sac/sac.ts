/**
 * @file Soft actor-critic: what collects the mixed, sub-optimal data that planners are pre-trained on. Its replay, kept in
 * order of collection, begins with random actions and ends with what the agent learned.
 * Source: Haarnoja et al. 2018, arXiv:1812.05905, as in CleanRL sac_continuous_action.py (vwxyzjn/cleanrl, 004f8a0).
 */
import type { CpuDevice } from "../../devices/index.ts";
import type { Mlp } from "../../nn/index.ts";
import type { Value } from "../../tensor/index.ts";
import type { Context, Online, OnlineGiven, OnlineLearner } from "../algorithm.ts";
import { gaussianAgent } from "../online/gaussian-agent.ts";
import { encoderOf, ReplayLearner, sizesOf } from "../online/learner.ts";
import { SacConfig, sacPresets } from "./config.ts";
import { drawAction, initSac } from "./losses.ts";
import { type SacModel, sacPolicy } from "./policy.ts";
import { SacUpdate } from "./update.ts";

export const sac: Online<SacConfig, SacModel, undefined> = {
  kind: "online",
  name: "sac",
  summary:
    "Soft actor-critic, of one task or told which of several it is in. All that it lives through is kept as a data set, in " +
    "order of collection: RUN/replay.",
  config: SacConfig,
  presets: sacPresets,
  metrics: ["train/critic_loss", "train/actor_loss", "train/temperature"],
  policy: sacPolicy,
  envs: "several",
  start,
};

async function start(
  settings: SacConfig,
  { envs }: OnlineGiven,
  context: Context<CpuDevice>,
): Promise<OnlineLearner<SacModel>> {
  const { random, device } = context;
  const sizes = sizesOf(envs);
  const { hiddenSizes } = settings;
  const first = initSac(settings, sizes, random.split("weights"));
  const update = await SacUpdate.compile(settings, sizes, first, device);
  const encoder = await encoderOf(sizes, settings, undefined, random);
  const agent = await gaussianAgent({
    networks: update,
    async update(draw, stream) {
      const { transitions } = await draw(stream);
      const { criticLoss, actorLoss } = await update.step(transitions, stream);
      return { "train/critic_loss": criticLoss, "train/actor_loss": actorLoss };
    },
    draw: ({ actor }, observations, noise) => drawAction(actor as Mlp<Value>, observations, noise),
    encoder,
    sizes,
    hiddenSizes,
    device,
  });
  const { eval: _, ...config } = settings;
  const origin = { agent: "sac", ...config, hiddenSizes: [...hiddenSizes] };
  return new ReplayLearner({ settings, envs, context, agent, encoder, origin });
}
