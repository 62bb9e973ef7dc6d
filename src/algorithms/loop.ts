/**
 * @file The loop of every algorithm: when it logs, evaluates and saves, what a checkpoint holds, how a run goes on, and which
 * weights it ends with.
 */
import { z } from "zod";
import { mean, parse, Random, UserError } from "../base/index.ts";
import { type CpuDevice, cpu } from "../devices/index.ts";
import { taskOf } from "../envs/index.ts";
import {
  type EnvPool,
  type PlayedEpisode,
  type Policy,
  rolloutMetrics,
  stepsOf,
  successRate,
  trainingRequests,
} from "../rollout/index.ts";
import { type Run, readState, writeState } from "../runs/index.ts";
import type { Device } from "../tensor/index.ts";
import type {
  Data,
  LearnerState,
  Metrics,
  Offline,
  OfflineLearner,
  OfflineSettings,
  Online,
  OnlineGiven,
  OnlineLearner,
  OnlineSettings,
  PolicyKind,
  Readings,
  Rollback,
  Rollouts,
} from "./algorithm.ts";
import { floats, vector } from "./training-state.ts";

/** A training in units of its own, as the loop drives it. */
interface Course<Model> extends AsyncDisposable {
  /** Gradient steps, or environment steps, so far and in all. */
  readonly done: number;
  readonly total: number;
  /** Units from one line of the log, one evaluation, one checkpoint to the next. */
  readonly every: { readonly log: number; readonly evaluate: number; readonly save: number };
  /** Units at the last evaluation; -1: none yet, and one is due. */
  evaluatedAt: number;
  /** Place on the axes of the log. */
  readonly at: { readonly grad_steps?: number; readonly env_steps?: number };
  readonly rollback?: Rollback<Model> | undefined;
  /** Work before the first unit of a new run. */
  begin(): Promise<void>;
  /** One step, or one iteration. */
  advance(): Promise<Metrics>;
  /** success: share of the episodes in which the task was solved, where episodes were played */
  evaluate(): Promise<{ readonly metrics: Metrics; readonly success?: number }>;
  /** Metrics that are worth watching. */
  watched(metrics: Metrics): Readonly<Record<string, number>>;
  model(): Promise<Model>;
  state(): Promise<LearnerState>;
  restore(state: LearnerState): Promise<void>;
}

/** A configuration as it is written: parts of it, and parts of its parts. */
type Input<T> = T extends readonly unknown[] | null
  ? T
  : T extends object
    ? { readonly [K in keyof T]?: Input<T[K]> }
    : T;

export interface OfflineOptions<Model> {
  /** Default: the processor. */
  readonly device?: Device;
  /** Policy to start from, where the algorithm can; its `startsFrom` has the settings. Default: first weights. */
  readonly policy?: Model | undefined;
  /** More metrics of the model as it stands, by name: its success in environments, say. */
  readonly evaluate?: (model: Model) => Promise<Metrics>;
}

/**
 * Trains on a data set. Goes on from the run's last checkpoint, bit for bit on the processor. Returns what was learned;
 * null if the run was interrupted, after a checkpoint. Throws UserError for a configuration that is none, and where the
 * loss is no longer finite: the last checkpoint stays.
 */
export async function trainOffline<Config extends OfflineSettings, Model, R extends Readings>(
  algorithm: Offline<Config, Model, R>,
  input: Input<Config>,
  data: Data<R>,
  run: Run,
  { device = cpu(), evaluate, policy }: OfflineOptions<Model> = {},
): Promise<Model | null> {
  const config = parse(algorithm.config, input, algorithm.name) as Config;
  const random = new Random(config.seed);
  const learner = await algorithm.start(config, data, { random, device, folder: run.folder }, policy);
  await using course = offlineCourse(learner, config, random, run, evaluate);
  return await drive(course, algorithm.policy, run);
}

/** As `trainOffline`, by episodes. Where success may collapse, the weights of the highest success rate are returned. */
export async function trainOnline<Config extends OnlineSettings, Model, Start, R extends Readings>(
  algorithm: Online<Config, Model, Start, R>,
  input: Input<Config>,
  given: OnlineGiven<Start, R>,
  run: Run,
  { device = cpu() }: { readonly device?: CpuDevice } = {},
): Promise<Model | null> {
  const config = parse(algorithm.config, input, algorithm.name) as Config;
  const random = new Random(config.seed);
  const learner = await algorithm.start(config, given, { random, device, folder: run.folder });
  await using course = onlineCourse(algorithm, learner, config, given.envs, random);
  return await drive(course, algorithm.policy, run);
}

/** Drives a training to its end, or until it is interrupted: then null. */
async function drive<Model>(
  course: Course<Model>,
  policy: PolicyKind<Model>,
  run: Run,
): Promise<Model | null> {
  const { every, total, rollback } = course;
  let best = { success: -1, weights: rollback?.weights() };
  if (run.last === undefined) await course.begin();
  else {
    const state = await readState(run.last);
    const { best: success } = parse(Best, state.json, "training state");
    await course.restore(state as LearnerState);
    best = { success, weights: rollback && floats(state.tensors, "best") };
  }

  const save = (score?: number) =>
    run.checkpoint(
      course.done,
      async (folder) => {
        await policy.save(await course.model(), run.policyIn(folder));
        const { tensors, json } = await course.state();
        const kept = best.weights && { best: vector(best.weights) };
        await writeState(
          folder,
          { ...tensors, ...kept },
          { ...json, ...(best.success >= 0 && { best: best.success }) },
        );
      },
      score === undefined ? {} : { score },
    );

  /** Evaluates, keeps the best weights, returns to them on collapse. Returns the score of what is saved then. */
  const evaluate = async () => {
    const { metrics, success } = await course.evaluate();
    course.evaluatedAt = course.done;
    if (success === undefined) {
      run.log(course.at, metrics);
      return undefined;
    }
    const collapsed = rollback !== undefined && success < rollback.below * best.success;
    if (success >= best.success) best = { success, weights: rollback?.weights() };
    if (collapsed && best.weights) await rollback.restart(best.weights);
    const rolledBack = rollback && { "eval/rolled_back": Number(collapsed) };
    run.log(course.at, { ...metrics, "eval/best_success_rate": best.success, ...rolledBack });
    return collapsed ? best.success : success;
  };

  for (;;) {
    const over = course.done >= total;
    const since = course.evaluatedAt < 0 ? Number.POSITIVE_INFINITY : course.done - course.evaluatedAt;
    const evaluates = since >= every.evaluate || (over && since > 0);
    const score = evaluates ? await evaluate() : undefined;
    if (score !== undefined || over || run.interrupted || isMultiple(course.done, every.save))
      await save(score);
    if (over) return best.weights && rollback ? rollback.model(best.weights) : course.model();
    if (run.interrupted) return null;
    const metrics = await course.advance();
    requireFinite(metrics, course.done);
    if (!isMultiple(course.done, every.log) && course.done < total) continue;
    run.log(course.at, metrics);
    run.progress(course.done, total, {
      ...course.watched(metrics),
      ...(best.success >= 0 && { "best evaluation": best.success }),
    });
  }
}

/** Success rate of the best weights; -1: none yet. */
const Best = z.object({ best: z.number().default(-1) });

const isMultiple = (done: number, every: number) => done > 0 && done % every === 0;

/** Throws UserError for a loss that is NaN: what was learned since the last checkpoint is lost. */
function requireFinite(metrics: Metrics, done: number): void {
  const lost = Object.keys(metrics).find((name) => name.endsWith("loss") && Number.isNaN(metrics[name]));
  if (lost !== undefined)
    throw new UserError(`Step ${done}: ${lost} is NaN. Lower the learning rate or check the data.`);
}

const OfflineCounters = z.object({ steps: z.int(), evaluatedAt: z.int() });

function offlineCourse<Model>(
  learner: OfflineLearner<Model>,
  { steps: total, logEvery, evalEvery, saveEvery, seed: _ }: OfflineSettings,
  random: Random,
  run: Run,
  evaluate?: (model: Model) => Promise<Metrics>,
): Course<Model> {
  let steps = 0;
  return {
    total,
    every: { log: logEvery, evaluate: evalEvery, save: saveEvery },
    evaluatedAt: 0, // first weights are not worth it
    get done() {
      return steps;
    },
    get at() {
      return { grad_steps: steps };
    },
    async begin() {
      for (const warning of learner.warnings) run.note(warning);
    },
    async advance() {
      const metrics = await learner.step(random.split(`step ${steps}`));
      steps++;
      return metrics;
    },
    async evaluate() {
      const outcome = await evaluate?.(await learner.model());
      return { metrics: { ...(await learner.evaluate()), ...outcome } };
    },
    watched: (metrics) => ({ loss: metrics["train/loss"] ?? metrics["train/actor_loss"] }),
    model: () => learner.model(),
    async state() {
      const { tensors, json } = await learner.state();
      return { tensors, json: { ...json, steps, evaluatedAt: this.evaluatedAt } };
    },
    async restore(state) {
      const counters = parse(OfflineCounters, state.json, "training state");
      steps = counters.steps;
      this.evaluatedAt = counters.evaluatedAt;
      await learner.restore(state);
    },
    [Symbol.asyncDispose]: () => learner[Symbol.asyncDispose](),
  };
}

const OnlineCounters = z.object({
  envSteps: z.int(),
  iteration: z.int(),
  evaluatedAt: z.int(),
});

function onlineCourse<Model>(
  { evaluationStream }: { readonly evaluationStream?: string },
  learner: OnlineLearner<Model>,
  { envSteps: total, evalEvery, eval: { nEpisodes } }: OnlineSettings,
  envs: readonly EnvPool[],
  random: Random,
): Course<Model> {
  const rollouts = new CountedRollouts(envs);
  let iteration = 0;
  return {
    total: total + (learner.offline?.steps ?? 0),
    every: { log: 1, evaluate: evalEvery, save: Number.POSITIVE_INFINITY },
    evaluatedAt: -1,
    rollback: learner.rollback,
    get done() {
      return rollouts.envSteps + (learner.offline?.done ?? 0);
    },
    get at() {
      const { gradSteps } = learner;
      return { env_steps: rollouts.envSteps, ...(gradSteps !== undefined && { grad_steps: gradSteps }) };
    },
    async begin() {
      await learner.begin?.(rollouts);
    },
    async advance() {
      rollouts.forget();
      const learned = await learner.iterate(rollouts, iteration);
      iteration++;
      const hasPlayed = rollouts.played.some(({ length }) => length > 0);
      return { ...(hasPlayed && byTask(envs, rollouts.played.map(rolloutMetrics))), ...learned };
    },
    async evaluate() {
      const rates: Metrics[] = [];
      let steps = 0;
      for (const [env, pool] of envs.entries()) {
        const stream = random.split(evaluationStream ?? `evaluation ${taskOf(pool.task)}`);
        const requests = trainingRequests(nEpisodes, stream);
        const played = await pool.play(learner.evaluationPolicy(env), requests, { stopAtSuccess: true });
        rates.push({ "eval/success_rate": successRate(played) });
        steps += stepsOf(played);
      }
      const metrics: Metrics = { ...byTask(envs, rates), "eval/env_steps": steps };
      return { metrics, success: metrics["eval/success_rate"] };
    },
    watched: ({ "rollout/success_rate": success }) =>
      success === undefined ? {} : { "success of the last iteration": success },
    model: () => learner.model(),
    async state() {
      const { tensors, json } = await learner.state();
      const { envSteps } = rollouts;
      return { tensors, json: { ...json, envSteps, iteration, evaluatedAt: this.evaluatedAt } };
    },
    async restore(state) {
      const counters = parse(OnlineCounters, state.json, "training state");
      rollouts.envSteps = counters.envSteps;
      iteration = counters.iteration;
      this.evaluatedAt = counters.evaluatedAt;
      await learner.restore(state);
    },
    [Symbol.asyncDispose]: () => learner[Symbol.asyncDispose](),
  };
}

class CountedRollouts implements Rollouts {
  envSteps = 0;
  /** Episodes since `forget`, by environment. */
  played: PlayedEpisode<unknown>[][] = [];
  readonly #envs: readonly EnvPool[];

  constructor(envs: readonly EnvPool[]) {
    this.#envs = envs;
    this.forget();
  }

  forget(): void {
    this.played = this.#envs.map(() => []);
  }

  async collect<State, Trace>(
    env: number,
    policy: Policy<State, Trace>,
    episodes: number,
    random: Random,
    options: { readonly stopAtSuccess: boolean },
  ): Promise<readonly PlayedEpisode<Trace>[]> {
    const played = await this.#envs[env].play(policy, trainingRequests(episodes, random), options);
    this.envSteps += stepsOf(played);
    for (const episode of played) this.played[env].push(episode);
    return played;
  }
}

/** Metrics of each environment, by names that end with its task where there are several, and their means. */
function byTask(envs: readonly EnvPool[], metrics: readonly Metrics[]): Metrics {
  if (metrics.length === 1) return metrics[0];
  const named = metrics.flatMap((own, env) =>
    Object.entries(own).map(([name, value]) => [`${name}/${envs[env].task}`, value] as const),
  );
  const names = Object.keys(metrics[0]);
  const means = names.map((name) => [name, mean(metrics.map((own) => own[name]))] as const);
  return Object.fromEntries([...named, ...means]);
}
