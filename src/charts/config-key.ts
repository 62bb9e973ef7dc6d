/** @file Keys of runs' configurations, as users name them. */
import { UserError } from "../base/index.ts";
import type { ConfigValue, RunFiles } from "../wire/index.ts";

/** The configuration's key that a user means by `wanted`: all of it or its end, in snake, kebab or camel case. */
export function configKey(runs: readonly RunFiles[], wanted: string): string {
  const matches = keysEnding(runs, wanted);
  if (matches.length === 1) return matches[0];
  if (matches.length > 1) throw new UserError(`"${wanted}" could be ${matches.join(" or ")}.`);
  const differing = keysOf(runs).filter((key) => new Set(runs.map(({ config }) => config[key])).size > 1);
  throw new UserError(
    `No run's config.json has "${wanted}". Runs differ in: ${differing.join(", ") || "nothing"}.`,
  );
}

/** The key `end` itself if there is one, else all keys of which it is the end. */
export function keysEnding(runs: readonly RunFiles[], end: string): readonly string[] {
  const keys = keysOf(runs);
  const whole = keys.filter((key) => plain(key) === plain(end));
  return whole.length > 0 ? whole : keys.filter((key) => plain(key).endsWith(`.${plain(end)}`));
}

export function keysOf(runs: readonly RunFiles[]): readonly string[] {
  return [...new Set(runs.flatMap(({ config }) => Object.keys(config)))];
}

/** "learning_rate", "learning-rate" and "learningRate" are one key. */
export function plain(key: string): string {
  return key.toLowerCase().replace(/[_-]/g, "");
}

/** A value of a configuration as charts write it. */
export function shown(value: ConfigValue | undefined): string {
  return value === undefined ? "(not set)" : `${value}`;
}
