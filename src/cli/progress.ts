/** @file How far a long command has come, on stderr. */

/** Tells, each time a piece of work is done, how many of `all` pieces are and about how long the rest will take. */
export function startProgress(all: number): (piece: string) => void {
  const start = performance.now();
  let done = 0;
  return (piece) => {
    done++;
    const left = ((performance.now() - start) / done) * (all - done);
    const rest = done === all ? "" : `, about ${duration(left / 1000)} left`;
    console.error(`[${done}/${all}] ${piece}${rest}`);
  };
}

function duration(seconds: number): string {
  if (seconds < 100) return `${Math.ceil(seconds)} s`;
  return seconds < 6000 ? `${Math.ceil(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}
