/** @file Our planners of the bench, and the two programs that are timed. */
import { Random, type StoredTensors } from "../../src/base/index.ts";
import {
  createSchedule,
  type Diffusion,
  denoisingLoss,
  denoisingSteps,
  sampleFromNoise,
} from "../../src/diffusion/index.ts";
import { createTrainer, denoisers } from "../../src/nn/index.ts";
import {
  compile,
  type Device,
  flatten,
  float32,
  int32,
  layoutOf,
  type Mapped,
  type Parameter,
  unpack,
  type Value,
} from "../../src/tensor/index.ts";
import { type Case, mlp, sizes } from "./cases.ts";
import { fromTorch, type Kind } from "./torch-weights.ts";

const { horizon, actionSize, nObsSteps, observationSize, denoisingSteps: numTrainTimesteps } = sizes;
const conditionSize = nObsSteps * observationSize;
/** As in torch_planners.py. */
const emaDecay = 0.995;
const learningRate = 1e-4;
const modelSizes = {
  actionSize,
  conditionSize,
  horizon,
  nObsSteps,
  numTrainTimesteps,
};
const diffusion: Diffusion = {
  schedule: createSchedule("cosine", numTrainTimesteps),
  prediction: "noise",
  clipSampleRange: 1,
};

/** A network with its numbers. */
export interface Planner {
  /** Compiles a training step on `batch`, a file's content; the function makes one and returns its loss. */
  trainer(batch: StoredTensors, device: Device): Promise<() => Promise<number>>;
  /** Compiles a sampling of `batch`, a file's content; the function makes one and returns its action sequences, (B, H, A). */
  sampler(batch: StoredTensors, device: Device): Promise<() => Promise<Float32Array>>;
}

/** The planner with PyTorch's `weights`, a file's content. */
export function loadPlanner(
  { kind, width }: { readonly kind: Kind & Case["kind"]; readonly width: number },
  weights: StoredTensors,
): Planner {
  const random = new Random(0);
  if (kind === "unet") {
    const config = { kind, width, multiples: [1, 2, 4] } as const;
    const form = denoisers.unet.init(config, modelSizes, random);
    return planner(kind, form, weights, (network, actions, timestep, vector) =>
      denoisers.unet.apply(network, config, modelSizes, actions, timestep, { vector }),
    );
  }
  const config = { kind, width, ...mlp } as const;
  const form = denoisers.mlp.init(config, modelSizes, random);
  return planner(kind, form, weights, (network, actions, timestep, vector) =>
    denoisers.mlp.apply(network, config, modelSizes, actions, timestep, { vector }),
  );
}

/** A network with PyTorch's weights, and its prediction. */
interface Loaded<Network> {
  readonly network: Mapped<Network, Parameter>;
  denoise(network: Mapped<Network, Value>, actions: Value, timestep: Value, condition: Value): Value;
}

function planner<Network>(
  kind: Kind,
  form: Network,
  weights: StoredTensors,
  denoise: Loaded<Network>["denoise"],
): Planner {
  const named = Object.entries(weights).map(
    ([name, { shape, data }]) => [name, { shape, data: data as Float32Array }] as const,
  );
  const network = fromTorch<Network, Float32Array>(kind, form, new Map(named));
  return {
    trainer: (batch, device) => trainerOf({ network, denoise }, batch, device),
    sampler: (batch, device) => samplerOf({ network, denoise }, batch, device),
  };
}

async function trainerOf<Network>(
  { network, denoise }: Loaded<Network>,
  batch: StoredTensors,
  device: Device,
): Promise<() => Promise<number>> {
  const size = batch.actions.shape[0];
  const trainer = await createTrainer<
    Mapped<Network, Parameter>,
    "actions" | "noise" | "steps" | "observations"
  >({
    network,
    inputs: {
      actions: float32(size, horizon, actionSize),
      noise: float32(size, horizon, actionSize),
      steps: int32(size),
      observations: float32(size, conditionSize),
    },
    loss: (network, { actions, noise, steps, observations }) =>
      denoisingLoss(
        diffusion,
        (sample, timestep, { vector }) =>
          denoise(network as Mapped<Network, Value>, sample, timestep, vector),
        { clean: actions, noise, timestep: steps, condition: { vector: observations } },
      ),
    optimizer: { emaDecay },
    device,
  });
  const numbers = {
    actions: floats(batch, "actions"),
    noise: floats(batch, "noise"),
    steps: batch.steps.data as Int32Array,
    observations: floats(batch, "observations"),
  };
  return async () => (await trainer.step(numbers, learningRate)).loss;
}

async function samplerOf<Network>(
  { network, denoise }: Loaded<Network>,
  batch: StoredTensors,
  device: Device,
): Promise<() => Promise<Float32Array>> {
  const size = batch.start.shape[0];
  const layout = layoutOf(network);
  const steps = denoisingSteps(diffusion);
  const program = await compile(
    {
      theta: float32(layout.size),
      condition: float32(size, conditionSize),
      start: float32(size, horizon, actionSize),
      noise: float32(numTrainTimesteps, size, horizon, actionSize),
    },
    ({ theta, condition, ...draws }) => {
      const parameters = unpack(layout, theta) as Mapped<Network, Value>;
      const actions = sampleFromNoise(
        steps,
        (sample, timestep, { vector }) => denoise(parameters, sample, timestep, vector),
        { condition: { vector: condition }, ...draws },
      );
      return { actions };
    },
    { device },
  );
  const theta = new Float32Array(layout.size);
  flatten(network, theta);
  const numbers = {
    theta,
    condition: floats(batch, "observations"),
    start: floats(batch, "start"),
    noise: reversed(floats(batch, "noise")),
  };
  return async () => (await program.run(numbers)).actions;
}

const floats = (tensors: StoredTensors, name: string): Float32Array => tensors[name].data as Float32Array;

/** PyTorch's side numbers the noise by denoising step, ours in the order it is used. noise: (K, ...) */
function reversed(noise: Float32Array): Float32Array {
  const row = noise.length / numTrainTimesteps;
  const out = new Float32Array(noise.length);
  for (let k = 0; k < numTrainTimesteps; k++)
    out.set(noise.subarray(k * row, (k + 1) * row), (numTrainTimesteps - 1 - k) * row);
  return out;
}
