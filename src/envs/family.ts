/** @file Environment families: what a suite of tasks says about itself, so that every command can run any of them. */
import type { z } from "zod";
import type { Spaces } from "../base/index.ts";
import type { Engine } from "./engine.ts";
import type { Env, ResetOptions } from "./env.ts";
import type { PythonOptions } from "./python-options.ts";
import type { ScriptedPolicy } from "./scripted-policy.ts";

/**
 * A suite of tasks with one kind of environment behind them. A task is called "family/task" everywhere: in flags,
 * episodes, data sets and reports.
 */
export interface Family<Options extends z.ZodObject = z.ZodObject> {
  /** As it begins the names of its tasks: lower case, no "/". */
  readonly name: string;
  /** Description in one clause, for lists. */
  readonly summary: string;
  /** Names of its tasks, without the family's. */
  readonly tasks: readonly string[];
  /** Present where other names are tasks, too: what they are, in words ("an id of Gymnasium's, such as Ant-v5"). */
  readonly openTasks?: string;
  /** Names of tasks by the suite they make up; no two families share a suite's name. */
  readonly suites: Readonly<Record<string, readonly string[]>>;
  /** Choices about an environment, each with its default; flags derive from it. */
  readonly options: Options;
  /** The name in `tasks` that another spelling means. Absent: there is one spelling. */
  canonical?(task: string): string;
  /** Facts about a task, for lists. `difficulty` is also what reports group by. */
  describe?(task: string): Readonly<Record<string, unknown>>;
  /** Observation and action spaces of the task's environments. */
  spaces(task: string, options: z.output<Options>, host: Host): Spaces | Promise<Spaces>;
  /** A scripted policy that solves the task more often than not. Absent: the family has none. */
  expert?(task: string, options: z.output<Options>): ScriptedPolicy;
  /** Starts of the episodes of the family's own benchmark, `count` of them. Absent: episodes start from seeds. */
  benchmarkStarts?(task: string, seed: number, count: number): readonly ResetOptions[];
  /** A new environment; its spec's name is "family/task". Throws UserError for options that do not go together. */
  make(task: string, options: z.output<Options>, host: Host): Env | Promise<Env>;
}

/** Services of the platform that environments need: Node and pages provide them in different ways. */
export interface Host {
  /** MuJoCo, loaded once per thread. */
  loadEngine(): Promise<Engine>;
  /** Starts a Python process with a Gymnasium environment. Absent where there are no processes. */
  startPython?(name: string, options: PythonOptions): Promise<Env>;
}

/** `family`, checked: its options' types reach its functions. */
export function defineFamily<Options extends z.ZodObject>(family: Family<Options>): Family<Options> {
  return family;
}

/** An environment as plain data: its task's name, the module of an own family, and the family's options. */
export interface EnvConfig {
  /** "metaworld/drawer-open" */
  readonly env: string;
  /** File of a module that exports an own family as `family`. */
  readonly module?: string;
  readonly [option: string]: unknown;
}

/** A task's name without its family's: what its random streams are called by, whatever the family. */
export const taskOf = (name: string): string => name.slice(name.indexOf("/") + 1);
