// How loud something is to a listener. Source: ITU-R BS.1770-4, annex 1, its filters at 48 kHz.

/** One sample through BS.1770's two filters. */
export class KWeighting {
  private a1 = 0;
  private a2 = 0;
  private b1 = 0;
  private b2 = 0;

  next(x: number): number {
    const shelf = 1.53512485958697 * x + this.a1;
    this.a1 = -2.69169618940638 * x + 1.69065929318241 * shelf + this.a2;
    this.a2 = 1.19839281085285 * x - 0.73248077421585 * shelf;
    const high = shelf + this.b1;
    this.b1 = -2 * shelf + 1.99004745483398 * high + this.b2;
    this.b2 = shelf - 0.99007225036621 * high;
    return high;
  }
}

/** Mean square of K-weighted samples -> LUFS of one channel. */
export function lufs(meanSquare: number): number {
  return meanSquare > 0 ? -0.691 + 10 * Math.log10(meanSquare) : -Infinity;
}

/** The K-weighted mean square of a whole clip. */
export function meanSquare(samples: ArrayLike<number>): number {
  const filter = new KWeighting();
  let sum = 0;
  for (let i = 0; i < samples.length; i++) sum += filter.next(samples[i]!) ** 2;
  return samples.length > 0 ? sum / samples.length : 0;
}

/** K-weighted mean squares of any stretch of a clip that goes round and round. */
export class WeightedRound {
  private static readonly STEP = 48;
  private readonly sums: Float64Array;

  constructor(
    samples: Float32Array,
    private readonly rate: number,
  ) {
    const filter = new KWeighting();
    this.sums = new Float64Array(Math.ceil(samples.length / WeightedRound.STEP) + 1);
    for (let i = 0; i < samples.length; i++) {
      const step = Math.floor(i / WeightedRound.STEP) + 1;
      if (i % WeightedRound.STEP === 0) this.sums[step] = this.sums[step - 1]!;
      this.sums[step]! += filter.next(samples[i]!) ** 2;
    }
  }

  /** Of the last `seconds` before the time `until`, both counted from the clip's first round. */
  meanSquare(until: number, seconds: number): number {
    const steps = this.sums.length - 1;
    const whole = this.sums[steps]!;
    const at = (time: number) => {
      const step = Math.max(0, Math.round((time * this.rate) / WeightedRound.STEP));
      return Math.floor(step / steps) * whole + this.sums[step % steps]!;
    };
    const begin = Math.max(0, until - seconds);
    const frames = Math.round(((until - begin) * this.rate) / WeightedRound.STEP) * WeightedRound.STEP;
    return frames > 0 ? (at(until) - at(begin)) / frames : 0;
  }
}
