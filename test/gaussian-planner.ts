/** @file Planners so simple that all about them is known in closed form. Symbols: H horizon, A action size. */
import { initPlanner, type Planner, type PlannerConfig } from "../src/algorithms/index.ts";
import { Random } from "../src/base/index.ts";
import { flatten, layoutOf, mapTree, type Parameter } from "../src/tensor/index.ts";

/**
 * A planner whose network guesses `centre`, (H, A), whatever it is shown. All other parameters are zero, and so are
 * their gradients. With one noise level and the clean plan as its guess, its plans are Gaussian around `centre`.
 */
export function gaussianPlanner(
  center: readonly number[],
  config: Partial<PlannerConfig> & Pick<PlannerConfig, "horizon">,
): Planner {
  const actionSize = center.length / config.horizon;
  const observationSize = config.observationSize ?? 1;
  const range = (size: number) => ({ low: new Array(size).fill(-1), high: new Array(size).fill(1) });
  const planner = initPlanner(
    {
      nObsSteps: 1,
      nActionSteps: 1,
      levels: 1,
      prediction: "sample",
      clip: null,
      network: { kind: "mlp", width: 4, blocks: 1, embeddingSize: 2 },
      ...config,
      observationSize,
      actionSize,
    },
    { observations: range(observationSize), actions: range(actionSize) },
    new Random(0),
  );
  const zero = mapTree(planner.network, (leaf) => {
    const { shape, data } = leaf as Parameter;
    return { shape, data: data.map(() => 0) };
  }) as { readonly final: { readonly out: { readonly bias: Parameter } } };
  zero.final.out.bias.data.set(center);
  return { ...planner, network: zero as never };
}

/** A planner's parameters, (P,). */
export function thetaOf({ network }: Planner): Float32Array {
  const theta = new Float32Array(layoutOf(network).size);
  flatten(network, theta);
  return theta;
}

/** Where in a Gaussian planner's parameters its centre begins. */
export function centerAt({ network }: Planner): number {
  const found = layoutOf(network).entries.find(({ path }) => path === "final.out.bias");
  if (found === undefined) throw new Error("The planner has no final bias.");
  return found.offset;
}
