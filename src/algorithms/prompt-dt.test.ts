/** @file Prompt-DT's network against recordings; its data, and how it acts, are compared in harmodt.test.ts. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { backends, relativeError } from "../../test/both-backends.ts";
import { torchParameters } from "../../test/torch-decision-transformer.ts";
import { Random } from "../base/index.ts";
import { readTensors } from "../platform/index.ts";
import { float32, grad, int32, layoutOf, sizeOf, unpack, type Value } from "../tensor/index.ts";
import {
  actionLoss,
  initDecisionTransformer,
  predictActions,
  type Steps,
} from "./decision-transformer/network.ts";

const { tensors } = await readTensors(
  join(import.meta.dirname, "../nn/fixtures/prompt-dt-network.safetensors"),
);
const stored = (name: string) => tensors[name].data as Float32Array;
const [B, K, S, O, A] = [4, 5, 3, 39, 4];
const sizes = {
  observationSize: O,
  actionSize: A,
  width: 32,
  layers: 2,
  heads: 2,
  maxSteps: 64,
  prompted: true,
};
const layout = layoutOf(initDecisionTransformer(sizes, new Random(0)));

const specsOf = <Prefix extends string>(prefix: Prefix, count: number) =>
  Object.fromEntries(
    Object.entries({
      observation: float32(B, count, O),
      action: float32(B, count, A),
      returnToGo: float32(B, count),
      step: int32(B, count),
      mask: float32(B, count),
    }).map(([name, spec]) => [`${prefix}${name}`, spec]),
  );
const numbersOf = (ours: string, theirs: string) => ({
  [`${ours}observation`]: stored(`inputs/${theirs}states`),
  [`${ours}action`]: stored(`inputs/${theirs}actions`),
  [`${ours}returnToGo`]: stored(`inputs/${theirs}returns_to_go`),
  [`${ours}step`]: stored(`inputs/${theirs}timesteps`),
  [`${ours}mask`]: stored(`inputs/${theirs}mask`),
});
const stepsOf = (prefix: string, inputs: Readonly<Record<string, Value>>) =>
  Object.fromEntries(
    ["observation", "action", "returnToGo", "step", "mask"].map((name) => [name, inputs[`${prefix}${name}`]]),
  ) as never as Steps;

test.each(Object.entries(backends))("network, loss and every gradient, %s", async (_, { run }) => {
  const found = await run(
    { theta: float32(layout.size), ...specsOf("own.", K), ...specsOf("shown.", S) },
    ({ theta, ...inputs }) => {
      const [own, shown] = [stepsOf("own.", inputs), stepsOf("shown.", inputs)];
      const actions = predictActions(unpack(layout, theta), 2, own, shown);
      const loss = actionLoss(actions, own);
      const without = predictActions(unpack(layout, theta), 2, own);
      return { actions, without, loss, gradient: grad(loss, [theta])[0] };
    },
    {
      theta: torchParameters(layout, tensors, "weights"),
      ...numbersOf("own.", ""),
      ...numbersOf("shown.", "prompt_"),
    },
  );
  const mask = stored("inputs/mask");
  const real = (actions: ArrayLike<number>) =>
    Array.from(actions).filter((_, i) => mask[Math.floor(i / A)] === 1);
  const agree = (actions: ArrayLike<number>, name: string) =>
    expect(relativeError(real(actions), real(stored(`outputs/${name}`)))).toBeLessThan(1e-5);
  agree(found.actions, "action_preds");
  agree(found.without, "action_preds_without_prompt");
  expect(relativeError(found.loss, stored("outputs/loss"))).toBeLessThan(1e-5);
  const expected = torchParameters(layout, tensors, "grads");
  for (const { path, offset, shape } of layout.entries) {
    const part = (values: ArrayLike<number>) => Array.from(values).slice(offset, offset + sizeOf(shape));
    // A third of this bias's gradient is rounding.
    const limit = path.endsWith("attention.input.bias") ? 1e-4 : 1e-5;
    expect(relativeError(part(found.gradient), part(expected)), path).toBeLessThan(limit);
  }
});
