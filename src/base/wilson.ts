/** @file Confidence interval of a success rate. */

/**
 * The 95 % interval of a share of which `successes` of `trials` were seen. Holds for few trials and for shares near 0
 * and 1 too. Source: Wilson 1927.
 */
export function wilsonInterval(successes: number, trials: number): readonly [low: number, high: number] {
  if (trials === 0) return [0, 1];
  const z2 = 1.959963984540054 ** 2;
  const share = successes / trials;
  const center = share + z2 / (2 * trials);
  const spread = Math.sqrt(z2 * ((share * (1 - share)) / trials + z2 / (4 * trials * trials)));
  const scale = 1 + z2 / trials;
  return [Math.max(0, (center - spread) / scale), Math.min(1, (center + spread) / scale)];
}
