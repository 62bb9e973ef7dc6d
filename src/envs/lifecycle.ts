/** @file An environment's life: what it refuses before an episode, after one, and once it is disposed. */
import { UserError } from "../base/index.ts";

/** Throws UserError if the environment was disposed. */
export function requireAlive(disposed: boolean): void {
  if (disposed) throw new UserError("This environment was disposed; make a new one.");
}

/** The episode, over or not. Throws UserError if none was started. */
export function requireStarted<Episode>(episode: Episode | undefined): Episode {
  if (episode !== undefined) return episode;
  throw new UserError("No episode is running: call reset first.");
}

/** The episode. Throws UserError if none is running. */
export function requireRunning<Episode extends { readonly over: boolean }>(
  episode: Episode | undefined,
): Episode {
  const started = requireStarted(episode);
  if (!started.over) return started;
  throw new UserError("The episode is over: call reset before the next step.");
}
