// A backup as a file: what may stand in it, said once, and checked before a module hears of any of it.
import { BEND } from "../../generated/link_messages";
import {
  CV_GAIN_PPM,
  CV_OFFSET_UV,
  GAIN_TOLERANCE_PERCENT,
  KNOB_LEFT_CODE,
  KNOB_RIGHT_CODE,
  KNOB_TOLERANCE_PERCENT,
  MORPH_LIMIT_MS,
  OFFSET_TOLERANCE_UV,
} from "../../generated/panel";
import { hex, sha256 } from "./bytes";
import { LinkError } from "./client";
import { each, exactly, list, Malformed, optional, orNull, record, table, text, whole, type Checked } from "./schema";

export const KIND = "gritspace-backup";
export const NAME_LETTERS = 64;
const MOST_PLACES = 256; // a byte in the link's messages
const MOST_MODEL_LETTERS = 8 << 20; // a Daisy's whole flash, and a bit
const FULL = 32768;
const GATE_LOWEST_DB = 96; // below full scale, as the firmware has it

const place = whole(0, MOST_PLACES - 1);
const q15 = whole(-FULL, FULL - 1);
const hash = text(64, /^[0-9a-f]{64}$/, "a SHA-256");
const around = (middle: number, room: number) => whole(Math.ceil(middle - room), Math.floor(middle + room));
const end = (code: number) => {
  const room = Math.floor((Math.abs(KNOB_RIGHT_CODE - KNOB_LEFT_CODE) * KNOB_TOLERANCE_PERCENT) / 100);
  return whole(Math.max(0, code - room), Math.min(65535, code + room));
};

export const names = table(/^(0|[1-9][0-9]{0,2})$/, text(NAME_LETTERS));
const preset = record({
  index: place,
  played: list(q15, 4, 4),
  stored: list(q15, 12, 12),
  turns: optional(list(q15, 4, 4)),
  bend: optional(whole(0, Math.max(...Object.values(BEND)))),
  gate: optional(whole(0, GATE_LOWEST_DB)),
  level_q12: whole(0, FULL - 1),
  model: orNull(hash),
});
const cv = record({
  input: place,
  offset_uv: around(CV_OFFSET_UV, OFFSET_TOLERANCE_UV),
  gain_ppm: around(CV_GAIN_PPM, Math.floor((Math.abs(CV_GAIN_PPM) * GAIN_TOLERANCE_PERCENT) / 100)),
});
const knob = record({ knob: place, left: end(KNOB_LEFT_CODE), right: end(KNOB_RIGHT_CODE) });
const model = record({ slot: place, name: text(64), sha256: hash, bytes: text(MOST_MODEL_LETTERS) });
const backup = record({
  kind: exactly(KIND),
  version: exactly(1),
  morph_ms: whole(0, MORPH_LIMIT_MS),
  names,
  presets: each("index", preset, MOST_PLACES),
  cv: each("input", cv, MOST_PLACES),
  knobs: each("knob", knob, MOST_PLACES),
  models: each("sha256", model, MOST_PLACES),
});
export type Backup = Checked<typeof backup>;

/** A backup whose models' bytes are there and whole. */
export interface WholeBackup extends Backup {
  blobs: Map<string, Uint8Array>;
}

export function base64(bytes: Uint8Array): string {
  let letters = "";
  for (const byte of bytes) letters += String.fromCharCode(byte);
  return btoa(letters);
}

function fromBase64(letters: string): Uint8Array {
  try {
    return Uint8Array.from(atob(letters), (letter) => letter.charCodeAt(0));
  } catch {
    return new Uint8Array(0);
  }
}

function parsed(file: string): Backup {
  let value: unknown;
  try {
    value = JSON.parse(file);
  } catch {
    throw new LinkError("this is no backup: it is not JSON");
  }
  if ((value as Backup | null)?.kind !== KIND) throw new LinkError("this is no backup of a Gritspace module");
  if ((value as Backup).version !== 1) throw new LinkError("this backup is of another version of Gritspace than this page");
  try {
    return backup(value, "");
  } catch (error) {
    if (error instanceof Malformed) throw new LinkError(`this backup is damaged: ${error.message}`);
    throw error;
  }
}

/** A file's text -> a backup. Throws LinkError with what is wrong, and where. */
export async function readBackup(file: string): Promise<WholeBackup> {
  const found = parsed(file);
  const blobs = new Map<string, Uint8Array>();
  for (const one of found.models) {
    const bytes = fromBase64(one.bytes);
    if (hex(await sha256(bytes)) !== one.sha256) throw new LinkError(`this backup is damaged: its model ${one.name} is`);
    blobs.set(one.sha256, bytes);
  }
  const lost = found.presets.find((one) => one.model !== null && !blobs.has(one.model));
  if (lost !== undefined) throw new LinkError(`this backup is damaged: preset ${lost.index + 1} plays a model that it does not hold`);
  return { ...found, blobs };
}
