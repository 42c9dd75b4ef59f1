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
