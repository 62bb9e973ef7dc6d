/** @file Planners so simple that all about them is known in closed form. Symbols: H horizon, A action size. */
import { Random, vectorSpaces } from "../src/base/index.ts";
import { initPlanner, type Planner, type PlannerConfig } from "../src/policies/index.ts";
import { layoutOf, mapTree, type Parameter } from "../src/tensor/index.ts";

/**
 * A planner whose network predicts `center`, (H, A), whatever it is shown. All other parameters are zero, and so are their
 * gradients. With one timestep and the clean sample as its prediction, its actions are Gaussian around `center`.
 */
export function gaussianPlanner(
  center: readonly number[],
  config: Partial<PlannerConfig> & Pick<PlannerConfig, "horizon">,
  observationSize = 1,
): Planner {
  const actionSize = center.length / config.horizon;
  const range = (size: number) => ({ low: new Array(size).fill(-1), high: new Array(size).fill(1) });
  const planner = initPlanner(
    {
      nObsSteps: 1,
      nActionSteps: 1,
      numTrainTimesteps: 1,
      prediction: "sample",
      clipSampleRange: null,
      denoiser: { kind: "mlp", width: 4, blocks: 1, embeddingSize: 2 },
      spaces: vectorSpaces(observationSize, actionSize),
      ...config,
    },
    { observation: { state: range(observationSize) }, action: range(actionSize) },
    new Random(0),
  );
  const network = mapTree(planner.network, (leaf) => {
    const { shape, data } = leaf as Parameter;
    return { shape, data: data.map(() => 0) };
  });
  const { final } = network.denoiser as unknown as {
    readonly final: { readonly out: { readonly bias: Parameter } };
  };
  final.out.bias.data.set(center);
  return { ...planner, network: network as never };
}

/** Index at which a Gaussian planner's center begins in its parameters. */
export function centerAt({ network }: Planner): number {
  const found = layoutOf(network).entries.find(({ path }) => path === "denoiser.final.out.bias");
  if (found === undefined) throw new Error("The planner has no final bias.");
  return found.offset;
}
