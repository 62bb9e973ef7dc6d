/**
 * @file A loss, its gradient, and a network that learns by it: the whole engine on a page.
 *
 *     npx tsx examples/01-gradient.ts [output folder]
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { cpu, Random } from "../src/index.ts";
import { createTrainer, initMlp, type Mlp, mlp } from "../src/nn.ts";
import {
  compile,
  constant,
  evaluate,
  flatten,
  float32,
  layoutOf,
  mapTree,
  mean,
  type Parameter,
  pack,
  square,
  sub,
  trace,
  unpack,
  type Value,
  valueAndGrad,
} from "../src/tensor.ts";
import { outputFolder } from "./shared/output-folder.ts";

const folder = outputFolder();
const random = new Random(0);

// A loss is a function of values: here the mean squared error of a small network that shall become sin(x).
const network = initMlp([1, 16, 16, 1], random);
const loss = (network: Mlp<Value>, x: Value, y: Value): Value =>
  mean(square(sub(mlp(network, x, "tanh"), y)));

const count = 128;
const xs = Float32Array.from({ length: count }, (_, i) => Math.PI * ((2 * i) / (count - 1) - 1));
const ys = xs.map(Math.sin);

// Calling it computes nothing. It traces a graph, of which an ONNX model is written; any runtime can run it.
const layout = layoutOf(network); // where each parameter lies in one flat vector, theta
const inputs = { theta: float32(layout.size), x: float32(count, 1), y: float32(count, 1) };
const { onnx, outputs } = trace(inputs, ({ theta, x, y }) => ({ loss: loss(unpack(layout, theta), x, y) }));
writeFileSync(join(folder, "loss.onnx"), onnx);
console.log(`The loss of ${layout.size} parameters is a scalar of shape (${outputs.loss.shape}).`);
console.log(`Its graph, ${onnx.length} bytes, is in ${join(folder, "loss.onnx")}.\n`);

// Its gradient is another graph, made from the first. Compiled together, they are a program of the processor.
const device = cpu({ threads: 1 });
await using program = await compile(
  inputs,
  ({ theta, x, y }) => {
    const [value, gradient] = valueAndGrad(loss)(unpack(layout, theta), x, y);
    return { value, gradient: pack(gradient) };
  },
  { device },
);
const theta = new Float32Array(layout.size);
flatten(network, theta);
const { value, gradient } = await program.run({ theta, x: xs, y: ys });
console.log(`The loss is ${value[0].toFixed(6)}.`);

// Is the gradient right? Move one parameter a little and see: in float64, by the operations' own reference kernels.
function lossWhere(path: string, index: number, move: number): number {
  const moved = mapTree(network, (leaf, here) => {
    const numbers = [...(leaf as Parameter).data];
    if (here === path) numbers[index] += move;
    return constant(numbers, leaf.shape);
  });
  const [{ data }] = evaluate([loss(moved, constant(xs, [count, 1]), constant(ys, [count, 1]))], new Map());
  return data[0];
}
console.log("\nparameter       gradient   finite difference");
let worst = 0;
for (const { path, offset } of layout.entries) {
  const difference = (lossWhere(path, 0, 1e-4) - lossWhere(path, 0, -1e-4)) / 2e-4;
  worst = Math.max(worst, Math.abs(gradient[offset] - difference));
  console.log(
    `${`${path}[0]`.padEnd(12)} ${gradient[offset].toFixed(8).padStart(12)} ${difference.toFixed(8).padStart(14)}`,
  );
}
console.log(`They differ by at most ${worst.toExponential(1)}.`);

// A trainer is such a program with an optimizer (AdamW) behind it.
await using trainer = await createTrainer({
  network,
  inputs: { x: inputs.x, y: inputs.y },
  loss: (network, { x, y }) => loss(network, x, y),
  device,
});
console.log("\nstep    loss");
for (let step = 0; step <= 1000; step++) {
  const { loss } = await trainer.step({ x: xs, y: ys }, 0.01);
  if (step % 200 === 0) console.log(`${String(step).padStart(4)}    ${loss.toFixed(6)}`);
}
