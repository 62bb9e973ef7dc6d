/**
 * @file The policy of decision transformers: it sees the latest steps of its episode and the return still to earn, and chooses
 * one action at a time. Symbols: B rows of the compiled program, K steps of a history, O observation size, A action size.
 */
import { join } from "node:path";
import { z } from "zod";
import {
  parse,
  Random,
  requireSameSpaces,
  type StoredTensor,
  sizeOfSpace,
  UserError,
} from "../../base/index.ts";
import { cpu } from "../../devices/index.ts";
import { makeFolder, readTensors, writeTensors } from "../../platform/index.ts";
import {
  drawRows,
  observationInputs,
  observedNumbers,
  observedParts,
  readModel,
  saveModel,
  writeOnnx,
} from "../../policies/files/index.ts";
import type { Feedback, Policy, Row } from "../../rollout/index.ts";
import {
  compile,
  concat,
  constant,
  float32,
  int32,
  layoutOf,
  reshape,
  slice,
  unpack,
  type Value,
} from "../../tensor/index.ts";
import type { PolicyKind } from "../algorithm.ts";
import { taskId } from "../task-ids.ts";
import { maskedTheta } from "./masks.ts";
import {
  initSequenceModel,
  promptsOf,
  type RawSteps,
  type SequenceModel,
  SequenceModelConfig,
  sequenceActions,
} from "./model.ts";
import type { DecisionTransformer } from "./network.ts";

/** Knowledge of an episode beside its observations: the latest K steps, those before the episode zero. */
interface Past {
  /** Number of the present step. */
  readonly step: number;
  /** Actions of the steps, the present one's 0. (K, A) */
  readonly actions: Float32Array;
  /** Returns that were still to earn at each step. (K,) */
  readonly returns: Float32Array;
}

/** Inputs of acting, K steps that end with the present. */
const historySpecs = (batch: number, { contextSteps: K, spaces }: SequenceModelConfig) => ({
  action: float32(batch, K, sizeOfSpace(spaces.action)),
  returnToGo: float32(batch, K),
  step: int32(batch, K),
  mask: float32(batch, K),
});

/** The action at the present, the last of the steps. history: raw   ids: int32, (B,)   returns: (B, A) */
export function presentActions(
  config: SequenceModelConfig,
  network: DecisionTransformer<Value>,
  history: RawSteps,
  ids: Value,
): Value {
  const prompt = promptsOf(config, ids);
  const all = sequenceActions(config, network, { history, ids, ...(prompt && { prompt }) });
  return reshape(slice(all, 1, -1), [all.shape[0], all.shape[2]]);
}

/** The past at the next step. */
function advance({ step, actions, returns }: Past, { actions: done, rewards }: Feedback, size: number): Past {
  const next = { actions: new Float32Array(actions.length), returns: new Float32Array(returns.length) };
  next.actions.set(actions.subarray(size));
  if (actions.length > size) next.actions.set(done, actions.length - 2 * size);
  next.returns.set(returns.subarray(1));
  next.returns[returns.length - 1] = returns[returns.length - 1] - rewards[0];
  return { step: step + 1, ...next };
}

async function compilePolicy(
  model: SequenceModel,
  { env, batchSize, device }: Parameters<PolicyKind<SequenceModel>["compile"]>[1],
): Promise<Policy<Past> & AsyncDisposable> {
  const { config, network } = model;
  const { contextSteps: K, tasks, spaces, maxSteps, targetReturns } = config;
  requireSameSpaces("The policy", spaces, env.task, env.spaces);
  const task = taskId(tasks, env.task, "The policy");
  const layout = layoutOf(network);
  const theta = maskedTheta(model, task);
  const [size, actionSize] = [spaces.observation, spaces.action].map(sizeOfSpace);
  const program = await compile(
    {
      theta: float32(layout.size),
      observation: float32(batchSize, K, size),
      ids: int32(batchSize),
      ...historySpecs(batchSize, config),
    },
    ({ theta: vector, ids, ...history }) => ({
      actions: presentActions(config, unpack(layout, vector) as never, history, ids),
    }),
    { device },
  );
  const ids = new Int32Array(batchSize).fill(task);
  return {
    nObsSteps: K,
    nActionSteps: 1,
    start: () => {
      const returns = new Float32Array(K);
      returns[K - 1] = targetReturns[task];
      return { step: 0, actions: new Float32Array(K * actionSize), returns };
    },
    async act(rows) {
      const states = rows.map(({ state, feedback }) =>
        feedback === undefined ? state : advance(state, feedback, actionSize),
      );
      const late = states.find(({ step }) => step >= maxSteps);
      if (late !== undefined)
        throw new UserError(`The policy knows the first ${maxSteps} steps of an episode; this is the next.`);
      const inputs = inputsOf(rows, states, { batchSize, K, size, actionSize });
      const { actions } = await program.run({ theta, ids, ...inputs });
      return { actions: actions.slice(0, rows.length * actionSize), states };
    },
    [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
  };
}

/** Arrays of a run. Rows of nobody show one step, so that every token sees some. */
function inputsOf(
  rows: readonly Row<unknown>[],
  states: readonly Past[],
  sizes: {
    readonly batchSize: number;
    readonly K: number;
    readonly size: number;
    readonly actionSize: number;
  },
) {
  const { batchSize, K, size, actionSize } = sizes;
  const inputs = {
    observation: new Float32Array(batchSize * K * size),
    action: new Float32Array(batchSize * K * actionSize),
    returnToGo: new Float32Array(batchSize * K),
    step: new Int32Array(batchSize * K),
    mask: new Float32Array(batchSize * K),
  };
  for (let row = 0; row < batchSize; row++) inputs.mask[row * K + K - 1] = 1;
  for (const [row, { step, actions, returns }] of states.entries()) {
    inputs.observation.set(rows[row].observations, row * K * size);
    inputs.action.set(actions, row * K * actionSize);
    inputs.returnToGo.set(returns, row * K);
    for (let at = Math.max(0, K - 1 - step); at < K; at++) {
      inputs.step[row * K + at] = step - (K - 1 - at);
      inputs.mask[row * K + at] = 1;
    }
  }
  return inputs;
}

const kind = { format: "sodp decision transformer", version: 1, noun: "policy" } as const;
const Stored = z.strictObject({
  format: z.literal(kind.format),
  version: z.literal(kind.version),
  policy: SequenceModelConfig,
  masks: z
    .string()
    .optional()
    .describe("sha256 of masks.safetensors, where tasks use parameters of their own"),
});
const masksIn = (folder: string) => join(folder, "masks.safetensors");

async function save({ config, network, masks }: SequenceModel, folder: string): Promise<void> {
  await makeFolder(folder);
  const written = masks && (await writeTensors(masksIn(folder), { masks: masksTensor(masks) }));
  await saveModel(kind, folder, { policy: config, ...(written && { masks: written.sha256 }) }, network);
}

/** Masks of all tasks as a tensor of bytes, (N, bytes). */
export function masksTensor(masks: readonly Uint8Array[]): StoredTensor {
  const width = masks[0].length;
  const data = new Uint8Array(masks.length * width);
  for (const [task, mask] of masks.entries()) data.set(mask, task * width);
  return { dtype: "U8", shape: [masks.length, width], data };
}

async function load(folder: string): Promise<SequenceModel> {
  const { path, document, fill } = await readModel(kind, folder);
  const { policy: config, masks: sha256 } = parse(Stored, document, path);
  const model = initSequenceModel(config, new Random(0));
  const network = fill(model.network);
  if (sha256 === undefined) return { config, network };
  const { tensors, metadata } = await readTensors(masksIn(folder));
  const masks = masksOf(tensors.masks, config.tasks.length, layoutOf(network).size);
  if (metadata.sha256 !== sha256 || masks === undefined)
    throw new UserError(`${masksIn(folder)} is not what ${path} was saved with.`);
  return { config, network, masks };
}

/** Masks of a tensor of bytes, (N, bytes); undefined if it is none for so many tasks and parameters. */
export function masksOf(
  tensor: StoredTensor | undefined,
  tasks: number,
  parameters: number,
): Uint8Array[] | undefined {
  const width = Math.ceil(parameters / 8);
  if (tensor?.dtype !== "U8" || tensor.data.length !== tasks * width) return undefined;
  const { data } = tensor;
  return Array.from({ length: tasks }, (_, task) => data.slice(task * width, (task + 1) * width));
}

/** One kind for all of them. */
export const sequencePolicy: PolicyKind<SequenceModel> = {
  format: kind.format,
  save,
  load,
  describe({ config, network }) {
    const { spaces, tasks, contextSteps: nObsSteps } = config;
    return { spaces, tasks, nObsSteps, nActionSteps: 1, parameters: layoutOf(network).size, config };
  },
  compile: compilePolicy,
  /**
   * The file takes K steps that end with the present: `observations` (B, K, O), `action` (B, K, A), the present's 0,
   * `returnToGo`, `step`, `mask` (B, K) and, of several tasks, `task` (B,). Throws UserError for one with masks.
   */
  async export(model, path, { batchSize = 1 }) {
    const { config, network } = model;
    const { tasks, spaces, contextSteps: K } = config;
    if (model.masks !== undefined)
      throw new UserError(
        "This policy uses other parameters for each task, which cannot be written as one ONNX file.",
      );
    const { observation: space } = spaces;
    const isTold = tasks.length > 1;
    let runs = 0;
    return writeOnnx(
      {
        noun: "policy",
        metadata: { format: kind.format, policy: JSON.stringify(config) },
        inputs: {
          ...observationInputs(space, K, batchSize),
          ...historySpecs(batchSize, config),
          ...(isTold && { task: int32(batchSize) }),
        },
        network,
        act(layers, inputs) {
          const ids = inputs.task ?? constant(new Int32Array(batchSize), [batchSize]);
          const parts = Object.values(observedParts(space, inputs)).map((part) =>
            reshape(part, [batchSize, K, -1]),
          );
          const history = { ...(inputs as never as RawSteps), observation: concat(parts, 2) };
          const actions = presentActions(config, layers, history, ids);
          return reshape(actions, [batchSize, 1, sizeOfSpace(spaces.action)]);
        },
        async answer(random: Random) {
          const id = runs++ % tasks.length;
          const env = { task: tasks[id], spaces };
          await using policy = await compilePolicy(model, { env, batchSize, device: cpu() });
          const { mean, std } = config.standardization[id % config.standardization.length];
          const [low, high] = [-1, 1].map((sign) => mean.map((x, i) => x + sign * std[i]));
          const observations = drawRows({ low, high }, batchSize * K, random);
          const size = sizeOfSpace(space);
          const rows = Array.from({ length: batchSize }, (_, row) => {
            const episode = { seed: row, random };
            const own = observations.subarray(row * K * size, (row + 1) * K * size);
            return { episode, observations: own, state: policy.start(episode) };
          });
          const { actions } = await policy.act(rows);
          const sizes = { batchSize, K, size, actionSize: sizeOfSpace(spaces.action) };
          const { observation: _, ...history } = inputsOf(
            rows,
            rows.map(({ state }) => state),
            sizes,
          );
          const ids = new Int32Array(batchSize).fill(id);
          return {
            inputs: { ...observedNumbers(space, observations), ...history, ...(isTold && { task: ids }) },
            actions,
          };
        },
      },
      path,
    );
  },
};
