/**
 * @file Policies that need all of their contract: one that carries a hidden state from chunk to chunk, and one that is told
 * what its actions earned.
 * Symbols: B rows of the compiled program, O observation size, A action size, N size of the hidden state.
 */
import { Random } from "../src/base/index.ts";
import { cpu } from "../src/devices/index.ts";
import { gru, initGru, initLinear, linear } from "../src/nn/index.ts";
import type { Policy } from "../src/rollout/index.ts";
import { compile, flatten, float32, layoutOf, tanh, unpack } from "../src/tensor/index.ts";

/** A recurrent network with random weights: its state is the hidden state, (N,), of a row. */
export async function recurrentPolicy(
  observationSize: number,
  actionSize: number,
): Promise<Policy<Float32Array> & AsyncDisposable> {
  const [batch, size, random] = [5, 6, new Random(1)];
  const network = {
    cell: initGru(observationSize, size, random.split("cell")),
    out: initLinear(size, actionSize, random.split("out")),
  };
  const layout = layoutOf(network);
  const theta = new Float32Array(layout.size);
  flatten(network, theta);
  const program = await compile(
    {
      theta: float32(layout.size),
      observations: float32(batch, observationSize),
      hidden: float32(batch, size),
    },
    ({ theta, observations, hidden }) => {
      const { cell, out } = unpack(layout, theta);
      const next = gru(cell, observations, hidden);
      return { actions: tanh(linear(out, next)), next };
    },
    { device: cpu({ threads: 1 }) },
  );
  return {
    nObsSteps: 1,
    nActionSteps: 1,
    start: () => new Float32Array(size),
    async act(rows) {
      const observations = new Float32Array(batch * observationSize);
      const hidden = new Float32Array(batch * size);
      for (const [row, { observations: seen, state }] of rows.entries()) {
        observations.set(seen, row * observationSize);
        hidden.set(state, row * size);
      }
      const { actions, next } = await program.run({ theta, observations, hidden });
      return {
        actions: actions.slice(0, rows.length * actionSize),
        states: rows.map((_, row) => next.slice(row * size, (row + 1) * size)),
      };
    },
    [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
  };
}

/** Return that is left to earn, and the actions so far. */
interface Ambition {
  readonly remaining: number;
  readonly past: readonly number[];
}

/** A policy conditioned on the return it is still to earn, as decision transformers are; its trace is what it knew. */
export function returnConditionedPolicy(actionSize: number, wanted: number): Policy<Ambition, Ambition> {
  return {
    nObsSteps: 2,
    nActionSteps: 2,
    start: () => ({ remaining: wanted, past: [] }),
    async act(rows) {
      const known = rows.map(({ state, feedback }): Ambition => {
        if (feedback === undefined) return state;
        const earned = feedback.rewards.reduce((sum, reward) => sum + reward, 0);
        return { remaining: state.remaining - earned, past: [...state.past, ...feedback.actions] };
      });
      const actions = rows.flatMap(({ observations }, row) =>
        Array.from({ length: 2 * actionSize }, (_, i) =>
          Math.tanh(Math.sin(i + observations[observations.length - 1]) + 0.3 * known[row].remaining),
        ),
      );
      return { actions: Float32Array.from(actions), states: known, traces: known };
    },
  };
}
