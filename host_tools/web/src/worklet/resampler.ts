// From one sample rate to another, sample by sample: a windowed sinc, interpolated between its phases. For devices that
// are not at 48 kHz.

const HALF_TAPS = 24;
const PHASES = 512;
const BETA = 9; // Kaiser's: about -90 dB

function bessel(x: number): number {
  let sum = 1;
  let term = 1;
  for (let k = 1; k < 40; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

export class Resampler {
  private readonly taps: Float64Array; // [phase][tap], one phase more than there are
  private readonly history = new Float64Array(4 * HALF_TAPS);
  private at = 0; // where the next sample goes, 0 .. 2 * HALF_TAPS - 1, written twice
  private phase = 0; // of the next sample out, in samples in behind the newest
  private readonly step: number;

  /** from, to: in hertz. */
  constructor(from: number, to: number) {
    this.step = from / to;
    const cutoff = Math.min(1, to / from) * 0.94;
    const count = 2 * HALF_TAPS;
    this.taps = new Float64Array((PHASES + 1) * count);
    for (let phase = 0; phase <= PHASES; phase++) {
      for (let tap = 0; tap < count; tap++) {
        const x = tap - HALF_TAPS + 1 - phase / PHASES;
        const sinc = x === 0 ? cutoff : Math.sin(Math.PI * cutoff * x) / (Math.PI * x);
        const inside = 1 - (x / HALF_TAPS) ** 2;
        this.taps[phase * count + tap] = inside <= 0 ? 0 : (sinc * bessel(BETA * Math.sqrt(inside))) / bessel(BETA);
      }
    }
  }

  /** One sample in; those that come out go to `put`. Delay: HALF_TAPS samples in. */
  push(sample: number, put: (sample: number) => void): void {
    const count = 2 * HALF_TAPS;
    this.history[this.at] = sample;
    this.history[this.at + count] = sample;
    this.at = this.at + 1 === count ? 0 : this.at + 1;
    while (this.phase < 1) {
      put(this.value(this.phase));
      this.phase += this.step;
    }
    this.phase -= 1;
  }

  private value(phase: number): number {
    const count = 2 * HALF_TAPS;
    const place = phase * PHASES;
    const low = Math.floor(place);
    const rest = place - low;
    const a = low * count;
    const b = a + count;
    let sum = 0;
    for (let tap = 0; tap < count; tap++) {
      const weight = this.taps[a + tap]! * (1 - rest) + this.taps[b + tap]! * rest;
      sum += weight * this.history[this.at + tap]!;
    }
    return sum;
  }
}
