/**
 * @file A policy plays whole episodes in many worlds at once.
 * Symbols: N worlds, T steps of an episode, T_o observations an action chunk depends on, T_a actions of a chunk,
 * O observation size, A action size.
 */
import { UserError } from "../base/index.ts";
import type { Episode } from "../data/index.ts";
import type { PlayedChunk, VectorEnv } from "../envs/index.ts";
import type { EpisodeRequest, Feedback, Policy, Row } from "./policy.ts";

/** An episode as it was played. */
export interface PlayedEpisode<Trace = undefined> extends Episode {
  readonly chunks: readonly ActionChunk<Trace>[];
  /** Why the simulation diverged, in a sentence: the last chunk must not be learned from. */
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
  /** Whether an episode ends with the step that solves its task. */
  readonly stopAtSuccess: boolean;
  /** Told of each episode as it ends. */
  readonly onEpisode?: (episode: PlayedEpisode<Trace>, index: number) => void;
}

/**
 * Plays `requests`; entry i of the result is request i's episode, whatever the number of worlds. While the worlds of one
 * lane move in their threads, the policy acts for another lane's: two lanes keep both busy.
 * lanes: worlds of one task, made with autoreset "Disabled"
 */
export async function playEpisodes<State, Trace>(
  lanes: readonly VectorEnv[],
  policy: Policy<State, Trace>,
  requests: readonly EpisodeRequest[],
  options: PlayOptions<Trace>,
): Promise<readonly PlayedEpisode<Trace>[]> {
  const tasks = new Set(lanes.flatMap(({ specs }) => specs.map(({ name }) => name)));
  if (tasks.size !== 1)
    throw new UserError(`Episodes are played in worlds of one task; these have ${[...tasks].join(", ")}.`);
  const played: PlayedEpisode<Trace>[] = new Array(requests.length);
  const waiting = requests.entries();
  let failed = false;
  const outcomes = await Promise.allSettled(
    lanes.map(async (worlds) => {
      const lane = new Lane(worlds, policy, options.stopAtSuccess);
      try {
        while (!failed && (await lane.advance(waiting))) {
          for (const { index, episode } of lane.finished()) {
            played[index] = episode;
            options.onEpisode?.(episode, index);
          }
        }
      } catch (error) {
        failed = true; // the other lanes end, too: nobody wants their episodes
        throw error;
      }
    }),
  );
  for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
  return played;
}

/** Worlds that a policy acts in at once. */
class Lane<State, Trace> {
  readonly #worlds: VectorEnv;
  readonly #policy: Policy<State, Trace>;
  readonly #stopAtSuccess: boolean;
  /** What each world plays. (N,) */
  readonly #playing: (Growing<State, Trace> | undefined)[];

  constructor(worlds: VectorEnv, policy: Policy<State, Trace>, stopAtSuccess: boolean) {
    this.#worlds = worlds;
    this.#policy = policy;
    this.#stopAtSuccess = stopAtSuccess;
    this.#playing = worlds.specs.map(() => undefined);
  }

  /** Starts what waits in free worlds and plays one chunk in each that plays. False: nothing is left to play. */
  async advance(waiting: Iterator<[number, EpisodeRequest]>): Promise<boolean> {
    await this.#start(waiting);
    const only = [...this.#playing.keys()].filter((world) => this.#playing[world] !== undefined);
    if (only.length === 0) return false;
    const episodes = only.flatMap((world) => this.#playing[world] ?? []);
    const rows = episodes.map((episode) => episode.row(this.#policy.nObsSteps));
    const { actions, states, traces } = await this.#policy.act(rows);
    const executed = actions.map((x) => Math.min(Math.max(x, -1), 1));
    const chunks = await this.#worlds.play(executed, { only, stopAtSuccess: this.#stopAtSuccess });
    const chunkSize = actions.length / only.length;
    episodes.forEach((episode, row) => {
      const done = executed.subarray(row * chunkSize, (row + 1) * chunkSize);
      episode.grow(chunks[row], done, traces?.[row] as Trace);
      if (states) episode.state = states[row];
    });
    return true;
  }

  /** The episodes that have just ended; their worlds are free again. */
  *finished(): Generator<{ index: number; episode: PlayedEpisode<Trace> }> {
    for (const [world, episode] of this.#playing.entries()) {
      if (episode === undefined || !episode.over(this.#stopAtSuccess)) continue;
      this.#playing[world] = undefined;
      yield { index: episode.index, episode: episode.whole(this.#worlds.specs[world].name) };
    }
  }

  async #start(waiting: Iterator<[number, EpisodeRequest]>): Promise<void> {
    const only: number[] = [];
    const begun: Growing<State, Trace>[] = [];
    for (const [world, episode] of this.#playing.entries()) {
      if (episode !== undefined) continue;
      const next = waiting.next();
      if (next.done) break;
      only.push(world);
      const [index, request] = next.value;
      begun.push(new Growing(index, request, this.#policy.start(request), this.#worlds));
    }
    if (only.length === 0) return;
    const seeds = begun.map(({ request }) => request.seed);
    const { observations } = await this.#worlds.reset(seeds, { only });
    const size = this.#worlds.observationSize;
    only.forEach((world, i) => {
      begun[i].see(observations.subarray(world * size, (world + 1) * size));
      this.#playing[world] = begun[i];
    });
  }
}

/** An episode under way. */
class Growing<State, Trace> {
  readonly index: number;
  readonly request: EpisodeRequest;
  /** The policy's. */
  state: State;
  readonly #sizes: { readonly observationSize: number; readonly actionSize: number };
  readonly #observations: Float32Array[] = [];
  readonly #actions: Float32Array[] = [];
  readonly #rewards: number[] = [];
  readonly #successes: number[] = [];
  readonly #chunks: ActionChunk<Trace>[] = [];
  #feedback: Feedback | undefined;
  #last: PlayedChunk | undefined;

  constructor(index: number, request: EpisodeRequest, state: State, sizes: VectorEnv) {
    this.index = index;
    this.request = request;
    this.state = state;
    this.#sizes = sizes;
  }

  see(observation: ArrayLike<number>): void {
    this.#observations.push(Float32Array.from(observation));
  }

  /** What the policy is told of this episode. */
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
    const { observationSize } = this.#sizes;
    const rows = new Float32Array(count * observationSize);
    const now = this.#observations.length - 1;
    for (let i = 0; i < count; i++)
      rows.set(this.#observations[Math.max(now - count + 1 + i, 0)], i * observationSize);
    return rows;
  }

  /** actions: (T_a, A), of which the chunk's first steps were executed */
  grow(chunk: PlayedChunk, actions: Float32Array, trace: Trace): void {
    const { observationSize, actionSize } = this.#sizes;
    const executed = chunk.rewards.length;
    this.#chunks.push({ step: this.#rewards.length, executed, trace });
    this.#feedback = {
      actions: actions.slice(0, executed * actionSize),
      rewards: Float32Array.from(chunk.rewards),
    };
    chunk.rewards.forEach((reward, i) => {
      this.see(chunk.observations.subarray(i * observationSize, (i + 1) * observationSize));
      this.#actions.push(actions.subarray(i * actionSize, (i + 1) * actionSize));
      this.#rewards.push(reward);
      this.#successes.push(Number(chunk.successes[i]));
    });
    this.#last = chunk;
  }

  over(stopAtSuccess: boolean): boolean {
    const { terminated = false, truncated = false } = this.#last ?? {};
    return terminated || truncated || (stopAtSuccess && this.#successes.at(-1) === 1);
  }

  whole(task: string): PlayedEpisode<Trace> {
    const { terminated = false, fault } = this.#last ?? {};
    return {
      task,
      seed: this.request.seed,
      observations: joined(this.#observations.slice(0, -1)),
      finalObservation: this.#observations[this.#observations.length - 1],
      actions: joined(this.#actions),
      rewards: Float32Array.from(this.#rewards),
      successes: Uint8Array.from(this.#successes),
      terminated,
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
