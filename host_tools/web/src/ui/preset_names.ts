// What presets are called. A module keeps no names: the browser keeps those that were given here, together with what they
// were given to, so that a name is never seen beside another sound; a shipped preset is known by its numbers.
import type { Preset } from "../../generated/link_messages";
import type { ShippedPreset } from "../audio/assets";
import { hex } from "../link/bytes";
import { NAME_LETTERS, names as checked } from "../link/backup_file";

const KEPT = "gritspace-preset-names-2";

const place = (numbers: readonly number[]) => numbers.join(" ");
const sound = (preset: Preset) => {
  const { played, stored, turns, bend, model_id } = preset;
  return `${place([...played, ...stored])} ${bend} ${place(bend === 0 ? [] : turns)} ${hex(model_id)}`;
};

export class PresetNames {
  private readonly shipped: Map<string, string>;

  constructor(shipped: readonly ShippedPreset[]) {
    this.shipped = new Map(shipped.map(({ name, numbers }) => [place(numbers.slice(0, -1)), name]));
  }

  of(preset: Preset): string {
    const given = this.given()[preset.index];
    if (given !== undefined && given.sound === sound(preset)) return given.name;
    return this.shipped.get(place([...preset.played, ...preset.stored])) ?? "";
  }

  give(preset: Preset, name: string): void {
    const { [preset.index]: _, ...others } = this.given();
    const all = name === "" ? others : { ...others, [preset.index]: { name: name.slice(0, NAME_LETTERS), sound: sound(preset) } };
    localStorage.setItem(KEPT, JSON.stringify(all));
  }

  private given(): Record<number, { name: string; sound: string }> {
    try {
      const kept = JSON.parse(localStorage.getItem(KEPT) ?? "{}") as Record<string, { name: string; sound: string }>;
      const only = (field: "name" | "sound") => Object.fromEntries(Object.entries(kept).map(([key, one]) => [key, one[field]]));
      const names = checked(only("name"), "");
      return Object.fromEntries(Object.entries(names).map(([key, name]) => [key, { name, sound: String(kept[key]!.sound) }]));
    } catch {
      return {};
    }
  }
}
