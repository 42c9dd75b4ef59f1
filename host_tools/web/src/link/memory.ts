// What a module remembers: presets, settings, calibration, models; uploaded, saved and brought back.
import { REFUSAL_WORDS, SLOT_STATE, type Preset, type Settings, type Slot } from "../../generated/link_messages";
import { sameBytes, sha256 } from "./bytes";
import { LinkError, Refusal, type ModuleClient } from "./client";

export const LEVEL_UNITY = 4096;
const CHUNK_BYTES = 512;
const AT_ONCE = 8;
const WAIT_MS = 5;
const FLASH_MS = 10000;

export function pause(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}

export async function getSettings(module: ModuleClient): Promise<Settings> {
  return (await module.ask("get_settings", "settings", {})).values;
}

/** Answers to the same question about places from..to - 1, some of them on their way at once. */
async function several<T>(from: number, to: number, ask: (place: number) => Promise<T>): Promise<T[]> {
  const all: T[] = [];
  for (let at = from; at < to; at += AT_ONCE) {
    const places = Array.from({ length: Math.min(AT_ONCE, to - at) }, (_, i) => at + i);
    all.push(...(await Promise.all(places.map(ask))));
  }
  return all;
}

/** All presets, empty ones too. */
export async function getPresets(module: ModuleClient): Promise<Preset[]> {
  const { presets } = await getSettings(module);
  return several(0, presets, async (index) => (await module.ask("get_preset", "preset", { index })).values);
}

export async function putPreset(module: ModuleClient, preset: Preset): Promise<Preset> {
  return (await module.ask("put_preset", "preset", preset)).values;
}

/** Where a preset's model is, as `model`: it may have come into another slot. null: the module has it no more. */
export function modelNow(preset: Preset, slots: Slot[]): number | null {
  const { model, model_id } = preset;
  if (model === 0 || model_id.every((byte) => byte === 0)) return model;
  const its = slots.filter((slot) => slot.state === SLOT_STATE.good && sameBytes(slot.sha256.subarray(0, model_id.length), model_id));
  const places = its.map((slot) => slot.slot + 1);
  return places.includes(model) ? model : (places[0] ?? null);
}

/** The whole bank; none without flash for it. */
export async function getSlots(module: ModuleClient): Promise<Slot[]> {
  const first = (await module.ask("get_slot", "slot", { slot: 0 })).values;
  const rest = await several(1, first.slots, async (slot) => (await module.ask("get_slot", "slot", { slot })).values);
  return first.slots > 0 ? [first, ...rest] : [];
}

/** Until all settings are in flash. */
export async function waitUntilSaved(module: ModuleClient): Promise<Settings> {
  const until = Date.now() + FLASH_MS;
  for (;;) {
    const settings = await getSettings(module);
    if (settings.saved !== 0) return settings;
    if (Date.now() > until) throw new LinkError("the module does not get its settings into flash; it may be worn out");
    await pause(WAIT_MS);
  }
}

/** Asks again while the flash is at work. */
async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  const until = Date.now() + FLASH_MS;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof Refusal) || error.reason !== "wait" || Date.now() > until) throw error;
      await pause(WAIT_MS);
    }
  }
}

function placeFor(slots: Slot[], hash: Uint8Array): number {
  const same = slots.find((slot) => slot.bytes > 0 && sameBytes(slot.sha256, hash));
  const free = slots.find((slot) => slot.state === SLOT_STATE.empty || slot.state === SLOT_STATE.refused);
  const place = same ?? free;
  if (place !== undefined) return place.slot;
  throw new LinkError(
    slots.length === 0
      ? "this module has no model bank: build the model into its firmware (gritspace build --model FILE)"
      : `all ${slots.length} slots are taken: delete a model first`,
  );
}

/** Brings a model into the bank while the module plays; its slot. An upload that was cut goes on where it stood. */
export async function upload(
  module: ModuleClient,
  model: Uint8Array,
  progress: (done: number, of: number) => void = () => {},
  wanted: number | null = null,
): Promise<Slot> {
  const hash = await sha256(model);
  const slots = await getSlots(module);
  const slot = wanted ?? placeFor(slots, hash);
  const most = slots[0]?.most_bytes ?? 0;
  if (model.length > most) {
    throw new LinkError(`the model has ${model.length} bytes; a slot of this module holds ${most}`);
  }
  const begin = () => module.ask("upload_start", "slot", { bytes: model.length, sha256: hash, slot });
  let now = (await patiently(begin)).values;
  let stands = now.received;
  let since = Date.now();
  while (now.state === SLOT_STATE.receiving && now.received < model.length) {
    progress(now.received, model.length);
    const chunk = model.slice(now.received, now.received + CHUNK_BYTES);
    now = (await module.ask("upload_chunk", "slot", { offset: now.received, slot }, chunk)).values;
    if (now.received !== stands) {
      stands = now.received;
      since = Date.now();
    } else if (Date.now() - since > FLASH_MS) {
      throw new LinkError("the module does not take the model: its flash does not get ready; restart it and try again");
    } else {
      await pause(WAIT_MS);
    }
  }
  while (now.state === SLOT_STATE.receiving || now.state === SLOT_STATE.checking) {
    if (Date.now() - since > FLASH_MS) throw new LinkError("the module does not say whether the model is good");
    await pause(WAIT_MS);
    now = (await module.ask("get_slot", "slot", { slot })).values;
  }
  if (now.state !== SLOT_STATE.good || !sameBytes(now.sha256, hash)) {
    const words = (REFUSAL_WORDS[now.refusal] ?? String(now.refusal)).replace("its grit_status_t", String(now.status));
    throw new LinkError(`the module refused the model: ${words}`);
  }
  progress(model.length, model.length);
  return now;
}

/** Plays another model: 0 is the factory's, n the bank's slot n - 1. */
export async function select(module: ModuleClient, model: number): Promise<void> {
  await module.ask("select_model", "info", { model });
}

export async function remove(module: ModuleClient, slot: number): Promise<void> {
  await patiently(() => module.ask("delete_model", "slot", { slot }));
}
