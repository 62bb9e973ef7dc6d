/**
 * @file A diffusion planner in a minute: it learns eight Gaussians on a circle, is drawn, tested, saved and exported.
 * An action sequence of this toy is one action, a point of the plane, and the one observation says nothing.
 *
 *     npx tsx examples/02-toy-planner.ts [output folder]
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  compileSampler,
  cpu,
  exportPlanner,
  fitNormalizer,
  imitationLoss,
  imitationSpecs,
  initPlanner,
  Random,
  savePlanner,
  type TracedNetwork,
  twoSampleTest,
  vectorSpaces,
} from "../src/index.ts";
import { cosineLearningRate, createTrainer, drawNoise } from "../src/nn.ts";
import { outputFolder } from "./shared/output-folder.ts";
import { scatterSvg, scatterText } from "./shared/scatter.ts";

const folder = outputFolder();
const random = new Random(0);

// ------------------------------------------------------------------------------------------------ what is learned

/** Points around eight centres on the unit circle, (count, 2). */
function eightGaussians(count: number, random: Random): Float32Array {
  const points = random.fillNormal(new Float32Array(2 * count)).map((x) => 0.1 * x);
  for (let i = 0; i < points.length; i += 2) {
    const angle = (2 * Math.PI * random.integer(8)) / 8;
    points[i] += Math.cos(angle);
    points[i + 1] += Math.sin(angle);
  }
  return points;
}

// ------------------------------------------------------------------------------------------------------ a planner

const data = eightGaussians(50_000, random.split("data"));
const planner = initPlanner(
  {
    spaces: vectorSpaces(1, 2), // nothing to see, points of two numbers
    horizon: 1,
    nObsSteps: 1,
    nActionSteps: 1,
    numTrainTimesteps: 50,
    denoiser: { kind: "mlp", width: 48 },
  },
  { observation: { state: { low: [0], high: [0] } }, action: fitNormalizer(data, 2) },
  random.split("weights"),
);

// ------------------------------------------------------------------------------------------------------- training

const [steps, batchSize] = [6000, 256];
const device = cpu({ threads: 1 }); // a second thread gains nothing on matrices this small
await using trainer = await createTrainer({
  network: planner.network,
  inputs: imitationSpecs(planner.config, batchSize),
  loss: (network: TracedNetwork, inputs) => imitationLoss(planner, network, inputs),
  optimizer: { weightDecay: 0, emaDecay: 0.998 },
  device,
});
const learningRate = cosineLearningRate({ totalSteps: steps, warmupSteps: 100 });
const draws = random.split("training");
const batch = {
  observation: new Float32Array(batchSize),
  action: new Float32Array(2 * batchSize),
  noise: new Float32Array(2 * batchSize),
  timestep: new Int32Array(batchSize),
};

console.log(`Training ${trainer.layout.size} parameters for ${steps} steps:`);
let average = 1;
for (let step = 0; step < steps; step++) {
  for (let row = 0; row < batchSize; row++) {
    const pick = 2 * draws.integer(data.length / 2);
    batch.action.set(data.subarray(pick, pick + 2), 2 * row);
  }
  draws.fillNormal(batch.noise);
  draws.fillIntegers(batch.timestep, 0, planner.config.numTrainTimesteps);
  const { loss } = await trainer.step(batch, 6e-3 * learningRate(step));
  average += 0.01 * (loss - average);
  if ((step + 1) % 1000 === 0) console.log(`  step ${step + 1}   loss ${average.toFixed(4)}`);
}
const trained = { ...planner, network: await trainer.network("average") };

// ------------------------------------------------------------------------------------------------------- sampling

const count = 2000;
await using sampler = await compileSampler(trained, { batchSize: count, device });
const { actions: points } = await sampler.run({
  theta: trainer.average,
  observations: new Float32Array(count),
  start: drawNoise([count, 1, 2], random),
  noise: drawNoise([planner.config.numTrainTimesteps, count, 1, 2], random),
});
console.log(`\n${count} points, all ${planner.config.numTrainTimesteps} denoising steps in one graph:\n`);
console.log(scatterText(points, 1.5));
const picture = { "#c44": eightGaussians(count, random), "#248": points };
writeFileSync(join(folder, "points.svg"), scatterSvg(picture, 1.5));

const { distance, limit } = twoSampleTest(points, 2, eightGaussians, random.split("test"), 40);
console.log(
  `\nEnergy distance from the true distribution: ${distance.toFixed(5)}; 95 % of true samples stay below ${limit.toFixed(5)}.`,
);

// ---------------------------------------------------------------------------------------------------- taking it along

await savePlanner(trained, join(folder, "planner"));
const parity = await exportPlanner(trained, join(folder, "planner.onnx"));
console.log(
  `Exported planner.onnx differs from the planner by at most ${parity.maximumAbsoluteError.toExponential(1)}.`,
);
console.log(`Everything is in ${folder}: points.svg, planner.onnx and its parity, and the folder planner.`);
