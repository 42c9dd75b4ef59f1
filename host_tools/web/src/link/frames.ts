// The link's frames: COBS(header, payload, CRC-32) and a zero byte. Nothing here knows what a message means.
import { PAYLOAD_BYTES } from "../../generated/link_messages";

export interface Frame {
  message: number;
  version: number;
  sequence: number;
  payload: Uint8Array;
}

const HEADER_BYTES = 4;
const CRC_BYTES = 4;
const MAX_RAW = HEADER_BYTES + PAYLOAD_BYTES + CRC_BYTES;

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let bit = 0; bit < 8; bit++) n = n & 1 ? (n >>> 1) ^ 0xedb88320 : n >>> 1;
  return n >>> 0;
});

/** CRC-32 as zlib's. */
export function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ CRC_TABLE[(crc ^ byte) & 255]!;
  return ~crc >>> 0;
}

/** Any bytes -> the same without a zero, and a zero behind. Source: Cheshire and Baker, 1999. */
function cobs(raw: Uint8Array): Uint8Array {
  const out = new Uint8Array(raw.length + Math.floor(raw.length / 254) + 2);
  let codeAt = 0;
  let at = 1;
  for (const byte of raw) {
    if (byte !== 0) out[at++] = byte;
    if (byte === 0 || at - codeAt === 255) {
      out[codeAt] = at - codeAt;
      codeAt = at++;
    }
  }
  out[codeAt] = at - codeAt;
  return out.subarray(0, at + 1);
}

/** The inverse, without the zero; null if the last group is not whole. */
function fromCobs(coded: Uint8Array): Uint8Array | null {
  const out = new Uint8Array(coded.length);
  let used = 0;
  let code = 255;
  for (let at = 0; at < coded.length; at += code) {
    if (code !== 255) out[used++] = 0;
    code = coded[at]!;
    if (at + code > coded.length) return null;
    out.set(coded.subarray(at + 1, at + code), used);
    used += code - 1;
  }
  return out.subarray(0, used);
}

/** A frame as it goes over the wire. */
export function encodeFrame(frame: Frame): Uint8Array {
  if (frame.payload.length > PAYLOAD_BYTES) throw new RangeError(`a payload has at most ${PAYLOAD_BYTES} bytes`);
  const raw = new Uint8Array(HEADER_BYTES + frame.payload.length + CRC_BYTES);
  const view = new DataView(raw.buffer);
  raw[0] = frame.message;
  raw[1] = frame.version;
  view.setUint16(2, frame.sequence & 0xffff, true);
  raw.set(frame.payload, HEADER_BYTES);
  view.setUint32(raw.length - CRC_BYTES, crc32(raw.subarray(0, raw.length - CRC_BYTES)), true);
  return cobs(raw);
}

/** Takes a stream of bytes apart; damaged frames are counted and left out. */
export class FrameReceiver {
  good = 0;
  damaged = 0;
  private begun = new Uint8Array(2 * MAX_RAW);
  private used = 0;

  feed(bytes: Uint8Array, take: (frame: Frame) => void): void {
    for (const byte of bytes) {
      if (byte !== 0) {
        if (this.used < this.begun.length) this.begun[this.used++] = byte; // what is too long already stays too long
        continue;
      }
      const frame = this.used > 0 ? this.decode(this.begun.subarray(0, this.used)) : null;
      this.used = 0;
      if (frame !== null) take(frame);
    }
  }

  private decode(coded: Uint8Array): Frame | null {
    const raw = fromCobs(coded);
    if (raw === null || raw.length < HEADER_BYTES + CRC_BYTES || raw.length > MAX_RAW) {
      this.damaged++;
      return null;
    }
    const view = new DataView(raw.buffer, raw.byteOffset, raw.length);
    const body = raw.subarray(0, raw.length - CRC_BYTES);
    if (crc32(body) !== view.getUint32(raw.length - CRC_BYTES, true)) {
      this.damaged++;
      return null;
    }
    this.good++;
    return { message: raw[0]!, version: raw[1]!, sequence: view.getUint16(2, true), payload: body.slice(HEADER_BYTES) };
  }
}
