// What one listens to: the module, the dry sound, or what the present sound was made from; all of them equally loud.
import type { Original } from "../audio/originals";
import type { Listening, Player } from "../audio/player";
import { button, h } from "./dom";

const WAYS: [Listening, string][] = [
  ["module", "module"],
  ["bypass", "bypass"],
  ["device", "the device itself"],
];

export class Compare {
  readonly element: HTMLElement;
  private readonly buttons = new Map<Listening, HTMLButtonElement>();
  private now: Original | null = null;
  private playing: AudioBuffer | null = null;
  private making = new AbortController();

  constructor(
    private readonly player: Player,
    private readonly say: (text: string) => void,
  ) {
    for (const [way, text] of WAYS) this.buttons.set(way, button(text, () => this.listen(way), { "aria-pressed": String(way === "module") }));
    const matched = h("input", { type: "checkbox", checked: true });
    matched.addEventListener("change", () => (this.player.matched = matched.checked));
    const check = h("label", { class: "check" }, matched, h("span", {}, "equally loud"));
    this.element = h(
      "div",
      { class: "row named", role: "group", "aria-label": "Listen to" },
      h("h2", {}, "Listen to"),
      h("div", { class: "row" }, ...this.buttons.values(), check),
    );
    this.show();
  }

  /** What the present sound was made from; null: that is not known. */
  get original(): Original | null {
    return this.now;
  }

  async with(original: Original | null): Promise<void> {
    this.now = original;
    await this.bring();
  }

  /** Another clip goes round, or none. */
  async plays(clip: AudioBuffer | null): Promise<void> {
    this.playing = clip;
    await this.bring();
  }

  private listen(way: Listening): void {
    this.player.listen(way);
    for (const [one, made] of this.buttons) made.setAttribute("aria-pressed", String(one === way));
  }

  private show(state = ""): void {
    const device = this.buttons.get("device")!;
    device.textContent = `${this.now?.words ?? "the device itself"}${state}`;
    device.disabled = !this.player.hasDevice;
    device.title = this.player.hasDevice ? "" : "for a ringed dot of the map with the guitar, a dropped .nam, or a dropped pair of dry and wet";
    if (!this.player.hasDevice && device.getAttribute("aria-pressed") === "true") this.listen("module");
  }

  /** The original's sound of what plays, once it is there; what is no longer wanted ends. */
  private async bring(): Promise<void> {
    this.making.abort();
    this.making = new AbortController();
    const { signal } = this.making;
    this.player.setDevice(null);
    this.show();
    if (this.now === null || this.playing === null) return;
    try {
      const wet = await this.now.soundOf(this.playing, (text) => !signal.aborted && this.show(` (${text})`), signal);
      if (signal.aborted) return;
      this.player.setDevice(wet);
      this.show();
    } catch (error) {
      if (signal.aborted) return;
      this.show();
      this.say(`there is nothing to compare with: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}
