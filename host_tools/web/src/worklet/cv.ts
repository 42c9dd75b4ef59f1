// What can be patched into a CV jack: voltages, once a block of 48 frames, as the panel's converter reads them.

export type CvKind = "none" | "lfo" | "envelope" | "sequencer" | "random" | "oscillator";

export interface CvPatch {
  kind: CvKind;
  /** Hertz; of a sequencer and of random steps a second. */
  rate: number;
  /** Volts, peak. */
  depth: number;
}

export const BLOCKS_PER_SECOND = 1000;
const STEPS = [0, 0.4, 0.8, 0.4, -0.4, 1, 0.6, -0.8];

/** One jack's voltage. Deterministic: random steps come from a seed. */
export class CvSource {
  patch: CvPatch = { kind: "none", rate: 1, depth: 5 };
  private phase = 0;
  private step = 0;
  private held = 0;
  private envelope = 0;
  private seed: number;

  constructor(seed: number) {
    this.seed = seed;
  }

  /** One block on. loudest: the input's peak in this block, 0..1. Volts. */
  next(loudest: number): number {
    const { kind, rate, depth } = this.patch;
    if (kind === "none") return 0;
    if (kind === "envelope") {
      const toward = loudest > this.envelope ? 0.3 : 0.006;
      this.envelope += (loudest - this.envelope) * toward;
      return depth * Math.min(1, 2 * this.envelope);
    }
    this.phase += rate / BLOCKS_PER_SECOND;
    if (this.phase >= 1) {
      this.phase -= Math.floor(this.phase);
      this.step = (this.step + 1) % STEPS.length;
      this.seed = (Math.imul(this.seed, 1664525) + 1013904223) >>> 0;
      this.held = this.seed / 2147483648 - 1;
    }
    if (kind === "sequencer") return depth * STEPS[this.step]!;
    if (kind === "random") return depth * this.held;
    if (kind === "oscillator") return this.phase < 0.5 ? depth : -depth; // a square, as most modules have one
    return depth * Math.sin(2 * Math.PI * this.phase);
  }
}
