/**
 * @file Time of one optimizer step (gradient norm, AdamW, average) by the WebAssembly kernels and by their plain
 * TypeScript reference. Run: npx tsx bench/optimizer.ts
 */

import { AdamWConfig, FlatOptimizer } from "../src/nn/optimizer.ts";
import { referenceStep } from "../src/nn/optimizer-reference.ts";

const config = AdamWConfig.parse({ maxGradientNorm: 1, emaDecay: 0.995 });

for (const size of [1_000_000, 4_300_000, 17_000_000]) {
  const optimizer = new FlatOptimizer(size, config);
  optimizer.start(Float32Array.from({ length: size }, (_, i) => Math.sin(i)));
  for (let i = 0; i < size; i++) optimizer.gradient[i] = Math.cos(i) / 1000;

  const kernel = medianMilliseconds(51, () => optimizer.step(1e-4));
  let state = optimizer.state();
  const reference = medianMilliseconds(11, () => {
    state = referenceStep(state, optimizer.gradient, config, 1e-4);
  });
  const rate = (size * 40) / kernel / 1e6; // bytes per parameter: 6 float32 read (the gradient twice), 4 written
  console.log(
    `${(size / 1e6).toFixed(1).padStart(5)} M parameters: kernels ${kernel.toFixed(2)} ms (${rate.toFixed(0)} GB/s), reference ${reference.toFixed(1)} ms`,
  );
}

function medianMilliseconds(repetitions: number, run: () => void): number {
  const times = Array.from({ length: repetitions }, () => {
    const start = performance.now();
    run();
    return performance.now() - start;
  });
  return times.sort((a, b) => a - b)[Math.floor(repetitions / 2)];
}
