// What answers are worth.

/** Deterministic numbers in [0, 1) from a seed. Source: mulberry32, Tommy Ettinger, public domain. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const all = [...items];
  for (let i = all.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [all[i], all[j]] = [all[j]!, all[i]!];
  }
  return all;
}

/** The probability of at least `right` of `trials` right answers by guessing: exact, one-sided. */
export function guessing(right: number, trials: number): number {
  let term = 0.5 ** trials; // of none right
  let sum = right <= 0 ? term : 0;
  for (let k = 1; k <= trials; k++) {
    term *= (trials - k + 1) / k;
    if (k >= right) sum += term;
  }
  return Math.min(1, sum);
}

export interface Interval {
  mean: number;
  low: number;
  high: number;
  count: number;
}

/** The mean of some numbers and its 95 % interval by the bootstrap. Source: Efron, 1979. */
export function bootstrap(values: number[], seed: number, rounds = 2000): Interval {
  const random = randomFrom(seed);
  const mean = (list: number[]) => list.reduce((a, b) => a + b, 0) / Math.max(1, list.length);
  const means = Array.from({ length: rounds }, () =>
    mean(values.map(() => values[Math.floor(random() * values.length)]!)),
  ).sort((a, b) => a - b);
  return {
    mean: mean(values),
    low: means[Math.floor(0.025 * rounds)] ?? NaN,
    high: means[Math.ceil(0.975 * rounds) - 1] ?? NaN,
    count: values.length,
  };
}
