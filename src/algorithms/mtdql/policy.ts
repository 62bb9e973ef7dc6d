/**
 * @file A diffusion Q-learner's policy as it is stored: it draws some candidates for each action and takes one by its value.
 * Symbols: B rows, C candidates, O observation size, A action size, N tasks, K diffusion timesteps, J denoising steps.
 */
import { z } from "zod";
import {
  countTo,
  mostUnits,
  parse,
  Random,
  requireSameSpaces,
  sizeOfSpace,
  spacesSchema,
} from "../../base/index.ts";
import {
  createSchedule,
  type DenoisingOptions,
  type DenoisingSteps,
  type Diffusion,
  denoisingSteps,
} from "../../diffusion/index.ts";
import { readModel, saveModel } from "../../policies/files/index.ts";
import { Normalizer, normalize } from "../../policies/index.ts";
import { observationsOf } from "../../rollout/index.ts";
import {
  add,
  broadcastTo,
  compile,
  concat,
  flatten,
  float32,
  greater,
  int32,
  layoutOf,
  max,
  mul,
  type Parameter,
  reshape,
  sub,
  sum,
  unpack,
  type Value,
} from "../../tensor/index.ts";
import type { PolicyKind } from "../algorithm.ts";
import { type Draws, exportOneStep } from "../export-one-step.ts";
import { oneHot, taskId } from "../task-ids.ts";
import {
  type ActionCritics,
  type ActorSizes,
  type DiffusionActor,
  denoiserOf,
  drawnActions,
  initActionCritics,
  initActor,
  lowerQ,
} from "./losses.ts";

const kind = { format: "sodp mtdql", version: 1, noun: "policy" } as const;

const ModelConfig = z.strictObject({
  spaces: spacesSchema,
  tasks: z.array(z.string()).min(1).readonly().describe("names, in the order of the ids"),
  normalizer: Normalizer.describe("of observations"),
  width: countTo(mostUnits),
  numTrainTimesteps: z.int().positive().max(100),
  candidates: z.int().positive().max(1000),
});
const Stored = z.strictObject({
  format: z.literal(kind.format),
  version: z.literal(kind.version),
  policy: ModelConfig,
});
type Config = Readonly<z.infer<typeof ModelConfig>>;

/** The learned policy, as plain data. */
export interface MtdqlModel {
  readonly config: Config;
  readonly network: Network<Parameter>;
}
/** The critics are the averaged ones: they judge candidates. */
interface Network<T> {
  readonly actor: DiffusionActor<T>;
  readonly critics: ActionCritics<T>;
}

export const actorSizes = ({
  spaces,
  tasks,
  width,
}: Pick<Config, "spaces" | "tasks" | "width">): ActorSizes => ({
  seen: sizeOfSpace(spaces.observation) + tasks.length,
  action: sizeOfSpace(spaces.action),
  width,
});

export const diffusionOf = ({ numTrainTimesteps }: Pick<Config, "numTrainTimesteps">): Diffusion => ({
  schedule: createSchedule("vp", numTrainTimesteps),
  prediction: "noise",
  clipSampleRange: 1,
});

/** What the networks see.   observations: (B, O), raw   ids: int32, (B,)   returns: (B, O + N) */
export const seenOf = (
  { normalizer, tasks }: Pick<Config, "normalizer" | "tasks">,
  observations: Value,
  ids: Value,
): Value => concat([normalize(normalizer, observations), oneHot(ids, tasks.length)], 1);

/** Draws that actions are made of: `start` (B, C, A), `noise` (J, B, C, A), and `gumbel` (B, C), which chooses. */
function drawsOf({ spaces, candidates }: Config, { std }: DenoisingSteps): Draws {
  const size = candidates * sizeOfSpace(spaces.action);
  const shape = (rows: number) => [rows, candidates, sizeOfSpace(spaces.action)];
  return {
    specs: (rows) => ({
      start: float32(...shape(rows)),
      noise: float32(std.length, ...shape(rows)),
      gumbel: float32(rows, candidates),
    }),
    fill(episodes, rows) {
      const start = new Float32Array(rows * size);
      const noise = new Float32Array(std.length * rows * size);
      const gumbel = new Float32Array(rows * candidates);
      for (const [row, random] of episodes.entries()) {
        random.fillNormal(start.subarray(row * size, (row + 1) * size));
        for (let step = 0; step < std.length; step++) {
          const begin = (step * rows + row) * size;
          random.fillNormal(noise.subarray(begin, begin + size));
        }
        for (let i = row * candidates; i < (row + 1) * candidates; i++)
          gumbel[i] = -Math.log(-Math.log(Math.max(random.uniform(), 1e-12)));
      }
      return { start, noise, gumbel };
    },
  };
}

/**
 * An action of each row, (B, A): one of the candidates by softmax of the lower of its values, drawn as the largest value with a
 * Gumbel number added.   observations: (B, O), raw   ids: int32, (B,)
 */
function chosenActions(
  config: Config,
  steps: DenoisingSteps,
  { actor, critics }: Network<Value>,
  observations: Value,
  ids: Value,
  { start, noise, gumbel }: Readonly<Record<string, Value>>,
): Value {
  const [rows, candidates, size] = start.shape;
  const seen = seenOf(config, observations, ids);
  const width = seen.shape[1];
  const each = reshape(broadcastTo(reshape(seen, [rows, 1, width]), [rows, candidates, width]), [
    rows * candidates,
    width,
  ]);
  const flat = (draws: Value, ...before: number[]) => reshape(draws, [...before, rows * candidates, size]);
  const denoise = denoiserOf(actor, config.numTrainTimesteps);
  const draws = { start: flat(start), noise: flat(noise, steps.std.length) };
  const actions = drawnActions(steps, denoise, each, draws);
  const scores = add(reshape(lowerQ(critics, each, actions), [rows, candidates]), gumbel);
  const isBest = sub(1, greater(max(scores, { axes: 1, keep: true }), scores)); // (B, C)
  return sum(mul(reshape(actions, start.shape), reshape(isBest, [rows, candidates, 1])), { axes: 1 });
}

function initNetwork(config: Config): Network<Parameter> {
  const sizes = actorSizes(config);
  return {
    actor: initActor(sizes, new Random(0)),
    critics: initActionCritics(sizes, new Random(0)),
  };
}

export const mtdqlPolicy: PolicyKind<MtdqlModel> = {
  format: kind.format,
  save: ({ config, network }, folder) => saveModel(kind, folder, { policy: config }, network),
  async load(folder) {
    const { path, document, fill } = await readModel(kind, folder);
    const { policy: config } = parse(Stored, document, path);
    return { config, network: fill(initNetwork(config)) };
  },
  describe({ config, network }) {
    const { spaces, tasks, numTrainTimesteps } = config;
    const { size: parameters } = layoutOf(network);
    return { spaces, tasks, nObsSteps: 1, nActionSteps: 1, numTrainTimesteps, parameters, config };
  },
  async compile({ config, network }, { env, batchSize, device, denoising }) {
    requireSameSpaces("The policy", config.spaces, env.task, env.spaces);
    const ids = new Int32Array(batchSize).fill(taskId(config.tasks, env.task, "The policy"));
    const layout = layoutOf(network);
    const theta = new Float32Array(layout.size);
    flatten(network, theta);
    const [size, actionSize] = [config.spaces.observation, config.spaces.action].map(sizeOfSpace);
    const steps = stepsOf(config, denoising);
    const draws = drawsOf(config, steps);
    const program = await compile(
      {
        theta: float32(layout.size),
        observations: float32(batchSize, size),
        ids: int32(batchSize),
        ...draws.specs(batchSize),
      },
      ({ theta, observations, ids, ...drawn }) => {
        const layers = unpack(layout, theta) as unknown as Network<Value>;
        return { actions: chosenActions(config, steps, layers, observations, ids, drawn) };
      },
      { device },
    );
    return {
      nObsSteps: 1,
      nActionSteps: 1,
      start: () => undefined,
      async act(rows) {
        const observations = new Float32Array(batchSize * size);
        observations.set(observationsOf(rows));
        const streams = rows.map(({ episode }) => episode.random);
        const inputs = { theta, observations, ids, ...draws.fill(streams, batchSize) };
        const { actions } = await program.run(inputs);
        return { actions: actions.slice(0, rows.length * actionSize) };
      },
      [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
    };
  },
  export(model, path, options) {
    const { network, config } = model;
    const { tasks, normalizer: range } = config;
    const steps = stepsOf(config, options.denoising);
    const written = { kind: mtdqlPolicy, model, network, tasks, range, draws: drawsOf(config, steps) };
    return exportOneStep<MtdqlModel, Network<Parameter>>(
      {
        ...written,
        act: (layers, observations, ids, drawn) =>
          chosenActions(config, steps, layers, observations, ids, drawn),
      },
      path,
      options,
    );
  },
};

const stepsOf = (config: Config, denoising?: DenoisingOptions): DenoisingSteps =>
  denoisingSteps(diffusionOf(config), denoising);
