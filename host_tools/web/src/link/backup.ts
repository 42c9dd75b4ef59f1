// Everything a module remembers as one file, and back: presets with their names, how they morph, calibration, models.
import { SLOT_STATE, type Preset } from "../../generated/link_messages";
import { LinkError, Refusal, type ModuleClient } from "./client";
import { getPresets, getSettings, getSlots, putPreset, sha256, upload, waitUntilSaved } from "./memory";

const KIND = "gritspace-backup";

export interface Backup {
  kind: typeof KIND;
  version: 1;
  morph_ms: number;
  names: Record<string, string>;
  presets: {
    index: number;
    played: number[];
    stored: number[];
    turns?: number[];
    bend?: number;
    level_q12: number;
    model: string | null;
  }[];
  cv: { input: number; offset_uv: number; gain_ppm: number }[];
  knobs: { knob: number; left: number; right: number }[];
  models: { slot: number; name: string; sha256: string; bytes: string }[];
}

export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function base64(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

/** A model's bytes back from a module: 0 is the factory's, n the bank's slot n - 1. */
export async function readModel(module: ModuleClient, model: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let offset = 0;
  for (;;) {
    const part = await module.ask("read_model", "model_part", { offset, model });
    parts.push(part.tail);
    offset += part.tail.length;
    if (offset >= part.values.bytes || part.tail.length === 0) break;
  }
  const whole = new Uint8Array(offset);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export async function backUp(
  module: ModuleClient,
  names: Record<string, string>,
  progress: (text: string) => void,
): Promise<Backup> {
  const settings = await getSettings(module);
  const ends = (await module.ask("get_knob_ends", "knob_ends", {})).values;
  const slots = (await getSlots(module)).filter((slot) => slot.state === SLOT_STATE.good);
  const models: Backup["models"] = [];
  for (const slot of slots) {
    progress(`reading ${slot.name}`);
    try {
      const bytes = await readModel(module, slot.slot + 1);
      models.push({ slot: slot.slot, name: slot.name, sha256: hex(slot.sha256), bytes: base64(bytes) });
    } catch (error) {
      if (!(error instanceof Refusal) || error.reason !== "message") throw error;
      throw new LinkError("this module's firmware is older than backups: flash the present one first");
    }
  }
  const presets = (await getPresets(module)).filter((preset) => preset.used !== 0);
  const bit = (mask: number, i: number) => ((mask >> i) & 1) === 1;
  return {
    kind: KIND,
    version: 1,
    morph_ms: settings.morph_ms,
    names,
    presets: presets.map(({ index, played, stored, turns, bend, level_q12, model }) => {
      const slot = slots.find((one) => one.slot === model - 1);
      const bent = bend === 0 ? {} : { turns, bend };
      return { index, played, stored, ...bent, level_q12, model: slot === undefined ? null : hex(slot.sha256) };
    }),
    cv: settings.offset_uv.flatMap((offset_uv, input) =>
      bit(settings.calibrated, input) ? [{ input, offset_uv, gain_ppm: settings.gain_ppm[input]! }] : [],
    ),
    knobs: ends.left.flatMap((left, knob) =>
      bit(ends.calibrated, knob) ? [{ knob, left, right: ends.right[knob]! }] : [],
    ),
    models,
  };
}

function isNumbers(value: unknown, count: number): value is number[] {
  return Array.isArray(value) && value.length === count && value.every((one) => Number.isInteger(one));
}

/** A file's text -> a backup. Throws LinkError with what is wrong. */
export function parseBackup(text: string): Backup {
  let value: Partial<Backup>;
  try {
    value = JSON.parse(text) as Partial<Backup>;
  } catch {
    throw new LinkError("this is no backup: it is not JSON");
  }
  if (value === null || typeof value !== "object" || value.kind !== KIND || value.version !== 1) {
    throw new LinkError("this is no backup of a Gritspace module");
  }
  const lists = [value.presets, value.cv, value.knobs, value.models];
  if (!lists.every(Array.isArray) || typeof value.morph_ms !== "number" || typeof value.names !== "object") {
    throw new LinkError("this backup is damaged: parts of it are missing");
  }
  for (const preset of value.presets!) {
    if (!isNumbers(preset.played, 4) || !isNumbers(preset.stored, 12) || !Number.isInteger(preset.index)) {
      throw new LinkError("this backup is damaged: a preset has not its numbers");
    }
  }
  return value as Backup;
}

/** Everything back into a module; what it had in the same places is replaced. */
export async function restore(module: ModuleClient, backup: Backup, progress: (text: string) => void): Promise<void> {
  const places = new Map<string, number>();
  for (const model of backup.models) {
    const bytes = fromBase64(model.bytes);
    if (hex(await sha256(bytes)) !== model.sha256) throw new LinkError(`the backup's model ${model.name} is damaged`);
    const slot = await upload(module, bytes, (done, of) => progress(`${model.name}: ${Math.round((100 * done) / of)} %`));
    places.set(model.sha256, slot.slot + 1);
  }
  progress("presets");
  const wanted = new Map(backup.presets.map((preset) => [preset.index, preset]));
  for (const now of await getPresets(module)) {
    const kept = wanted.get(now.index);
    if (kept === undefined && now.used === 0) continue;
    const preset: Preset = {
      ...now,
      played: kept?.played ?? now.played,
      stored: kept?.stored ?? now.stored,
      turns: isNumbers(kept?.turns, 4) ? kept.turns : [0, 0, 0, 0],
      bend: Number.isInteger(kept?.bend) ? kept!.bend! : 0,
      level_q12: kept?.level_q12 ?? now.level_q12,
      model: kept?.model == null ? 0 : (places.get(kept.model) ?? 0),
      used: kept === undefined ? 0 : 1,
      model_id: new Uint8Array(8),
    };
    await putPreset(module, preset);
  }
  await module.ask("put_settings", "settings", { morph_ms: backup.morph_ms });
  for (const cv of backup.cv) await module.ask("put_calibration", "settings", { ...cv, measured: 1 });
  for (const knob of backup.knobs) await module.ask("put_knob_ends", "knob_ends", { ...knob, measured: 1 });
  await waitUntilSaved(module);
}

/** Two backups of the same things, whatever the order of their models. */
export function sameBackup(a: Backup, b: Backup): boolean {
  const order = (backup: Backup) => ({ ...backup, models: [...backup.models].map((m) => m.sha256).sort() });
  return JSON.stringify(order(a)) === JSON.stringify(order(b));
}

