// Scope and spectrum of what is heard.
import { h } from "./dom";

const LOW_HZ = 30;
const LOW_DB = -90;
const HIGH_DB = -6;

export class Scope {
  readonly element: HTMLElement;
  private readonly canvas = h("canvas", { width: 640, height: 150, role: "img", "aria-label": "scope and spectrum" });
  private readonly wave: Float32Array<ArrayBuffer>;
  private readonly bins: Float32Array<ArrayBuffer>;

  constructor(private readonly analyser: AnalyserNode) {
    this.wave = new Float32Array(analyser.fftSize);
    this.bins = new Float32Array(analyser.frequencyBinCount);
    this.element = h("section", { class: "scope", "aria-label": "Scope" }, this.canvas);
    const draw = () => {
      if (!document.hidden) this.draw();
      requestAnimationFrame(draw);
    };
    requestAnimationFrame(draw);
  }

  private draw(): void {
    const context = this.canvas.getContext("2d")!;
    const { width, height } = this.canvas;
    const style = getComputedStyle(this.canvas);
    context.clearRect(0, 0, width, height);
    context.lineWidth = 1.5;
    this.analyser.getFloatTimeDomainData(this.wave);
    context.strokeStyle = style.color;
    context.beginPath();
    const half = width / 2 - 10;
    const from = this.trigger();
    const shown = 1200;
    for (let i = 0; i < shown; i++) {
      const x = (i / shown) * half;
      const y = (0.5 - 0.48 * this.wave[from + i]!) * height;
      if (i === 0) context.moveTo(x, y);
      else context.lineTo(x, y);
    }
    context.stroke();
    this.analyser.getFloatFrequencyData(this.bins);
    const nyquist = this.analyser.context.sampleRate / 2;
    context.strokeStyle = style.outlineColor;
    context.beginPath();
    for (let x = 0; x < half; x++) {
      const hz = LOW_HZ * (nyquist / LOW_HZ) ** (x / half);
      const level = this.bins[Math.min(this.bins.length - 1, Math.round((hz / nyquist) * this.bins.length))]!;
      const y = height * (1 - (Math.max(LOW_DB, level) - LOW_DB) / (HIGH_DB - LOW_DB));
      if (x === 0) context.moveTo(width / 2 + 10, y);
      else context.lineTo(width / 2 + 10 + x, y);
    }
    context.stroke();
  }

  /** Where the wave crosses zero upwards, so that it stands still. */
  private trigger(): number {
    for (let i = 0; i < 2000; i++) if (this.wave[i]! < 0 && this.wave[i + 1]! >= 0) return i;
    return 0;
  }
}
