/**
 * @file A family of one's own, with one task and a scripted expert: a cart that must come to rest at a mark. This module
 * is all that sodp needs to collect data, to train and to evaluate in it:
 *
 *     npx sodp env check cart/park --env.module examples/shared/cart.ts
 */
import { z } from "zod";
import { defineFamily, type Env, type EnvState, Random } from "../../src/envs.ts";

const spaces = {
  observation: { state: { shape: [3], names: ["position", "velocity", "mark"] } }, // metres, metres per second
  action: { action: { shape: [1], names: ["force"] } },
};
const period = 0.1; // seconds per step

/** A cart on a rail. `friction` slows it, per second. */
class Cart implements Env {
  readonly spec;
  readonly #friction: number;
  #random = new Random(0);
  #cart = { position: 0, velocity: 0, mark: 0 };
  #steps = 0;

  constructor(task: string, { friction, maxSteps }: { friction: number; maxSteps: number }) {
    this.spec = {
      name: `cart/${task}`,
      spaces,
      maxSteps,
      controlPeriod: period,
    };
    this.#friction = friction;
  }

  reset(seed?: number) {
    if (seed !== undefined) this.#random = new Random(seed);
    this.#cart = { position: this.#random.normal(), velocity: 0, mark: 2 * this.#random.uniform() - 1 };
    this.#steps = 0;
    return { observation: this.#observe(), info: {} };
  }

  step(action: ArrayLike<number>) {
    const cart = this.#cart;
    cart.velocity += period * (4 * action[0] - this.#friction * cart.velocity);
    cart.position += period * cart.velocity;
    const distance = Math.abs(cart.position - cart.mark);
    const success = distance < 0.05 && Math.abs(cart.velocity) < 0.2;
    const truncated = ++this.#steps >= this.spec.maxSteps;
    const reward = Math.max(0, 1 - distance);
    return {
      observation: this.#observe(),
      reward,
      success,
      terminated: false,
      truncated,
      info: { distance },
    };
  }

  save() {
    const state = { cart: { ...this.#cart }, steps: this.#steps, random: this.#random.state() };
    return { name: this.spec.name, ...state };
  }

  restore(state: EnvState) {
    const { cart, steps, random } = state as ReturnType<Cart["save"]>;
    this.#cart = { ...cart };
    this.#steps = steps;
    this.#random = Random.restore(random);
  }

  [Symbol.dispose]() {}

  #observe(): Float64Array {
    return Float64Array.of(this.#cart.position, this.#cart.velocity, this.#cart.mark);
  }
}

export const family = defineFamily({
  name: "cart",
  summary: "a cart on a rail comes to rest at a mark",
  tasks: ["park"],
  suites: {},
  options: z.strictObject({
    friction: z.number().nonnegative().default(0.5).describe("slows the cart, per second"),
    maxSteps: z.int().positive().default(60).describe("steps after which an episode is truncated"),
  }),
  spaces: () => spaces,
  expert: () => ({
    actionSize: 1,
    act: ([position, velocity, mark]: Float64Array) =>
      Float32Array.of(Math.min(Math.max(2 * (mark - position) - velocity, -1), 1)),
    misread: ([position, velocity, mark]: Float64Array, { goal }) => [position, velocity, mark + goal[0]],
  }),
  make: (task, options) => new Cart(task, options),
});
