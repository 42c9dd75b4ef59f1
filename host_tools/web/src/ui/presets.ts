// The editor's presets: names, order, places, levels, and what lies on a place: a bend with its knobs, a gate. In the words
// of the model that a preset plays.
import { BEND, SLOT_STATE, type Preset, type Slot } from "../../generated/link_messages";
import type { ShippedPreset } from "../audio/assets";
import { NAME_LETTERS } from "../link/backup_file";
import { hex } from "../link/bytes";
import { LinkError, type ModuleClient } from "../link/client";
import { ownKnobs } from "../link/knob_names";
import { getPresets, getSettings, LEVEL_UNITY, modelNow, putPreset } from "../link/memory";
import { button, h, labelled } from "./dom";
import type { PresetNames } from "./preset_names";

const TAKE = "put the present sound into";
const PLAYED = ["drive", "tone", "symmetry", "dynamics"];
const FULL = 32768;
const ID_BYTES = 8; // of a model's SHA-256, in a preset
const LOWEST_LEVEL_DB = -60;
const HIGHEST_LEVEL_DB = 18;
const LOWEST_GATE_DB = -96;
/** The four knobs of each bend, docs/knobs.md. */
const BEND_KNOBS: Record<keyof typeof BEND, string[]> = {
  none: [],
  slope: ["first layers", "later layers", "level into it", "bias"],
  hold: ["how long", "behind which layer", "how much", "longer at random"],
  feedback: ["how much", "delay", "darker or thinner", "times the input"],
  rate: ["rate", "steps to lines", "longer at random", "fewer bits"],
};
const BENDS = Object.entries(BEND) as [keyof typeof BEND, number][];

const q15 = (value: number) => Math.max(-FULL, Math.min(FULL - 1, Math.round(value * FULL)));
const signed = (value: number, digits: number) => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(digits)}`;
const levelDb = (preset: Preset) => (preset.level_q12 === 0 ? -Infinity : 20 * Math.log10(preset.level_q12 / LEVEL_UNITY));
const bendOf = (preset: Preset) => BENDS.find(([, value]) => value === preset.bend)?.[0] ?? "none";

export interface PresetHooks {
  client(): ModuleClient;
  guarded(act: () => Promise<void>): () => void;
  say(text: string): void;
  /** Where the sound is now, Q15, where that is known better than the link tells it. */
  here(): number[];
  /** The presets that are shipped with a model (its SHA-256). */
  shipped(sha256: string): ShippedPreset[];
  /** Presets have changed; which of them the model that plays has. */
  changed(presets: Preset[]): void;
}

export class PresetsPart {
  readonly element: HTMLElement;
  all: Preset[] = [];
  private slots: Slot[] = [];
  private own = new Map<number, string[]>();
  private edited: number | null = null;
  private readonly table = h("tbody", {});
  private readonly heads = [...PLAYED, "level", "also"].map((name) => h("th", { scope: "col", class: PLAYED.includes(name) ? "place" : "" }, name));
  private readonly emptyPlaces = h("div", { class: "row places" });
  private readonly editing = h("div", { class: "preset-edit", hidden: true });
  private readonly anew: HTMLButtonElement;
  private shippedNow: ShippedPreset[] = [];
  private drawn = "";
  private acting: Promise<void> = Promise.resolve();

  constructor(
    private readonly names: PresetNames,
    private readonly hooks: PresetHooks,
  ) {
    this.anew = button("Put this model's own sixteen again", this.inTurn(() => this.putShipped()));
    const heads = [h("th", {}, ""), h("th", { scope: "col" }, "name"), ...this.heads, h("th", {}, "")];
    this.element = h(
      "div",
      {},
      h("div", { class: "wide" }, h("table", {}, h("thead", {}, h("tr", {}, ...heads)), this.table)),
      this.editing,
      this.emptyPlaces,
      h("div", { class: "row" }, this.anew),
    );
  }

  /** Everything anew from the module. slots: its bank. */
  async refresh(slots: Slot[]): Promise<void> {
    const client = this.hooks.client();
    this.slots = slots;
    this.all = await getPresets(client);
    const { model } = await getSettings(client);
    const { model_sha256 } = (await client.ask("hello", "info", {})).values;
    const used = this.all.filter((preset) => preset.used !== 0);
    this.own = new Map();
    for (const played of new Set(used.map((preset) => modelNow(preset, slots)))) {
      if (played !== null) this.own.set(played, await ownKnobs(client, played));
    }
    this.shippedNow = this.hooks.shipped(hex(model_sha256));
    this.anew.parentElement!.hidden = this.shippedNow.length === 0;
    this.redraw(used);
    const its = [hex(model_sha256).slice(0, 2 * ID_BYTES), "00".repeat(ID_BYTES)];
    this.hooks.changed(used.filter((one) => modelNow(one, slots) === model && its.includes(hex(one.model_id))));
  }

  /** Draws what has changed; who is typing a name or holds a slider keeps hold of it. */
  private redraw(used: Preset[]): void {
    const now = JSON.stringify([this.all, this.slots, [...this.own], this.edited, used.map((preset) => this.names.of(preset))]);
    if (now === this.drawn) return;
    this.drawn = now;
    const focused = this.element.contains(document.activeElement) ? document.activeElement : null;
    const caret = focused instanceof HTMLInputElement && focused.type === "text" ? focused.selectionStart : null;
    const label = focused?.getAttribute("aria-label");
    this.table.replaceChildren(...used.map((preset) => this.row(preset)));
    this.table.parentElement!.hidden = used.length === 0;
    this.emptyPlaces.replaceChildren(...this.emptyRow());
    this.showEditing();
    if (label == null) return;
    const again = this.element.querySelector<HTMLElement>(`[aria-label="${CSS.escape(label)}"]`);
    again?.focus();
    if (again instanceof HTMLInputElement && caret !== null) again.setSelectionRange(caret, caret);
  }

  /** Names by place, for a backup. */
  given(): Record<string, string> {
    const rows = this.all.filter((preset) => preset.used !== 0).map((preset) => [String(preset.index), this.names.of(preset)]);
    return Object.fromEntries(rows.filter(([, name]) => name !== ""));
  }

  /** Names by place, from a backup, to what is there now. */
  take(names: Record<string, string>): void {
    for (const preset of this.all) if (preset.used !== 0) this.names.give(preset, names[preset.index] ?? this.names.of(preset));
  }

  private ownOf(preset: Preset): string[] {
    return this.own.get(modelNow(preset, this.slots) ?? -1) ?? [];
  }

  private row(preset: Preset): HTMLTableRowElement {
    const place = preset.index + 1;
    const name = h("input", {
      type: "text",
      maxlength: NAME_LETTERS,
      value: this.names.of(preset),
      title: this.names.of(preset),
      placeholder: "unnamed",
      "aria-label": `name of preset ${place}`,
    });
    name.addEventListener("input", () => this.names.give(preset, name.value));
    const label = (text: string) => ({ "aria-label": `${text} preset ${place}`, title: text });
    const act = (sign: string, text: string, what: () => Promise<void>, disabled = false) =>
      button(sign, this.inTurn(what), { ...label(text), disabled });
    const level = levelDb(preset);
    return h(
      "tr",
      { class: this.edited === preset.index ? "edited" : "" },
      h("th", { scope: "row" }, String(place)),
      h("td", {}, name),
      ...this.placeWords(preset).map((words) => h("td", { class: "number place" }, words)),
      h("td", { class: "number" }, Number.isFinite(level) ? `${signed(level, 1)} dB` : "silent"),
      h("td", {}, this.also(preset)),
      h(
        "td",
        { class: "acts" },
        act("✎", "edit", () => this.edit(preset)),
        act("●", TAKE, () => this.takeSound(preset)),
        act("↑", "move up", () => this.swap(preset.index, preset.index - 1), preset.index === 0),
        act("✕", "empty", () => this.put({ ...preset, used: 0 })),
      ),
    );
  }

  /** Where it lies: percent of a played dimension, or a device's own knobs by name. */
  private placeWords(preset: Preset): string[] {
    const own = this.ownOf(preset);
    return preset.played.map((value, i) => {
      if (own.length === 0) return `${Math.round((value / FULL) * 100)}`;
      return own[i] === undefined ? "–" : `${own[i]} ${Math.round((value / FULL + 1) * 50)}`;
    });
  }

  private also(preset: Preset): string {
    const model = modelNow(preset, this.slots);
    const slot = this.slots.find((one) => model !== null && one.slot === model - 1);
    const words = [
      model === null || (model > 0 && slot?.state !== SLOT_STATE.good) ? "its model is gone" : (slot?.name ?? ""),
      preset.bend === 0 ? "" : bendOf(preset),
      preset.gate === 0 ? "" : `gate ${signed(-preset.gate, 0)} dBFS`,
    ];
    return words.filter((word) => word !== "").join(", ");
  }

  /** The places that hold nothing: a number each, which takes the present sound. */
  private emptyRow(): HTMLElement[] {
    const empty = this.all.filter((preset) => preset.used === 0);
    if (empty.length === 0) return [];
    const places = empty.map((preset) =>
      button(String(preset.index + 1), this.inTurn(() => this.takeSound(preset)), {
        "aria-label": `${TAKE} preset ${preset.index + 1}`,
        title: TAKE,
      }),
    );
    return [h("span", {}, "Keep the present sound in"), ...places];
  }

  private async edit(preset: Preset): Promise<void> {
    this.edited = this.edited === preset.index ? null : preset.index;
    await this.refresh(this.slots);
    if (this.edited !== null) this.editing.querySelector("input")?.focus();
  }

  /** What a preset holds, to be changed; every change goes to the module at once. */
  private showEditing(): void {
    const preset = this.all.find((one) => one.index === this.edited && one.used !== 0);
    this.editing.hidden = preset === undefined;
    if (preset === undefined) return;
    const change = (values: (now: Preset) => Partial<Preset>) => this.change(preset.index, values);
    const own = this.ownOf(preset);
    const ways = (words: string[], field: "played" | "turns", of: "turn" | "way") =>
      words.map((name, i) => {
        const value = preset[field][i]! / FULL;
        const from = of === "turn" ? 0 : -100;
        const shown = Math.round(of === "turn" ? (value + 1) * 50 : value * 100);
        return slider(name, from, 100, 1, shown, (now) => `${now}`, (now) => {
          const to = q15(of === "turn" ? now / 50 - 1 : now / 100);
          change(({ [field]: before }) => ({ [field]: before.map((old, at) => (at === i ? to : old)) }));
        });
      });
    const bend = h("select", {}, ...BENDS.map(([name]) => h("option", { value: name, selected: name === bendOf(preset) }, name)));
    bend.addEventListener("change", () => change(() => ({ bend: BEND[bend.value as keyof typeof BEND], turns: [0, 0, 0, 0] })));
    const level = Math.max(LOWEST_LEVEL_DB, levelDb(preset));
    const gate = preset.gate === 0 ? 0 : -preset.gate;
    this.editing.replaceChildren(
      h("h4", {}, `Preset ${preset.index + 1}`),
      ...(own.length > 0 ? ways(own, "played", "turn") : ways(PLAYED, "played", "way")),
      slider(
        "level",
        LOWEST_LEVEL_DB,
        HIGHEST_LEVEL_DB,
        0.1,
        level,
        (now) => (now <= LOWEST_LEVEL_DB ? "silent" : `${signed(now, 1)} dB`),
        (now) => change(() => ({ level_q12: now <= LOWEST_LEVEL_DB ? 0 : Math.min(FULL - 1, Math.round(LEVEL_UNITY * 10 ** (now / 20))) })),
      ),
      labelled("Bend", bend),
      ...ways(BEND_KNOBS[bendOf(preset)], "turns", "way"),
      slider("gate", LOWEST_GATE_DB, 0, 1, gate, (now) => (now === 0 ? "none" : `${signed(now, 0)} dBFS`), (now) => change(() => ({ gate: -now }))),
      h("p", { class: "hint" }, "It is heard when the preset is chosen again: the preset button, or a gate."),
      button("Done", this.inTurn(() => this.edit(preset))),
    );
  }

  /** Acts one behind the other: each begins from what the last one left. */
  private inTurn(act: () => Promise<void>): () => void {
    return this.hooks.guarded(() => {
      const mine = this.acting.then(act);
      this.acting = mine.catch(() => {});
      return mine;
    });
  }

  private change(index: number, values: (now: Preset) => Partial<Preset>): void {
    this.inTurn(async () => {
      const now = this.all[index]!;
      if (now.used !== 0) await this.put({ ...now, ...values(now) });
    })();
  }

  /** Presets as they are to be, their names with them. */
  private async put(...presets: Preset[]): Promise<void> {
    const named = presets.map((preset) => {
      const before = this.all.find((one) => one.index === preset.index)!;
      return preset.used === 0 ? "" : this.names.of(before.used === 0 ? preset : before);
    });
    await this.write(presets, named);
  }

  private async write(presets: Preset[], named: string[]): Promise<void> {
    for (const [i, preset] of presets.entries()) {
      const now = await putPreset(this.hooks.client(), preset);
      if (now.used !== 0) this.names.give(now, named[i]!);
    }
    await this.refresh(this.slots);
  }

  /** Where the sound is now, into a preset. */
  private async takeSound(preset: Preset): Promise<void> {
    const client = this.hooks.client();
    const { model } = await getSettings(client);
    const { bend, gate } = (await client.ask("get_health", "health", {})).values;
    if (bend !== BEND.none) {
      throw new LinkError("a bend lies on the sound: hold the module's preset button for a second, which keeps all of it");
    }
    const here = this.hooks.here();
    const controls = (await client.ask("get_controls", "controls", {})).values;
    const played = preset.played.map((_, i) => here[i] ?? controls.played[i]!);
    const stored = preset.stored.map((old, i) => here[4 + i] ?? (here.length > 0 ? 0 : old));
    const level_q12 = preset.used !== 0 ? preset.level_q12 : LEVEL_UNITY;
    const model_id = new Uint8Array(ID_BYTES); // of what plays
    await this.write([{ ...preset, played, stored, turns: [0, 0, 0, 0], bend, gate, level_q12, model, used: 1, model_id }], [""]);
    this.hooks.say(`preset ${preset.index + 1} holds the present sound`);
  }

  private async swap(a: number, b: number): Promise<void> {
    const [first, second] = [this.all[a]!, this.all[b]!];
    const name = (preset: Preset) => (preset.used === 0 ? "" : this.names.of(preset));
    await this.write([{ ...first, index: b }, { ...second, index: a }], [name(first), name(second)]);
  }

  /** The presets that are shipped with the model that plays, in the places from the first on. */
  private async putShipped(): Promise<void> {
    const { model } = await getSettings(this.hooks.client());
    const wanted = this.shippedNow.slice(0, this.all.length).map(({ numbers }, index): Preset => {
      const [played, stored] = [numbers.slice(0, 4), numbers.slice(4, 16)];
      const bare = { turns: [0, 0, 0, 0], bend: 0, gate: 0, model_id: new Uint8Array(ID_BYTES) };
      return { ...bare, played, stored, level_q12: numbers[16]!, model, used: 1, index };
    });
    await this.write(wanted, this.shippedNow.map(({ name }) => name));
    this.hooks.say(`${wanted.length} presets are the model's own again`);
  }
}

/** A labelled slider that says its value; changed once it is let go. */
function slider(
  name: string,
  min: number,
  max: number,
  step: number,
  value: number,
  words: (now: number) => string,
  changed: (now: number) => void,
): HTMLElement {
  const range = h("input", { type: "range", min, max, step, value, "aria-label": `preset: ${name}` });
  const told = h("output", {}, words(value));
  range.addEventListener("input", () => (told.textContent = words(Number(range.value))));
  range.addEventListener("change", () => changed(Number(range.value)));
  return h("div", { class: "row way" }, labelled(name, range), told);
}
