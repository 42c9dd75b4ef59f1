// The page: the module, what goes into it, how one listens to it, its map and its editor.
import { fetchBytes, fetchSite, firstPresets, type Device, type Site, type SpaceMap } from "./audio/assets";
import { dryFirst } from "./audio/align";
import { captureOriginal, clipOriginal, recordingOriginal } from "./audio/originals";
import { Player, render } from "./audio/player";
import { hex, sha256 } from "./link/bytes";
import { ModuleClient } from "./link/client";
import { int16Tail } from "./link/messages";
import { lendLine, openSocket } from "./link/socket";
import { modelOfFile, speedOf } from "./quantizer/client";
import { onAModule } from "./quantizer/price";
import { Compare } from "./ui/compare";
import { button, h, plain } from "./ui/dom";
import { Editor } from "./ui/editor";
import { bytesOf } from "./ui/files";
import { SpaceMapView } from "./ui/map";
import { PanelView } from "./ui/panel";
import { Scope } from "./ui/scope";
import type { Meters } from "./worklet/messages";

const LEAST_SPEED = 1.2; // times real time: below, a browser cannot keep up
const MAX_CLIP_SECONDS = 120;
const PLAYED = 4;
const MODEL = /\.(grit|nam)$/i;
const RECORDING = "the recording itself"; // it stays whatever plays it

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
  private space: SpaceMap | null;
  private factory: SpaceMap;
  private meters: Meters | null = null;
  private moving = false;
  private wanted: number[] | null = null;
  private model = -1;
  private presetCount = "";
  private readonly compare: Compare;

  constructor(
    private readonly site: Site,
    private readonly wasm: ArrayBuffer,
    private readonly player: Player,
  ) {
    this.factory = site.spaces[0]!;
    this.space = this.factory;
    this.compare = new Compare(player, (text) => this.say(text));
    this.client = new ModuleClient(player.line);
    this.panel = new PanelView({
      turned: (index, turn) => player.say({ kind: "knob", index, turn }),
      patched: (jack, patch) => player.say({ kind: "patch", jack, patch }),
      switched: (gate, pressed) => player.say({ kind: "switches", gate, button: pressed }),
    });
    this.map = new SpaceMapView({ moved: (position) => this.move(position), chosen: (device) => this.guarded(() => this.choose(device))() });
    this.editor = new Editor(this.client, {
      changed: (presets) => this.map.showPresets(presets),
      spaces: site.spaces,
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
    this.told.textContent = plain(text);
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
    const file = h("input", { type: "file", accept: "audio/*,.grit,.nam", multiple: true, class: "file" });
    file.addEventListener("change", this.guarded(async () => {
      await this.openAll(Array.from(file.files ?? []));
      file.value = "";
    }));
    const editor = h("details", { class: "card editor-card" }, h("summary", {}, "Editor: presets, models, backup, firmware"), this.editor.element);
    editor.addEventListener("toggle", this.guarded(async () => {
      if (editor.open) await this.editor.refresh();
    }));
    const row = (name: string, ...all: HTMLElement[]) => h("div", { class: "row named" }, h("h2", {}, name), h("div", { class: "row" }, ...all));
    const microphone = button("microphone", this.guarded(() => this.microphone()), { class: "loop" });
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
        h(
          "section",
          { class: "card sound", "aria-label": "Sound" },
          row("Play", ...loops, microphone, button("stop", () => this.stop())),
          row("Space", ...spaces, h("label", { class: "file-button" }, h("span", {}, "own file"), file)),
          this.compare.element,
          this.told,
          new Scope(this.player.analyser).element,
        ),
        this.panel.element,
        h("div", { class: "side" }, h("div", { class: "card" }, this.map.element), editor),
      ),
      h("footer", {}, h("p", {}, "Audio, a .grit or a .nam dropped anywhere on this page is played; two takes of one playing, dry and wet, are compared. Nothing leaves this page.")),
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
    await this.play(await this.clip(loop.file), name);
    this.say("");
  }

  /** Plays a clip round and round, and what there is to compare with beside it. */
  private async play(clip: AudioBuffer, loop: string | null): Promise<void> {
    await this.player.playLoop(clip);
    this.markLoop(loop);
    void this.compare.plays(clip);
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
    this.markLoop(null);
    void this.compare.plays(null);
  }

  private async microphone(): Promise<void> {
    try {
      await this.player.playInput();
    } catch (error) {
      const refused = error instanceof DOMException && ["NotAllowedError", "NotFoundError"].includes(error.name);
      const why = refused ? "was refused, or there is none" : `cannot be heard here (${sentence(error)})`;
      this.say(`The microphone or interface ${why}: the loops and your own files play all the same.`);
      return;
    }
    this.markLoop(null);
    void this.compare.plays(null);
    this.say("Use headphones: a loudspeaker would feed back.");
  }

  private async useSpace(space: SpaceMap): Promise<void> {
    this.factory = space;
    await this.power();
    if (this.model > 0) await this.client.ask("select_model", "info", { model: 0 });
    this.space = space;
    this.map.show(space);
    this.markSpace();
    if (this.compare.original?.words !== RECORDING) await this.compare.with(null);
    this.say("");
  }

  /** Power, with the image of the space that was chosen last; flash keeps what it held. */
  private async power(): Promise<void> {
    const model = await fetchBytes(this.factory.file);
    this.player.say({ kind: "power", model, presets: firstPresets(this.factory), keepFlash: true });
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
    const { clip } = device;
    const first = this.site.loops[0]!;
    const guitar = await this.clip(first.file);
    if (!this.player.playing) await this.play(guitar, first.name);
    await this.compare.with(clip === undefined ? null : clipOriginal(guitar, () => this.clip(clip)));
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
    void this.power();
  }

  private takeDrops(): void {
    addEventListener("dragover", (event) => event.preventDefault());
    addEventListener("drop", (event) => {
      event.preventDefault();
      this.guarded(() => this.openAll(Array.from(event.dataTransfer?.files ?? [])))();
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

  /** Files that were dropped or chosen: models, audio, or the two halves of a pair. */
  async openAll(files: File[]): Promise<void> {
    const models = files.filter((file) => MODEL.test(file.name));
    const sounds = files.filter((file) => !MODEL.test(file.name));
    for (const file of models) await this.openModel(file);
    if (sounds.length === 2) await this.openPair(sounds[0]!, sounds[1]!);
    else for (const file of sounds) await this.openSound(file);
  }

  /** A .grit, or a .nam, which is quantized first and can be compared with. */
  private async openModel(file: File): Promise<void> {
    const bytes = await bytesOf(file);
    const capture = file.name.toLowerCase().endsWith(".nam");
    this.say(capture ? `quantizing ${file.name}` : `trying ${file.name}`);
    let model: Uint8Array;
    try {
      model = await modelOfFile(file.name, bytes, this.wasm, await this.calibration(), (text) => this.say(text));
      const speed = await speedOf(model, this.wasm);
      if (speed < LEAST_SPEED) throw new Error(`too slow for this browser (${speed.toFixed(1)} × real time)`);
      await this.editor.upload(model, file.name);
    } catch (error) {
      throw new Error(`${file.name}: ${sentence(error)}`);
    }
    this.say(`${file.name} plays; ${onAModule(model, file.name)}`);
    if (capture) void this.compare.with(captureOriginal(bytes));
    else if (this.compare.original?.words !== RECORDING) void this.compare.with(null);
  }

  private async decoded(file: File): Promise<AudioBuffer> {
    const bytes = await bytesOf(file);
    try {
      return await this.player.context.decodeAudioData(bytes.buffer);
    } catch {
      throw new Error(`${file.name} is no audio that this browser reads: WAV, FLAC, MP3, a .grit or a .nam`);
    }
  }

  private async openSound(file: File): Promise<void> {
    const clip = await this.decoded(file);
    const long = clip.duration > MAX_CLIP_SECONDS ? `, all ${Math.round(clip.duration)} s of it, round and round` : "";
    await this.play(clip, null);
    this.say(`${file.name} plays${long}`);
  }

  /** Two takes of one playing: the dry one through the module, the wet one beside it. */
  private async openPair(a: File, b: File): Promise<void> {
    const read = async (file: File) => {
      const clip = await this.decoded(file);
      return { name: file.name, clip, samples: clip.getChannelData(0) };
    };
    const [dry, wet] = dryFirst(await read(a), await read(b));
    void this.compare.with(recordingOriginal(dry.clip, wet.clip));
    await this.play(dry.clip, null);
    this.say(`${dry.name} plays through the module; ${wet.name} is there to compare with`);
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

async function begin(): Promise<void> {
  const site = await fetchSite();
  const [wasm, model] = await Promise.all([fetchBytes(site.wasm), fetchBytes(site.spaces[0]!.file)]);
  const player = await Player.make(wasm, model, firstPresets(site.spaces[0]!));
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
