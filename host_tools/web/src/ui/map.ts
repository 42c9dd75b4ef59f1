// The map of a space: its devices as named dots, presets, where the sound is now. Drag to move, click to hear; a way can
// be recorded and played again.
import type { Preset } from "../../generated/link_messages";
import type { Device, SpaceMap } from "../audio/assets";
import { button, h, labelled, svg } from "./dom";

const DIMENSIONS = ["drive", "tone", "symmetry", "dynamics"];
const SIZE = 100; // of the map's height
const MARGIN = 8;
const WIDEST = 170;
const TALLEST_PIXELS = 440;
const NAME_PIXELS = 12;
const NEAREST = 6; // devices that a place between them is made of
const STEP_MS = 25;
const MAX_STEPS = 4000;

const WHAT_TO_DO = "Drag to move, click a dot to hear a device. Ringed ones can be compared with the device itself.";

type View = { kind: "near" } | { kind: "plane"; x: number; y: number };

export interface MapActions {
  /** Q15, every number of the position. */
  moved(position: number[]): void;
  chosen(device: Device): void;
}

function groupOf(device: Device): string {
  return device.label.split("@")[0]!;
}

function shortName(label: string): string {
  return label.replaceAll("_", " ").replace("@", ", ");
}

export class SpaceMapView {
  readonly element: HTMLElement;
  private readonly drawing = svg("svg", { class: "map", role: "group", "aria-label": "map of the space" });
  private across = SIZE; // its width: as wide as its card
  private pixels = 4; // for one of its units
  private readonly here = svg("circle", { class: "here" });
  private readonly trail = svg("polyline", { class: "trail" });
  private readonly told = h("p", { class: "hint", "aria-live": "polite" }, WHAT_TO_DO);
  private readonly view: HTMLSelectElement;
  private space: SpaceMap | null = null;
  private position: number[] = [];
  private presets: Preset[] = [];
  private places: { device: Device; x: number; y: number }[] = [];
  private path: number[][] = [];
  private recording = false;
  private replay: ReturnType<typeof setInterval> | undefined;
  private readonly recordButton: HTMLButtonElement;
  private readonly playButton: HTMLButtonElement;
  private trailPoints: string[] = [];

  constructor(private readonly actions: MapActions) {
    const pairs = DIMENSIONS.flatMap((_, x) => DIMENSIONS.slice(x + 1).map((_, i) => [x, x + 1 + i] as const));
    this.view = h(
      "select",
      { change: () => this.draw() },
      h("option", { value: "near" }, "near ones are near"),
      ...pairs.map(([x, y]) => h("option", { value: `${x} ${y}` }, `${DIMENSIONS[x]} and ${DIMENSIONS[y]}`)),
    );
    this.recordButton = button("Record a path", () => this.record(), { "aria-pressed": "false" });
    this.playButton = button("Play it", () => this.play(), { disabled: true, "aria-pressed": "false" });
    this.drawing.addEventListener("pointerdown", (event) => {
      if ((event.target as Element).closest(".dot") !== null) return;
      this.drawing.setPointerCapture(event.pointerId);
      this.drag(event);
    });
    this.drawing.addEventListener("pointermove", (event) => {
      if (this.drawing.hasPointerCapture(event.pointerId)) this.drag(event);
    });
    new ResizeObserver(() => this.fit()).observe(this.drawing);
    this.element = h(
      "section",
      { class: "map-card", "aria-label": "Map" },
      h("div", { class: "row" }, labelled("Map", this.view), this.recordButton, this.playButton),
      this.drawing as unknown as HTMLElement,
      this.told,
    );
  }

  /** As wide as there is room; names as large as other texts. */
  private fit(): void {
    const wide = this.drawing.getBoundingClientRect().width;
    if (wide === 0) return;
    const across = Math.min(WIDEST, Math.max(SIZE, (wide / TALLEST_PIXELS) * (SIZE + 2 * MARGIN) - 2 * MARGIN));
    const pixels = wide / (across + 2 * MARGIN);
    if (Math.abs(across - this.across) < 1 && Math.abs(pixels - this.pixels) < 0.1) return;
    this.across = across;
    this.pixels = pixels;
    this.draw();
  }

  private toDrawing([x, y]: [number, number] | number[]): [number, number] {
    return [((x! + 1) / 2) * this.across, ((y! + 1) / 2) * SIZE];
  }

  /** Another space; null: a model of which no map is known. */
  show(space: SpaceMap | null): void {
    this.space = space;
    this.trailPoints = [];
    (this.view.options[0] as HTMLOptionElement).disabled = space === null;
    if (space === null && this.view.value === "near") this.view.value = "0 1";
    this.draw();
  }

  showPresets(presets: Preset[]): void {
    this.presets = presets.filter((preset) => preset.used !== 0);
    this.draw();
  }

  /** Where the sound is, Q15. */
  showPosition(position: number[]): void {
    const moved = position.some((value, i) => value !== this.position[i]);
    this.position = position;
    if (this.recording && this.path.length < MAX_STEPS) this.path.push(position);
    if (!moved) return;
    const [x, y] = this.placeOf(position);
    this.here.setAttribute("cx", String(x));
    this.here.setAttribute("cy", String(y));
    this.trailPoints.push(`${x.toFixed(1)},${y.toFixed(1)}`);
    if (this.trailPoints.length > 40) this.trailPoints.shift();
    this.trail.setAttribute("points", this.trailPoints.join(" "));
  }

  private get seen(): View {
    if (this.view.value === "near") return { kind: "near" };
    const [x, y] = this.view.value.split(" ").map(Number);
    return { kind: "plane", x: x!, y: y! };
  }

  private draw(): void {
    const view = this.seen;
    this.trailPoints = [];
    this.trail.setAttribute("points", "");
    this.drawing.setAttribute("viewBox", `${-MARGIN} ${-MARGIN} ${this.across + 2 * MARGIN} ${SIZE + 2 * MARGIN}`);
    this.here.setAttribute("r", String(9 / this.pixels));
    this.drawing.style.setProperty("--pixel", String(1 / this.pixels));
    this.places = (this.space?.devices ?? []).map((device) => {
      const [x, y] = view.kind === "near" ? this.toDrawing(device.plane) : this.placeOf(device.position);
      return { device, x, y };
    });
    const groups = new Map<string, number>();
    for (const { device } of this.places) groups.set(groupOf(device), groups.get(groupOf(device)) ?? groups.size);
    const ringedLast = [...this.places].sort((a, b) => Number(a.device.clip !== undefined) - Number(b.device.clip !== undefined));
    const dots = ringedLast.map(({ device, x, y }) => {
      const dot = svg(
        "circle",
        {
          cx: x,
          cy: y,
          r: (device.clip === undefined ? 4 : 6) / this.pixels,
          class: device.clip === undefined ? "dot" : "dot ringed",
          tabindex: 0,
          role: "button",
          "aria-label": shortName(device.label),
          style: `fill: hsl(${(groups.get(groupOf(device))! * 47) % 360} 65% 60%)`,
          click: () => this.choose(device),
        },
        svg("title", {}, shortName(device.label)),
      );
      dot.addEventListener("keydown", (event) => {
        if (event.key === "Enter" || event.key === " ") this.choose(device);
      });
      return dot;
    });
    const titles = view.kind === "near" ? this.groupNames() : [];
    const saved = this.presets.map((preset) => this.placeOf([...preset.played, ...preset.stored]));
    const morph = svg("polyline", { class: "morph", points: saved.map(([x, y]) => `${x},${y}`).join(" ") });
    const marks = saved.map(([x, y], i) =>
      svg("text", { x, y: y + 1.4, class: "preset" }, String(this.presets[i]!.index + 1)),
    );
    const names =
      view.kind === "plane"
        ? [
            svg("text", { x: this.across / 2, y: SIZE + 6.5, class: "axis" }, DIMENSIONS[view.x]!),
            svg("text", { x: -3, y: SIZE / 2, class: "axis", transform: `rotate(-90 -3 ${SIZE / 2})` }, DIMENSIONS[view.y]!),
          ]
        : [];
    this.drawing.replaceChildren(
      svg("rect", { width: this.across, height: SIZE, rx: 1.5, class: "ground" }),
      ...names,
      morph,
      this.trail,
      ...dots,
      ...titles,
      ...marks,
      this.here,
    );
    const [x, y] = this.placeOf(this.position);
    this.here.setAttribute("cx", String(x));
    this.here.setAttribute("cy", String(y));
  }

  /** Devices' names above their dots; the one with fewer dots gives way where two would lie on each other. */
  private groupNames(): SVGTextElement[] {
    const groups = new Map<string, { x: number; y: number }[]>();
    for (const place of this.places) groups.set(groupOf(place.device), [...(groups.get(groupOf(place.device)) ?? []), place]);
    const high = NAME_PIXELS / this.pixels;
    const taken: { left: number; right: number; y: number }[] = [];
    const made: SVGTextElement[] = [];
    for (const [name, places] of [...groups].sort((a, b) => b[1].length - a[1].length)) {
      const text = shortName(name).slice(0, 22);
      const half = text.length * high * 0.28;
      const at = (of: "x" | "y", share: number) => places.map((place) => place[of]).sort((a, b) => a - b)[Math.floor(share * places.length)]!;
      const x = Math.min(this.across + MARGIN - half, Math.max(half - MARGIN, at("x", 0.5)));
      const y = Math.max(high - MARGIN, at("y", places.length > 6 ? 0.1 : 0) - high); // an outlier does not draw it away
      const box = { left: x - half, right: x + half, y };
      if (taken.some((one) => Math.abs(one.y - y) < high && one.left < box.right && box.left < one.right)) continue;
      taken.push(box);
      made.push(svg("text", { x, y, class: "device" }, text));
    }
    return made;
  }

  /** Where a position is drawn. */
  private placeOf(position: number[]): [number, number] {
    const view = this.seen;
    if (view.kind === "plane") return this.toDrawing([(position[view.x] ?? 0) / 32768, -(position[view.y] ?? 0) / 32768]);
    const devices = this.space?.devices ?? [];
    const near = nearest(devices, (device) => distance(device.position, position) / 32768);
    let x = 0;
    let y = 0;
    for (const { item, weight } of near) {
      x += weight * item.plane[0];
      y += weight * item.plane[1];
    }
    return this.toDrawing([x, y]);
  }

  private drag(event: PointerEvent): void {
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(this.drawing.getScreenCTM()!.inverse());
    const unit = (value: number) => Math.min(1, Math.max(-1, 2 * value - 1));
    const [x, y] = [unit(at.x / this.across), unit(at.y / SIZE)];
    const view = this.seen;
    const position = [...this.position];
    if (view.kind === "plane") {
      position[view.x] = q15(x);
      position[view.y] = q15(-y);
    } else {
      const near = nearest(this.space?.devices ?? [], ({ plane }) => Math.hypot(plane[0] - x, plane[1] - y));
      for (let d = 0; d < position.length; d++) {
        position[d] = Math.round(near.reduce((sum, { item, weight }) => sum + weight * (item.position[d] ?? 0), 0));
      }
      this.told.textContent = near.length > 0 ? `near ${shortName(near[0]!.item.label)}` : "";
    }
    this.actions.moved(position);
  }

  private choose(device: Device): void {
    this.told.textContent = shortName(device.label);
    this.actions.chosen(device);
  }

  private record(): void {
    this.recording = !this.recording;
    if (this.recording) this.path = [];
    this.recordButton.textContent = this.recording ? "Stop recording" : "Record a path";
    this.recordButton.setAttribute("aria-pressed", String(this.recording));
    this.playButton.disabled = this.recording || this.path.length === 0;
  }

  private play(): void {
    const playing = this.replay === undefined;
    this.playButton.textContent = playing ? "Stop it" : "Play it";
    this.playButton.setAttribute("aria-pressed", String(playing));
    if (!playing) {
      clearInterval(this.replay);
      this.replay = undefined;
      return;
    }
    let at = 0;
    this.replay = setInterval(() => {
      this.actions.moved(this.path[at]!);
      at = (at + 1) % this.path.length;
    }, STEP_MS + 8); // as the meters come
  }
}

function q15(value: number): number {
  return Math.max(-32767, Math.min(32767, Math.round(value * 32768)));
}

function distance(a: number[], b: number[]): number {
  return Math.sqrt(a.reduce((sum, value, i) => sum + (value - (b[i] ?? 0)) ** 2, 0));
}

/** The nearest few, nearest first, and what each counts for: the more the nearer, all of it where it is reached. */
function nearest(devices: Device[], far: (device: Device) => number): { item: Device; weight: number }[] {
  const all = devices.map((item) => ({ item, far: far(item) })).sort((a, b) => a.far - b.far);
  const some = all.slice(0, NEAREST);
  const weights = some.map(({ far: d }) => 1 / (d * d + 1e-6));
  const sum = weights.reduce((a, b) => a + b, 0);
  return some.map(({ item }, i) => ({ item, weight: weights[i]! / sum }));
}
