// A knob that one can turn: mouse, touch, wheel, keyboard. A slider to a screen reader.
import { svg } from "./dom";

const SWEEP = 300; // degrees of a whole turn
const PIXELS = 180; // of dragging for a whole turn
const RADIUS = 5.6;

/** The ring around a knob, from its left end; degrees of it are seen. */
function arc(name: string, degrees = 0): SVGCircleElement {
  const from = 90 + (360 - SWEEP) / 2;
  return svg("circle", { r: RADIUS + 1, class: name, pathLength: 360, "stroke-dasharray": `${degrees} 360`, transform: `rotate(${from})` });
}

export class Knob {
  readonly element: SVGGElement;
  private turn = 0.5;
  private readonly pointer: SVGLineElement;
  private readonly arc = arc("arc");
  private dragged: { y: number; x: number; from: number } | null = null;

  constructor(
    readonly name: string,
    x: number,
    y: number,
    private readonly turned: (turn: number) => void,
    private readonly words: (turn: number) => string,
  ) {
    this.pointer = svg("line", { x1: 0, y1: -2, x2: 0, y2: -RADIUS + 0.6, class: "pointer" });
    this.element = svg(
      "g",
      {
        class: "knob",
        transform: `translate(${x} ${y})`,
        role: "slider",
        tabindex: 0,
        "aria-label": name,
        "aria-valuemin": 0,
        "aria-valuemax": 100,
      },
      svg("circle", { r: RADIUS + 1.6, class: "reach" }),
      arc("track", SWEEP),
      this.arc,
      svg("circle", { r: RADIUS, class: "cap" }),
      svg("circle", { r: 0.72 * RADIUS, class: "top" }),
      this.pointer,
      svg("text", { y: RADIUS + 4.6, class: "name" }, name),
    );
    this.element.addEventListener("pointerdown", (event) => this.begin(event));
    this.element.addEventListener("pointermove", (event) => this.drag(event));
    this.element.addEventListener("pointerup", () => (this.dragged = null));
    this.element.addEventListener("pointercancel", () => (this.dragged = null));
    this.element.addEventListener("dblclick", () => this.set(0.5));
    this.element.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    this.element.addEventListener("keydown", (event) => this.key(event));
    this.show();
  }

  get value(): number {
    return this.turn;
  }

  /** 0..1. quiet: only drawn, nobody is told. */
  set(turn: number, quiet = false): void {
    this.turn = Math.min(1, Math.max(0, turn));
    this.show();
    if (!quiet) this.turned(this.turn);
  }

  private show(): void {
    this.pointer.setAttribute("transform", `rotate(${(this.turn - 0.5) * SWEEP})`);
    this.arc.setAttribute("stroke-dasharray", `${this.turn * SWEEP} 360`);
    this.element.setAttribute("aria-valuenow", String(Math.round(this.turn * 100)));
    this.element.setAttribute("aria-valuetext", this.words(this.turn));
  }

  private begin(event: PointerEvent): void {
    this.element.setPointerCapture(event.pointerId);
    this.element.focus();
    this.dragged = { x: event.clientX, y: event.clientY, from: this.turn };
    event.preventDefault();
  }

  private drag(event: PointerEvent): void {
    if (this.dragged === null) return;
    const moved = this.dragged.y - event.clientY + (event.clientX - this.dragged.x);
    this.set(this.dragged.from + moved / PIXELS / (event.shiftKey ? 5 : 1));
  }

  private wheel(event: WheelEvent): void {
    event.preventDefault();
    this.set(this.turn - Math.sign(event.deltaY) * (event.shiftKey ? 0.005 : 0.02));
  }

  private key(event: KeyboardEvent): void {
    const step = event.shiftKey ? 0.002 : 0.02;
    const to: Record<string, number> = {
      ArrowUp: this.turn + step,
      ArrowRight: this.turn + step,
      ArrowDown: this.turn - step,
      ArrowLeft: this.turn - step,
      PageUp: this.turn + 0.1,
      PageDown: this.turn - 0.1,
      Home: 0,
      End: 1,
    };
    if (!(event.key in to)) return;
    event.preventDefault();
    this.set(to[event.key]!);
  }
}
