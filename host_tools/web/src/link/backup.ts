// Everything a module remembers as one file, and back: presets with their names, how they morph, calibration, models.
import { SLOT_STATE, type Preset, type Slot } from "../../generated/link_messages";
import { base64, KIND, type Backup, type WholeBackup } from "./backup_file";
import { hex } from "./bytes";
import { LinkError, Refusal, type ModuleClient } from "./client";
import { getPresets, getSettings, getSlots, putPreset, upload, waitUntilSaved } from "./memory";

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
    presets: presets.map(({ index, played, stored, turns, bend, gate, level_q12, model }) => {
      const slot = slots.find((one) => one.slot === model - 1);
      const bent = bend === 0 ? { turns: undefined, bend: undefined } : { turns, bend };
      const gated = gate === 0 ? { gate: undefined } : { gate };
      return { index, played, stored, ...bent, ...gated, level_q12, model: slot === undefined ? null : hex(slot.sha256) };
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

/** Whether all of a backup can go into a module; throws LinkError with what cannot, before anything is written. */
async function fits(module: ModuleClient, backup: WholeBackup): Promise<void> {
  const settings = await getSettings(module);
  const beyond = (places: number[], count: number) => places.find((one) => one >= count);
  const inputs: [string, number[], number][] = [
    ["presets", backup.presets.map((one) => one.index), settings.presets],
    ["CV inputs", backup.cv.map((one) => one.input), settings.cvs],
    ["knobs", backup.knobs.map((one) => one.knob), settings.knobs],
  ];
  for (const [what, places, count] of inputs) {
    const odd = beyond(places, count);
    if (odd !== undefined) throw new LinkError(`the backup is of a module with more ${what}: it has number ${odd + 1}, this module has ${count}`);
  }
  const slots: Slot[] = backup.models.length > 0 ? await getSlots(module) : [];
  const most = slots[0]?.most_bytes ?? 0;
  const there = (hash: string) => slots.some((slot) => slot.bytes > 0 && hex(slot.sha256) === hash);
  const wanted = backup.models.filter((one) => !there(one.sha256));
  if (wanted.length > 0 && slots.length === 0) throw new LinkError("the backup brings models, and this module has no model bank");
  const large = wanted.find((one) => backup.blobs.get(one.sha256)!.length > most);
  if (large !== undefined) {
    throw new LinkError(`the backup's model ${large.name} has ${backup.blobs.get(large.sha256)!.length} bytes; a slot of this module holds ${most}`);
  }
  const free = slots.filter((slot) => slot.state === SLOT_STATE.empty || slot.state === SLOT_STATE.refused).length;
  if (wanted.length > free) {
    const room = free === 1 ? "1 place is free" : `${free} places are free`;
    throw new LinkError(`the backup brings ${wanted.length} models that the module has not, and ${room}: delete some first`);
  }
}

/** Everything back into a module; what it had in the same places is replaced. */
export async function restore(module: ModuleClient, backup: WholeBackup, progress: (text: string) => void): Promise<void> {
  await fits(module, backup);
  const places = new Map<string, number>();
  for (const model of backup.models) {
    const slot = await upload(module, backup.blobs.get(model.sha256)!, (done, of) => progress(`${model.name}: ${Math.round((100 * done) / of)} %`));
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
      turns: kept?.turns ?? [0, 0, 0, 0],
      bend: kept?.bend ?? 0,
      gate: kept?.gate ?? 0,
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
