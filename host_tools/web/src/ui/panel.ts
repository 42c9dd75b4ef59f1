// The panel as module.toml has it: knobs to turn, jacks to patch, LEDs as the firmware lights them.
import { PANEL } from "../../generated/panel";
import type { CvKind, CvPatch } from "../worklet/cv";
import { button, h, labelled, svg } from "./dom";
import { Knob } from "./knob";

export interface PanelActions {
  turned(index: number, turn: number): void;
  patched(jack: number, patch: CvPatch): void;
  switched(gate: boolean, button: boolean): void;
}

const KINDS: [CvKind, string, number][] = [
  ["none", "nothing", 1],
  ["lfo", "LFO, a sine", 0.5],
  ["envelope", "envelope of the input", 1],
  ["sequencer", "sequencer, eight steps", 4],
  ["random", "random steps", 4],
  ["oscillator", "oscillator, a square at audio rate", 110],
];

function percent(turn: number): string {
  return `${Math.round(turn * 100)} %`;
}

function words(name: string): (turn: number) => string {
  if (name === "gain") return (turn) => `${((turn - 0.5) * 48).toFixed(1)} dB`;
  return percent;
}

export class PanelView {
  readonly element: HTMLElement;
  readonly knobs: Knob[];
  private readonly leds: SVGCircleElement[];
  private readonly halos: SVGCircleElement[];
  private readonly cables: SVGPathElement[] = [];
  private readonly jackLights: SVGCircleElement[] = [];
  private readonly patches: CvPatch[] = PANEL.cvs.map(() => ({ kind: "none", rate: 1, depth: 5 }));
  private readonly patchBay: HTMLElement;

  constructor(private readonly actions: PanelActions) {
    this.knobs = PANEL.knobs.map(
      (place, i) => new Knob(place.name, place.x, place.y, (turn) => actions.turned(i, turn), words(place.name)),
    );
    this.leds = PANEL.leds.map((place) => svg("circle", { cx: place.x, cy: place.y, r: 1.9, class: "led" }));
    this.halos = PANEL.leds.map((place) => svg("circle", { cx: place.x, cy: place.y, r: 2.6, class: "halo" }));
    this.patchBay = h("div", { class: "patch-bay", hidden: true });
    const drawing = svg(
      "svg",
      {
        viewBox: `-1 -1 ${PANEL.width + 2} ${PANEL.height + 2}`,
        class: "panel",
        role: "group",
        "aria-label": "the module's panel",
      },
      gradient("cap-light", "0.38", "0.28"),
      svg("rect", { width: PANEL.width, height: PANEL.height, rx: 0.8, class: "plate" }),
      ...PANEL.slots.map(([x, y]) => svg("rect", { x: x! - 2.75, y: y! - 1.6, width: 5.5, height: 3.2, rx: 1.6, class: "slot" })),
      svg("text", { x: PANEL.width / 2, y: 13.5, class: "title" }, "GRITSPACE"),
      ...this.knobs.map((knob) => knob.element),
      ...this.halos,
      ...this.leds,
      ...PANEL.leds.map((place) => svg("text", { x: place.x, y: place.y + 4.6, class: "name" }, place.name)),
      svg("rect", { x: PANEL.usb.x - 4.6, y: PANEL.usb.y - 1.7, width: 9.2, height: 3.4, rx: 1, class: "slot" }),
      ...PANEL.audioIns.map((place) => plainJack(place.name.replace("_", " "), place.x, place.y)),
      ...PANEL.audioOuts.map((place) => plainJack(place.name.replace("_", " "), place.x, place.y)),
      ...PANEL.cvs.map((place, i) => this.cvJack(place.name, place.x, place.y, i)),
      this.gate(),
      this.button(),
    );
    for (const place of PANEL.cvs) {
      const cable = svg("path", { d: `M${place.x} ${place.y} q ${PANEL.width / 2 - place.x} 22 0 42`, class: "cable" });
      this.cables.push(cable);
      drawing.append(cable);
    }
    this.element = h("section", { class: "panel-card", "aria-label": "Panel" }, drawing as unknown as HTMLElement, this.patchBay);
  }

  /** Left red, left green, right red, right green: 0..255. */
  showLeds(levels: number[]): void {
    this.leds.forEach((led, i) => {
      const red = levels[2 * i]!;
      const green = levels[2 * i + 1]!;
      const colour = red + green === 0 ? "" : `rgb(${red} ${green} 60)`;
      led.style.fill = colour;
      this.halos[i]!.style.stroke = colour;
    });
  }

  showVolts(volts: number[]): void {
    this.jackLights.forEach((light, i) => {
      light.style.opacity = String(Math.min(1, Math.abs(volts[i] ?? 0) / 5));
      light.classList.toggle("negative", (volts[i] ?? 0) < 0);
    });
  }

  private cvJack(name: string, x: number, y: number, jack: number): SVGGElement {
    const light = svg("circle", { r: 4.4, class: "light" });
    this.jackLights.push(light);
    const open = () => this.openPatch(jack);
    const element = svg(
      "g",
      { class: "jack cv", transform: `translate(${x} ${y})`, role: "button", tabindex: 0, "aria-label": `CV ${name}: patch`, click: open },
      light,
      svg("circle", { r: 3.6, class: "nut" }),
      svg("circle", { r: 1.7, class: "hole" }),
      svg("text", { y: -5.2, class: "name" }, name),
    );
    element.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      open();
    });
    return element;
  }

  /** What is in a jack: one click patches an LFO; then kind, rate and depth can be chosen. */
  private openPatch(jack: number): void {
    const patch = this.patches[jack]!;
    if (patch.kind === "none") this.change(jack, { kind: "lfo", rate: 0.5, depth: 2.5 });
    const now = this.patches[jack]!;
    const kind = h("select", {}, ...KINDS.map(([value, text]) => h("option", { value, selected: value === now.kind }, text)));
    const rate = h("input", { type: "range", min: -3.3, max: 9, step: 0.05, value: Math.log2(now.rate) });
    const depth = h("input", { type: "range", min: -5, max: 5, step: 0.1, value: now.depth });
    const told = h("output", {});
    const tell = () => {
      const { rate: hz, depth: volts, kind: what } = this.patches[jack]!;
      told.textContent = what === "none" ? "" : `${hz < 10 ? hz.toFixed(2) : Math.round(hz)} Hz, ${volts.toFixed(1)} V`;
    };
    const take = () => {
      this.change(jack, { kind: kind.value as CvKind, rate: 2 ** Number(rate.value), depth: Number(depth.value) });
      tell();
    };
    kind.addEventListener("change", () => {
      const usual = KINDS.find(([value]) => value === kind.value)![2];
      rate.value = String(Math.log2(usual));
      take();
    });
    rate.addEventListener("input", take);
    depth.addEventListener("input", take);
    tell();
    this.patchBay.hidden = false;
    this.patchBay.replaceChildren(
      h("h3", {}, `In the CV jack "${PANEL.cvs[jack]!.name}"`),
      labelled("Source", kind),
      labelled("Rate", rate),
      labelled("Depth", depth),
      told,
      h(
        "div",
        { class: "row" },
        button("Pull it out", () => {
          this.change(jack, { kind: "none", rate: 1, depth: 0 });
          this.patchBay.hidden = true;
        }),
        button("Close", () => (this.patchBay.hidden = true)),
      ),
    );
  }

  private change(jack: number, patch: CvPatch): void {
    this.patches[jack] = patch;
    this.cables[jack]!.classList.toggle("in", patch.kind !== "none");
    this.actions.patched(jack, patch);
  }

  private gate(): SVGGElement {
    const { x, y, name } = PANEL.gates[0]!;
    const element = svg(
      "g",
      { class: "jack cv", transform: `translate(${x} ${y})`, role: "button", tabindex: 0, "aria-label": "gate: next preset" },
      svg("circle", { r: 3.6, class: "nut" }),
      svg("circle", { r: 1.7, class: "hole" }),
      svg("text", { y: -5.2, class: "name" }, name),
    );
    held(element, (down) => this.actions.switched(down, false));
    return element;
  }

  private button(): SVGGElement {
    const { x, y } = PANEL.buttons[0]!;
    const element = svg(
      "g",
      { class: "push", transform: `translate(${x} ${y})`, role: "button", tabindex: 0, "aria-label": "button: next preset; held a second: save" },
      svg("circle", { r: 3.4, class: "cap" }),
      svg("text", { y: 8.6, class: "name" }, "preset"),
    );
    held(element, (down) => this.actions.switched(false, down));
    return element;
  }
}

/** A round thing that is lit from the upper left; its colours are the style's. */
function gradient(id: string, cx: string, cy: string): SVGDefsElement {
  const stops = ["0%", "100%"].map((offset, i) => svg("stop", { offset, class: `${id}-${i}` }));
  return svg("defs", {}, svg("radialGradient", { id, cx, cy, r: "0.75" }, ...stops));
}

function held(element: SVGGElement, change: (down: boolean) => void): void {
  element.addEventListener("pointerdown", (event) => {
    element.setPointerCapture(event.pointerId);
    change(true);
  });
  for (const name of ["pointerup", "pointercancel"]) element.addEventListener(name, () => change(false));
  const key = (down: boolean) => (event: KeyboardEvent) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    if (!event.repeat) change(down);
  };
  element.addEventListener("keydown", key(true));
  element.addEventListener("keyup", key(false));
}

function plainJack(name: string, x: number, y: number): SVGGElement {
  return svg(
    "g",
    { class: "jack", transform: `translate(${x} ${y})` },
    svg("circle", { r: 3.6, class: "nut" }),
    svg("circle", { r: 1.7, class: "hole" }),
    svg("text", { y: 7.4, class: "name" }, name),
  );
}
