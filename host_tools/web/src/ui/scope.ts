// Scope and spectrum of what is heard.
import { h } from "./dom";

const LOW_HZ = 30;
const LOW_DB = -90;
const HIGH_DB = -6;
const SHOWN_FRAMES = 1200;
const MOST_ZOOM = 8;
const GAP = 20; // pixels between the two
const MARKS: [number, string][] = [[100, "100"], [1000, "1k"], [10000, "10k"]];

type Line = [number, number, number, number];

function grid(context: CanvasRenderingContext2D, colours: CSSStyleDeclaration, lines: Line[]): void {
  context.save();
  context.lineWidth = 1;
  context.strokeStyle = colours.borderTopColor;
  context.globalAlpha = 0.35;
  context.beginPath();
  for (const [x1, y1, x2, y2] of lines) {
    context.moveTo(Math.round(x1) + 0.5, Math.round(y1) + 0.5);
    context.lineTo(Math.round(x2) + 0.5, Math.round(y2) + 0.5);
  }
  context.stroke();
  context.restore();
}

export class Scope {
  readonly element: HTMLElement;
  private readonly canvas = h("canvas", { role: "img", "aria-label": "scope and spectrum" });
  private readonly wave: Float32Array<ArrayBuffer>;
  private readonly bins: Float32Array<ArrayBuffer>;
  private zoom = 1;

  constructor(private readonly analyser: AnalyserNode) {
    this.wave = new Float32Array(analyser.fftSize);
    this.bins = new Float32Array(analyser.frequencyBinCount);
    this.element = h("section", { class: "scope", "aria-label": "Scope" }, this.canvas);
    let even = false;
    const draw = () => {
      even = !even; // half as often as the screen can is enough
      if (even && !document.hidden) this.draw();
      requestAnimationFrame(draw);
    };
    requestAnimationFrame(draw);
  }

  private draw(): void {
    const { canvas } = this;
    const scale = devicePixelRatio;
    const [width, height] = [Math.round(canvas.clientWidth * scale), Math.round(canvas.clientHeight * scale)];
    if (canvas.width !== width) canvas.width = width;
    if (canvas.height !== height) canvas.height = height;
    const context = canvas.getContext("2d")!;
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, canvas.clientWidth, canvas.clientHeight);
    context.font = "11px system-ui, sans-serif";
    context.lineWidth = 1.5;
    context.lineJoin = "round";
    const half = (canvas.clientWidth - GAP) / 2;
    const colours = getComputedStyle(canvas);
    this.drawWave(context, 0, half, canvas.clientHeight, colours);
    this.drawSpectrum(context, half + GAP, half, canvas.clientHeight, colours);
  }

  private drawWave(context: CanvasRenderingContext2D, left: number, width: number, height: number, colours: CSSStyleDeclaration): void {
    this.analyser.getFloatTimeDomainData(this.wave);
    const peak = this.wave.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
    this.zoom += 0.1 * (Math.min(MOST_ZOOM, 1 / Math.max(peak, 1e-3)) - this.zoom);
    grid(context, colours, [[left, height / 2, left + width, height / 2]]);
    context.strokeStyle = colours.color;
    context.beginPath();
    const from = this.trigger();
    for (let x = 0; x < width; x++) {
      const at = from + Math.round((x / width) * SHOWN_FRAMES);
      context.lineTo(left + x, (0.5 - 0.46 * this.zoom * this.wave[at]!) * height);
    }
    context.stroke();
  }

  private drawSpectrum(context: CanvasRenderingContext2D, left: number, width: number, height: number, colours: CSSStyleDeclaration): void {
    this.analyser.getFloatFrequencyData(this.bins);
    const nyquist = this.analyser.context.sampleRate / 2;
    const floor = height - 14;
    const place = (hz: number) => left + (width * Math.log(hz / LOW_HZ)) / Math.log(nyquist / LOW_HZ);
    grid(context, colours, [...MARKS.map(([hz]): Line => [place(hz), 0, place(hz), floor]), [left, floor, left + width, floor]]);
    context.fillStyle = colours.borderTopColor;
    for (const [hz, text] of MARKS) context.fillText(text, place(hz) - 6, height - 2);
    context.strokeStyle = colours.outlineColor;
    context.beginPath();
    for (let x = 0; x < width; x++) {
      const bin = (LOW_HZ * (nyquist / LOW_HZ) ** (x / width) * this.bins.length) / nyquist;
      const next = (LOW_HZ * (nyquist / LOW_HZ) ** ((x + 1) / width) * this.bins.length) / nyquist;
      let level = this.between(bin);
      for (let i = Math.ceil(bin); i < next && i < this.bins.length; i++) level = Math.max(level, this.bins[i]!);
      context.lineTo(left + x, floor * (1 - (Math.max(LOW_DB, level) - LOW_DB) / (HIGH_DB - LOW_DB)));
    }
    context.stroke();
  }

  private between(bin: number): number {
    const low = Math.min(this.bins.length - 2, Math.floor(bin));
    const share = Math.min(1, bin - low);
    return (1 - share) * Math.max(LOW_DB, this.bins[low]!) + share * Math.max(LOW_DB, this.bins[low + 1]!);
  }

  /** Where the wave crosses zero upwards, so that it stands still. */
  private trigger(): number {
    for (let i = 0; i < 2000; i++) if (this.wave[i]! < 0 && this.wave[i + 1]! >= 0) return i;
    return 0;
  }
}
