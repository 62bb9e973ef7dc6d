/** @file Episodes that both sides play: the same action sequences from the same starts. */
import { Random } from "../../src/base/index.ts";
import { act, type Engine, MetaworldEnv, officialVectors, type TaskAndExpert } from "../../src/envs/index.ts";

export interface Episode {
  /** Places of objects and goal. */
  readonly vector: readonly number[];
  /** (steps, 4) */
  readonly actions: readonly ArrayLike<number>[];
}

/** Official goals. */
const seed = 42;
const experts = 3;
const learningStarts = 100;
/** An expert's episode ends with the task solved, or here. */
const mostSteps = 150;

/** Three episodes of our expert, then one of random actions that are held for eight steps each. */
export function episodesOf(engine: Engine, { task, expert }: TaskAndExpert): Episode[] {
  const vectors = officialVectors(task, seed, experts + 1);
  using env = new MetaworldEnv(engine, task);
  return vectors.map((vector, i) => {
    if (i === experts) return { vector, actions: randomActions() };
    let { observation } = env.reset(undefined, { vector });
    const actions: number[][] = [];
    for (let solved = false; !solved && actions.length < mostSteps; ) {
      const action = act(expert, observation);
      actions.push([...action]);
      const step = env.step(action);
      observation = step.observation;
      solved = step.success;
    }
    return { vector, actions };
  });
}

function randomActions(): number[][] {
  const random = new Random(seed);
  let action: number[] = [];
  return Array.from({ length: learningStarts }, (_, t) => {
    if (t % 8 === 0) action = [0, 0, 0, 0].map(() => 2 * random.uniform() - 1);
    return action;
  });
}
