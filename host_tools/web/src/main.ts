// The page: the module, what goes into it, how one listens to it, its map and its editor.
import { fetchBytes, fetchSite, type Device, type Site, type SpaceMap } from "./audio/assets";
import { Player, render, type Listening } from "./audio/player";
import { hex } from "./link/backup";
import { ModuleClient } from "./link/client";
import { sha256 } from "./link/memory";
import { int16Tail } from "./link/messages";
import { lendLine, openSocket } from "./link/socket";
import { modelOfFile, speedOf } from "./quantizer/client";
import { button, h } from "./ui/dom";
import { Editor } from "./ui/editor";
import { SpaceMapView } from "./ui/map";
import { PanelView } from "./ui/panel";
import { Scope } from "./ui/scope";
import type { Meters } from "./worklet/messages";

const LEAST_SPEED = 1.2; // times real time: below, a browser cannot keep up
const MAX_FILE_BYTES = 64 << 20;
const MAX_CLIP_SECONDS = 120;
const PLAYED = 4;

function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

class Page {
  private readonly told = h("p", { class: "notice", role: "status" });
  private readonly clips = new Map<string, AudioBuffer>();
  private readonly client: ModuleClient;
  private readonly panel: PanelView;
  private readonly map: SpaceMapView;
  private readonly editor: Editor;
  private readonly loopButtons = new Map<string, HTMLButtonElement>();
  private readonly spaceButtons = new Map<string, HTMLButtonElement>();
  private readonly listenButtons = new Map<Listening, HTMLButtonElement>();
  private space: SpaceMap | null;
  private meters: Meters | null = null;
  private moving = false;
  private wanted: number[] | null = null;
  private model = -1;
  private presetCount = "";

  constructor(
    private readonly site: Site,
    private readonly wasm: ArrayBuffer,
    private readonly player: Player,
  ) {
    this.space = site.spaces[0]!;
    this.client = new ModuleClient(player.line);
    this.panel = new PanelView({
      turned: (index, turn) => player.say({ kind: "knob", index, turn }),
      patched: (jack, patch) => player.say({ kind: "patch", jack, patch }),
      switched: (gate, pressed) => player.say({ kind: "switches", gate, button: pressed }),
    });
    this.map = new SpaceMapView({ moved: (position) => this.move(position), chosen: (device) => void this.choose(device) });
    this.editor = new Editor(this.client, {
      notify: (text) => this.say(text),
      changed: (presets) => this.map.showPresets(presets),
      position: () => this.meters?.position ?? [],
    });
    player.onMeters = (meters) => this.showMeters(meters);
    player.onFailed = (why) => this.say(why);
    player.onReboot = (into) => this.reboot(into);
    document.getElementById("page")!.replaceChildren(...this.layout());
    this.map.show(this.space);
    this.markSpace();
    this.takeDrops();
  }

  private say(text: string): void {
    this.told.textContent = text;
  }

  private guarded(act: () => Promise<void>): () => void {
    return () => {
      act().catch((error: unknown) => this.say(sentence(error)));
    };
  }

  private layout(): HTMLElement[] {
    const loops = this.site.loops.map(({ name }) => {
      const made = button(name, this.guarded(() => this.toggle(name)), { "aria-pressed": "false", class: "loop" });
      this.loopButtons.set(name, made);
      return made;
    });
    const spaces = this.site.spaces.map((space) => {
      const made = button(space.title, this.guarded(() => this.useSpace(space)), { "aria-pressed": "false" });
      this.spaceButtons.set(space.name, made);
      return made;
    });
    const ways: [Listening, string][] = [
      ["module", "module"],
      ["bypass", "bypass"],
      ["device", "the device itself"],
    ];
    const listen = ways.map(([way, text]) => {
      const made = button(text, () => this.listen(way), { "aria-pressed": String(way === "module"), disabled: way === "device" });
      this.listenButtons.set(way, made);
      return made;
    });
    const matched = h("input", { type: "checkbox", checked: true });
    matched.addEventListener("change", () => (this.player.matched = matched.checked));
    const file = h("input", { type: "file", accept: "audio/*,.grit,.nam", class: "file" });
    file.addEventListener("change", this.guarded(async () => {
      for (const one of Array.from(file.files ?? [])) await this.open(one);
      file.value = "";
    }));
    const editor = h("details", { class: "card editor-card" }, h("summary", {}, "Editor: presets, models, backup, firmware"), this.editor.element);
    editor.addEventListener("toggle", this.guarded(async () => {
      if (editor.open) await this.editor.refresh();
    }));
    return [
      h(
        "header",
        {},
        h("h1", {}, "Gritspace"),
        h("p", {}, "This is the module itself, its firmware to the bit, in your browser. Press a loop and turn the knobs."),
      ),
      h(
        "main",
        {},
        this.panel.element,
        h(
          "div",
          { class: "side" },
          h(
            "section",
            { class: "card", "aria-label": "Sound" },
            h("div", { class: "row" }, h("h2", {}, "Play"), ...loops, button("microphone", this.guarded(() => this.microphone()), { class: "loop" }), button("stop", () => this.stop())),
            h("div", { class: "row" }, h("h2", {}, "Space"), ...spaces, h("label", { class: "file-button" }, h("span", {}, "own file"), file)),
            h("div", { class: "row" }, h("h2", {}, "Listen to"), ...listen, h("label", { class: "check" }, matched, h("span", {}, "equally loud"))),
            this.told,
            new Scope(this.player.analyser).element,
          ),
          h("div", { class: "card" }, this.map.element),
          editor,
        ),
      ),
      h("footer", {}, h("p", {}, "Audio, a .grit or a .nam dropped anywhere on this page is played. Nothing leaves this page.")),
    ];
  }

  private async clip(file: string): Promise<AudioBuffer> {
    const known = this.clips.get(file);
    if (known !== undefined) return known;
    const clip = await this.player.context.decodeAudioData(await fetchBytes(file));
    this.clips.set(file, clip);
    return clip;
  }

  private async toggle(name: string): Promise<void> {
    if (this.loopButtons.get(name)!.getAttribute("aria-pressed") === "true") {
      this.stop();
      return;
    }
    const loop = this.site.loops.find((one) => one.name === name)!;
    await this.player.playLoop(await this.clip(loop.file));
    this.markLoop(name);
    if (name !== "guitar") this.player.setDevice(null);
    this.markListen();
    this.say("");
  }

  /** Brings the other loops while one plays. */
  async preload(): Promise<void> {
    for (const loop of this.site.loops) await this.clip(loop.file);
  }

  private markLoop(name: string | null): void {
    for (const [one, made] of this.loopButtons) made.setAttribute("aria-pressed", String(one === name));
  }

  private stop(): void {
    this.player.stop();
    this.player.setDevice(null);
    this.markLoop(null);
    this.markListen();
  }

  private async microphone(): Promise<void> {
    try {
      await this.player.playInput();
    } catch {
      this.say("The microphone or interface was refused, or there is none: the loops and your own files play all the same.");
      return;
    }
    this.markLoop(null);
    this.player.setDevice(null);
    this.say("Use headphones: a loudspeaker would feed back.");
  }

  private listen(way: Listening): void {
    this.player.listen(way);
    for (const [one, made] of this.listenButtons) made.setAttribute("aria-pressed", String(one === way));
  }

  private markListen(): void {
    const device = this.listenButtons.get("device")!;
    device.disabled = !this.player.hasDevice;
    if (!this.player.hasDevice && device.getAttribute("aria-pressed") === "true") this.listen("module");
  }

  private async useSpace(space: SpaceMap): Promise<void> {
    this.player.say({ kind: "power", model: await fetchBytes(space.file), keepFlash: true });
    if (this.model > 0) await this.client.ask("select_model", "info", { model: 0 });
    this.space = space;
    this.map.show(space);
    this.markSpace();
    this.say("");
  }

  private markSpace(): void {
    for (const [name, made] of this.spaceButtons) made.setAttribute("aria-pressed", String(name === this.space?.name));
  }

  /** Heads for a position; while one is under way, only the last that was wanted counts. The knobs follow. */
  private move(position: number[]): void {
    position.slice(0, PLAYED).forEach((value, i) => {
      const turn = (value / 32768 + 1) / 2;
      this.panel.knobs[i]!.set(turn, true);
      this.player.say({ kind: "knob", index: i, turn });
    });
    this.wanted = position;
    if (!this.moving) void this.sendWanted();
  }

  private async sendWanted(): Promise<void> {
    this.moving = true;
    while (this.wanted !== null) {
      const position = this.wanted;
      this.wanted = null;
      try {
        await this.client.ask("set_position", "position", {}, int16Tail(position));
      } catch (error) {
        this.say(sentence(error));
      }
    }
    this.moving = false;
  }

  private async choose(device: Device): Promise<void> {
    this.move(device.position);
    if (this.player.playing && device.clip !== undefined && this.loopButtons.get("guitar")!.getAttribute("aria-pressed") === "true") {
      const dry = await this.clip(this.site.loops[0]!.file);
      this.player.setDevice(aligned(this.player.context, await this.clip(device.clip), dry));
    } else {
      this.player.setDevice(null);
    }
    this.markListen();
  }

  private showMeters(meters: Meters): void {
    this.meters = meters;
    this.panel.showLeds(meters.leds);
    this.panel.showVolts(meters.volts);
    this.map.showPosition(meters.position);
    const model = meters.status[1]!;
    const presets = `${meters.status[4]} ${meters.flashChanges}`;
    if (model !== this.model) {
      this.model = model;
      void this.otherModel().catch(() => {});
    }
    if (presets !== this.presetCount) {
      this.presetCount = presets;
      void this.editor.refresh().catch(() => {});
    }
  }

  /** Another model plays: is its map known? */
  private async otherModel(): Promise<void> {
    const info = (await this.client.ask("hello", "info", {})).values;
    const known = this.site.spaces.find((space) => space.model === hex(info.model_sha256)) ?? null;
    if (known === this.space) return;
    this.space = known;
    this.map.show(known);
    this.markSpace();
  }

  private reboot(into: number): void {
    if (into !== 0) {
      this.say("The module in this page has no bootloader: it starts anew.");
    }
    void fetchBytes(this.site.spaces[0]!.file).then((model) => this.player.say({ kind: "power", model, keepFlash: true }));
  }

  private takeDrops(): void {
    addEventListener("dragover", (event) => event.preventDefault());
    addEventListener("drop", (event) => {
      event.preventDefault();
      for (const file of Array.from(event.dataTransfer?.files ?? [])) this.guarded(() => this.open(file))();
    });
  }

  /** What a capture listens to while it is quantized: half a second of each loop, one of them up to full scale. */
  private async calibration(): Promise<Float32Array> {
    const clips = await Promise.all(this.site.loops.map((loop) => this.clip(loop.file)));
    const part = this.player.context.sampleRate / 2;
    const audio = new Float32Array(part * clips.length);
    clips.forEach((clip, i) => {
      const level = i === 0 ? 1.99 : 1;
      audio.set(clip.getChannelData(0).subarray(0, part).map((sample) => sample * level), i * part);
    });
    audio.fill(0, 0, 64); // it begins in silence
    return audio;
  }

  /** A file that was dropped or chosen: audio, a .grit or a .nam. */
  async open(file: File): Promise<void> {
    if (file.size > MAX_FILE_BYTES) throw new Error(`${file.name} is too large (${Math.round(file.size / 1e6)} MB)`);
    const bytes = new Uint8Array(await file.arrayBuffer());
    const name = file.name.toLowerCase();
    if (name.endsWith(".grit") || name.endsWith(".nam")) {
      this.say(name.endsWith(".nam") ? `quantizing ${file.name}` : `trying ${file.name}`);
      let model: Uint8Array;
      try {
        model = await modelOfFile(file.name, bytes, this.wasm, await this.calibration(), (text) => this.say(text));
        const speed = await speedOf(model, this.wasm);
        if (speed < LEAST_SPEED) throw new Error(`too slow for this browser (${speed.toFixed(1)} × real time)`);
      } catch (error) {
        throw new Error(`${file.name}: ${sentence(error)}`);
      }
      await this.editor.upload(model, file.name);
      this.say(`${file.name} plays`);
      return;
    }
    let clip: AudioBuffer;
    try {
      clip = await this.player.context.decodeAudioData(bytes.buffer as ArrayBuffer);
    } catch {
      throw new Error(`${file.name} is no audio that this browser reads: WAV, FLAC, MP3, a .grit or a .nam`);
    }
    if (clip.duration > MAX_CLIP_SECONDS) this.say(`${file.name} plays, all ${Math.round(clip.duration)} s of it, round and round`);
    else this.say(`${file.name} plays`);
    await this.player.playLoop(clip);
    this.player.setDevice(null);
    this.markLoop(null);
    this.markListen();
  }

  /** For tests and for gritspace's commands. */
  async lend(address: string): Promise<void> {
    await lendLine(address, this.player.line);
  }

  /** The editor edits what is behind a bridge. */
  async editSocket(address: string): Promise<void> {
    await this.editor.use(await openSocket(address));
  }
}

/** An encoded clip's delay is its decoder's business: finds where the loop begins in it, and cuts one round out. */
function aligned(context: BaseAudioContext, clip: AudioBuffer, dry: AudioBuffer): AudioBuffer {
  const wet = clip.getChannelData(0);
  const loop = dry.getChannelData(0);
  const most = wet.length - loop.length;
  if (most <= 0) return clip;
  let best = 0;
  let at = 0;
  for (let lag = 0; lag < Math.min(most, 4096); lag++) {
    let sum = 0;
    for (let i = 0; i < 48000; i += 3) sum += wet[i + lag]! * loop[i]!;
    if (Math.abs(sum) > best) {
      best = Math.abs(sum);
      at = lag;
    }
  }
  const out = context.createBuffer(1, loop.length, clip.sampleRate);
  out.copyToChannel(wet.slice(at, at + loop.length) as Float32Array<ArrayBuffer>, 0);
  return out;
}

async function begin(): Promise<void> {
  const site = await fetchSite();
  const [wasm, model] = await Promise.all([fetchBytes(site.wasm), fetchBytes(site.spaces[0]!.file)]);
  const player = await Player.make(wasm, model, null);
  const page = new Page(site, wasm, player);
  const asked = new URLSearchParams(location.search);
  const address = asked.get("bridge");
  if (address !== null) await page.lend(address);
  const edited = asked.get("edit");
  if (edited !== null) await page.editSocket(edited);
  Object.assign(window, { gritspace: { page, player, render, sha256, site, wasm } });
  document.body.dataset.ready = "true";
  await page.preload();
}

begin().catch((error: unknown) => {
  document.getElementById("page")!.append(h("p", { class: "notice", role: "alert" }, `The module could not start: ${sentence(error)}.`));
});
