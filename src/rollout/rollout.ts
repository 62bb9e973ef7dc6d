/**
 * @file A policy plays whole episodes in many environments at once.
 * Symbols: N environments, T steps of an episode, T_o observations an action chunk depends on, T_a actions of a chunk,
 * O observation size, A action size.
 */
import { sizeOfSpace, UserError } from "../base/index.ts";
import type { Episode } from "../data/index.ts";
import type { EnvGroup, EnvSpec, PlayedChunk } from "../envs/index.ts";
import type { EpisodeRequest, Feedback, Policy, Row } from "./policy.ts";

/** An episode as it was played. */
export interface PlayedEpisode<Trace = undefined> extends Episode {
  readonly chunks: readonly ActionChunk<Trace>[];
  /** Reason, in a sentence, if the simulation diverged: the last chunk must not be learned from. */
  readonly fault?: string;
}

/** Actions that a policy chose at once. */
export interface ActionChunk<Trace> {
  /** The step it begins at, and how many of its actions were executed: fewer than T_a at an episode's end. */
  readonly step: number;
  readonly executed: number;
  readonly trace: Trace;
}

export interface PlayOptions<Trace> {
  /** True: an episode ends with the step that solves its task. */
  readonly stopAtSuccess: boolean;
  /** Told of each episode as it ends. */
  readonly onEpisode?: (episode: PlayedEpisode<Trace>, index: number) => void;
}

/**
 * Plays `requests`; entry i of the result is request i's episode, whatever the number of environments. While one group
 * steps, the policy acts for another: two groups keep both busy.   groups: environments of one task
 * Throws UserError for environments of several tasks, and for one without a time limit.
 */
export async function playEpisodes<State, Trace>(
  groups: readonly EnvGroup[],
  policy: Policy<State, Trace>,
  requests: readonly EpisodeRequest[],
  options: PlayOptions<Trace>,
): Promise<readonly PlayedEpisode<Trace>[]> {
  const tasks = new Set(groups.map(({ spec }) => spec.name));
  if (tasks.size !== 1)
    throw new UserError(
      `Episodes are played in environments of one task; these have ${[...tasks].join(", ")}.`,
    );
  const endless = groups.find(({ spec }) => !Number.isFinite(spec.maxSteps));
  if (endless !== undefined)
    throw new UserError(
      `${endless.spec.name} has no time limit: an episode may never end. Say how many steps it has at most (--env.max_steps).`,
    );
  const played: PlayedEpisode<Trace>[] = new Array(requests.length);
  const waiting = requests.entries();
  let failed = false;
  const outcomes = await Promise.allSettled(
    groups.map(async (group) => {
      const running = new RunningGroup(group, policy, options.stopAtSuccess);
      try {
        while (!failed && (await running.advance(waiting))) {
          for (const { index, episode } of running.finished()) {
            played[index] = episode;
            options.onEpisode?.(episode, index);
          }
        }
      } catch (error) {
        failed = true; // the other groups end, too: nobody wants their episodes
        throw error;
      }
    }),
  );
  for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
  return played;
}

/** A group of environments that a policy acts in at once, and the episodes in them. */
class RunningGroup<State, Trace> {
  readonly #group: EnvGroup;
  readonly #policy: Policy<State, Trace>;
  readonly #stopAtSuccess: boolean;
  /** The episode of each environment. (N,) */
  readonly #playing: (Growing<State, Trace> | undefined)[];

  constructor(group: EnvGroup, policy: Policy<State, Trace>, stopAtSuccess: boolean) {
    this.#group = group;
    this.#policy = policy;
    this.#stopAtSuccess = stopAtSuccess;
    this.#playing = new Array(group.numEnvs).fill(undefined);
  }

  /** Starts what waits in free environments and plays one chunk in each. False: nothing is left to play. */
  async advance(waiting: Iterator<[number, EpisodeRequest]>): Promise<boolean> {
    await this.#start(waiting);
    const envs = [...this.#playing.keys()].filter((env) => this.#playing[env] !== undefined);
    if (envs.length === 0) return false;
    const episodes = envs.flatMap((env) => this.#playing[env] ?? []);
    const rows = episodes.map((episode) => episode.row(this.#policy.nObsSteps));
    const { actions, states, traces } = await this.#policy.act(rows);
    const wrong = actions.findIndex((x) => !Number.isFinite(x));
    if (wrong >= 0)
      throw new UserError(
        `The policy, not the environment, failed in ${this.#group.spec.name}: number ${wrong} of its actions is ` +
          `${actions[wrong]}. Check its weights.`,
      );
    const executed = actions.map((x) => Math.min(Math.max(x, -1), 1));
    const chunks = await this.#group.play(envs, executed, { stopAtSuccess: this.#stopAtSuccess });
    const chunkSize = actions.length / envs.length;
    episodes.forEach((episode, row) => {
      const done = executed.subarray(row * chunkSize, (row + 1) * chunkSize);
      episode.grow(chunks[row], done, traces?.[row] as Trace);
      if (states) episode.state = states[row];
    });
    return true;
  }

  /** The episodes that have just ended; their environments are free again. */
  *finished(): Generator<{ index: number; episode: PlayedEpisode<Trace> }> {
    for (const [env, episode] of this.#playing.entries()) {
      if (episode === undefined || !episode.over(this.#stopAtSuccess)) continue;
      this.#playing[env] = undefined;
      yield { index: episode.index, episode: episode.whole() };
    }
  }

  async #start(waiting: Iterator<[number, EpisodeRequest]>): Promise<void> {
    const envs: number[] = [];
    const begun: Growing<State, Trace>[] = [];
    for (const [env, episode] of this.#playing.entries()) {
      if (episode !== undefined) continue;
      const next = waiting.next();
      if (next.done) break;
      envs.push(env);
      const [index, request] = next.value;
      begun.push(new Growing(index, request, this.#policy.start(request), this.#group.spec));
    }
    if (envs.length === 0) return;
    const seeds = begun.map(({ request }) => request.seed);
    const observations = await this.#group.reset(envs, seeds);
    const size = sizeOfSpace(this.#group.spec.spaces.observation);
    envs.forEach((env, i) => {
      begun[i].see(observations.subarray(i * size, (i + 1) * size));
      this.#playing[env] = begun[i];
    });
  }
}

/** An episode under way. */
class Growing<State, Trace> {
  readonly index: number;
  readonly request: EpisodeRequest;
  /** The policy's. */
  state: State;
  readonly #spec: EnvSpec;
  readonly #observations: Float32Array[] = [];
  readonly #actions: Float32Array[] = [];
  readonly #rewards: number[] = [];
  readonly #successes: number[] = [];
  readonly #chunks: ActionChunk<Trace>[] = [];
  #feedback: Feedback | undefined;
  #last: PlayedChunk | undefined;

  constructor(index: number, request: EpisodeRequest, state: State, spec: EnvSpec) {
    this.index = index;
    this.request = request;
    this.state = state;
    this.#spec = spec;
  }

  see(observation: Float32Array): void {
    this.#observations.push(observation);
  }

  /** This episode's row for the policy. */
  row(nObsSteps: number): Row<State> {
    const feedback = this.#feedback && { feedback: this.#feedback };
    return {
      episode: this.request,
      observations: this.#recent(nObsSteps),
      state: this.state,
      ...feedback,
    };
  }

  /** The latest `count` observations, oldest first; before there are so many, the first repeats. (count, O) */
  #recent(count: number): Float32Array {
    const size = this.#observations[0].length;
    const rows = new Float32Array(count * size);
    const now = this.#observations.length - 1;
    for (let i = 0; i < count; i++) rows.set(this.#observations[Math.max(now - count + 1 + i, 0)], i * size);
    return rows;
  }

  /** actions: (T_a, A), of which the chunk's first steps were executed */
  grow(chunk: PlayedChunk, actions: Float32Array, trace: Trace): void {
    const { observation, action } = this.#spec.spaces;
    const [O, A] = [sizeOfSpace(observation), sizeOfSpace(action)];
    const executed = chunk.rewards.length;
    this.#chunks.push({ step: this.#rewards.length, executed, trace });
    this.#feedback = {
      actions: actions.slice(0, executed * A),
      rewards: chunk.rewards,
    };
    chunk.rewards.forEach((reward, i) => {
      this.see(chunk.observations.subarray(i * O, (i + 1) * O));
      this.#actions.push(actions.subarray(i * A, (i + 1) * A));
      this.#rewards.push(reward);
      this.#successes.push(chunk.successes[i]);
    });
    this.#last = chunk;
  }

  over(stopAtSuccess: boolean): boolean {
    const { ending = "running" } = this.#last ?? {};
    return ending !== "running" || (stopAtSuccess && this.#successes.at(-1) === 1);
  }

  whole(): PlayedEpisode<Trace> {
    const { ending, fault } = this.#last ?? {};
    return {
      task: this.#spec.name,
      seed: this.request.seed,
      observations: joined(this.#observations.slice(0, -1)),
      finalObservation: this.#observations[this.#observations.length - 1],
      actions: joined(this.#actions),
      rewards: Float32Array.from(this.#rewards),
      successes: Uint8Array.from(this.#successes),
      terminated: ending === "terminated",
      chunks: this.#chunks,
      ...(fault !== undefined && { fault }),
    };
  }
}

/** Rows one after another. (rows, D) */
function joined(rows: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(rows.reduce((size, row) => size + row.length, 0));
  let at = 0;
  for (const row of rows) {
    all.set(row, at);
    at += row.length;
  }
  return all;
}
