// The editor: a module's presets, models, calibration and health, over Web Serial or in this page, by the same code.
import { HEALTH_FLAG, SLOT_STATE, WHY_WORDS, type Preset, type Slot } from "../../generated/link_messages";
import { readImage } from "../dfu/image";
import { flash, openBootloader } from "../dfu/dfuse";
import { backUp, restore } from "../link/backup";
import { readBackup } from "../link/backup_file";
import type { SpaceMap } from "../audio/assets";
import { ModuleClient, type Line } from "../link/client";
import { getSettings, getSlots, remove, select, upload } from "../link/memory";
import { openSerial, serialIsThere } from "../link/serial";
import { calibrationPart } from "./calibration";
import { button, download, h, labelled, plain } from "./dom";
import { bytesOf, textOf } from "./files";
import { PresetNames } from "./preset_names";
import { PresetsPart } from "./presets";

const MONITOR_MS = 500;

export interface EditorHooks {
  /** Presets of the model that plays in this page have changed. */
  changed(presets: Preset[]): void;
  /** The spaces that are shipped, by their SHA-256. */
  spaces: SpaceMap[];
  /** Where the sound of the module in this page is now, Q15. */
  position(): number[];
}

export class Editor {
  readonly element: HTMLElement;
  private client: ModuleClient;
  private real: ModuleClient | null = null;
  private slots: Slot[] = [];
  private readonly who = h("p", { class: "who" }, "the module in this page");
  private readonly presets: PresetsPart;
  private readonly slotList = h("ul", { class: "slots" });
  private readonly monitor = h("dl", { class: "monitor" });
  private readonly morph = h("input", { type: "range", min: 0, max: 10000, step: 50 });
  private readonly morphTold = h("output", {});
  private readonly progress = h("progress", { max: 1, value: 0, hidden: true, "aria-label": "progress" });
  private readonly told = h("output", { class: "told" });
  private readonly connectButton: HTMLButtonElement;

  constructor(
    private readonly inPage: ModuleClient,
    hooks: EditorHooks,
  ) {
    this.client = inPage;
    this.presets = new PresetsPart(new PresetNames(hooks.spaces.flatMap((space) => space.presets)), {
      client: () => this.client,
      guarded: (act) => this.guarded(act),
      say: (text) => this.say(text),
      here: () => (this.client === inPage ? hooks.position() : []),
      shipped: (sha256) => hooks.spaces.find((space) => space.model === sha256)?.presets ?? [],
      changed: (presets) => {
        if (this.client === inPage) hooks.changed(presets);
      },
    });
    this.connectButton = button("Connect a real module", this.guarded(() => this.connect()));
    this.morph.addEventListener("change", this.guarded(async () => {
      await this.client.ask("put_settings", "settings", { morph_ms: Number(this.morph.value) });
      await this.refresh();
    }));
    const model = h("input", { type: "file", accept: ".grit" });
    model.addEventListener("change", this.guarded(async () => {
      for (const file of Array.from(model.files ?? [])) await this.upload(await bytesOf(file), file.name);
      model.value = "";
    }));
    const backup = h("input", { type: "file", accept: ".json" });
    backup.addEventListener("change", this.guarded(async () => {
      const file = backup.files?.[0];
      if (file !== undefined) await this.restore(await textOf(file));
      backup.value = "";
    }));
    const firmware = h("input", { type: "file", accept: ".bin,.elf" });
    firmware.addEventListener("change", this.guarded(async () => {
      const file = firmware.files?.[0];
      if (file !== undefined) await this.flash(await bytesOf(file));
      firmware.value = "";
    }));
    this.element = h(
      "section",
      { class: "editor", "aria-label": "Editor" },
      h("div", { class: "row" }, this.who, this.connectButton),
      serialIsThere() ? null : h("p", { class: "hint" }, "This browser has no Web Serial: a real module wants Chrome or Edge. All else works."),
      h("div", { class: "row" }, this.progress, this.told),
      h("h3", {}, "Presets"),
      this.presets.element,
      h("div", { class: "row" }, labelled("Morph", this.morph), this.morphTold),
      h("h3", {}, "Models"),
      this.slotList,
      labelled("Upload a .grit", model),
      h("h3", {}, "Health"),
      this.monitor,
      calibrationPart(() => this.client, (text) => this.say(text)),
      h(
        "details",
        {},
        h("summary", {}, "Back up and restore"),
        h("div", { class: "row" }, button("Save everything as a file", this.guarded(() => this.backUp())), labelled("Restore", backup)),
      ),
      h(
        "details",
        {},
        h("summary", {}, "Update the firmware"),
        h("p", {}, "Hold BOOT, press and release RESET, let go of BOOT; then choose the .bin or .elf that `gritspace build daisy_seed` made."),
        labelled("Firmware", firmware),
      ),
    );
    setInterval(() => void this.watch(), MONITOR_MS);
  }

  private say(text: string): void {
    this.told.textContent = plain(text);
  }

  private guarded(act: () => Promise<void>): () => void {
    return () => {
      act().catch((error: unknown) => {
        this.progress.hidden = true;
        this.say(error instanceof Error ? error.message : String(error));
      });
    };
  }

  private show(done: number, of: number): void {
    this.progress.hidden = done >= of;
    this.progress.value = of > 0 ? done / of : 0;
  }

  private async connect(): Promise<void> {
    if (this.real !== null) {
      await this.real.line.close();
      this.edit(null);
      await this.refresh();
      return;
    }
    await this.use(await openSerial());
  }

  /** Edits the module at the other end of a line, whatever it is made of. */
  async use(line: Line): Promise<void> {
    const client = new ModuleClient(line);
    const info = (await client.ask("hello", "info", {})).values;
    this.edit(client);
    this.who.textContent = plain(`a real module: ${info.board}, firmware ${info.firmware_version}, ${info.model_name}`);
    const closed = line.onClosed;
    line.onClosed = (why) => {
      closed(why);
      if (this.real === client) this.edit(null);
      this.say(why);
    };
    await this.refresh();
  }

  private edit(real: ModuleClient | null): void {
    this.real = real;
    this.client = real ?? this.inPage;
    this.connectButton.textContent = real === null ? "Connect a real module" : "Back to the module in this page";
    if (real === null) this.who.textContent = "the module in this page";
  }

  /** Everything anew from the module. */
  async refresh(): Promise<void> {
    this.slots = await getSlots(this.client);
    await this.presets.refresh(this.slots);
    const settings = await getSettings(this.client);
    this.morph.value = String(settings.morph_ms);
    this.morphTold.textContent = `${(settings.morph_ms / 1000).toFixed(2)} s from preset to preset`;
    this.slotList.replaceChildren(...this.slotRows(settings.model));
  }

  private slotRows(playing: number): HTMLLIElement[] {
    const row = (model: number, text: string, slot: Slot | null) =>
      h(
        "li",
        { class: model === playing ? "playing" : "" },
        h("span", {}, text),
        button("Select", this.guarded(() => this.select(model)), { "aria-label": `select ${text}`, disabled: model === playing }),
        slot === null
          ? null
          : button("Delete", this.guarded(() => this.delete(slot.slot)), { "aria-label": `delete ${text}`, disabled: slot.playing !== 0 }),
      );
    const good = this.slots.filter((slot) => slot.state === SLOT_STATE.good);
    const free = this.slots.filter((slot) => slot.state === SLOT_STATE.empty).length;
    return [
      row(0, "the factory model", null),
      ...good.map((slot) => row(slot.slot + 1, `${slot.name}, ${(slot.bytes / 1000).toFixed(1)} kB`, slot)),
      h("li", {}, h("span", {}, `${free} of ${this.slots.length} places are free`)),
    ];
  }

  private async select(model: number): Promise<void> {
    this.say("another model is on its way");
    await select(this.client, model);
    await this.refresh();
    this.say("");
  }

  private async delete(slot: number): Promise<void> {
    await remove(this.client, slot);
    await this.refresh();
  }

  /** Brings a model and plays it. */
  async upload(bytes: Uint8Array, name: string): Promise<void> {
    this.say(`uploading ${name}`);
    const slot = await upload(this.client, bytes, (done, of) => this.show(done, of));
    await this.select(slot.slot + 1);
    this.say(`${slot.name} plays`);
  }

  private async backUp(): Promise<void> {
    const backup = await backUp(this.client, this.presets.given(), (text) => this.say(text));
    download("gritspace-backup.json", JSON.stringify(backup, null, 1), "application/json");
    this.say(`saved: ${backup.presets.length} presets, ${backup.models.length} models`);
  }

  private async restore(text: string): Promise<void> {
    const backup = await readBackup(text);
    await restore(this.client, backup, (words) => this.say(words));
    await this.refresh();
    this.presets.take(backup.names);
    await this.refresh();
    this.say(`restored: ${backup.presets.length} presets, ${backup.models.length} models`);
  }

  private async flash(file: Uint8Array): Promise<void> {
    const image = readImage(file); // refused before anything is asked
    const device = await openBootloader();
    await flash(device, image, (step, share) => {
      this.say(step);
      this.show(share, 1.0001);
    });
    this.progress.hidden = true;
    this.say("the new firmware starts");
  }

  private async watch(): Promise<void> {
    if (this.element.offsetParent === null) return; // not to be seen
    try {
      const health = (await this.client.ask("get_health", "health", {})).values;
      const status = (await this.client.ask("get_status", "status", {})).values;
      const info = (await this.client.ask("hello", "info", {})).values;
      const level = (peak: number) => (peak > 0 ? `${(20 * Math.log10(peak / 32768)).toFixed(0)} dBFS` : "silence");
      const flags = Object.entries(HEALTH_FLAG).filter(([, bit]) => (health.flags & bit) !== 0);
      const share = info.work_per_second > 0 ? ` (${((status.work_p99 * 100000) / info.work_per_second).toFixed(0)} %)` : "";
      const rows: [string, string][] = [
        ["Model", info.model_name],
        ["Levels", `in ${level(health.peak_in)}, out ${level(health.peak_out)}, limited ${health.limited} blocks`],
        ["Blocks", `${status.blocks}, late ${status.xruns}`],
        ["Work of a block", info.work_per_second > 0 ? `${status.work_p99}${share}` : "not counted here"],
        ["State", flags.map(([name]) => name).join(", ") || "plays"],
        ["Firmware", `${info.firmware_version} on ${info.board}`],
      ];
      if (health.why !== 0) rows.push(["Why", WHY_WORDS[health.why] ?? String(health.why)]);
      this.monitor.replaceChildren(...rows.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
    } catch {
      // said where it was asked for
    }
  }
}
