// The link's messages as values, packed and unpacked by the generated table.
import { LAYOUTS, VERSION, type Field, type Layout, type Payloads } from "../../generated/link_messages";
import { encodeFrame, type Frame } from "./frames";

export type MessageName = keyof Payloads;

/** A message that came in. tail: its bytes. */
export interface Message<Name extends MessageName = MessageName> {
  name: Name;
  sequence: number;
  values: Payloads[Name];
  tail: Uint8Array;
}

const SIZE = { u8: 1, u16: 2, i16: 2, u32: 4, i32: 4, bytes: 1, text: 1 } as const;
const BY_ID = new Map<number, MessageName>(
  (Object.entries(LAYOUTS) as [MessageName, Layout][]).map(([name, layout]) => [layout.id, name]),
);

function fixedBytes(layout: Layout): number {
  return layout.fields.reduce((sum, field) => sum + field.count * SIZE[field.type], 0);
}

function putNumber(view: DataView, at: number, type: Field["type"], value: number): void {
  if (type === "u8") view.setUint8(at, value);
  else if (type === "u16") view.setUint16(at, value, true);
  else if (type === "i16") view.setInt16(at, value, true);
  else if (type === "u32") view.setUint32(at, value, true);
  else view.setInt32(at, value, true);
}

function getNumber(view: DataView, at: number, type: Field["type"]): number {
  if (type === "u8") return view.getUint8(at);
  if (type === "u16") return view.getUint16(at, true);
  if (type === "i16") return view.getInt16(at, true);
  if (type === "u32") return view.getUint32(at, true);
  return view.getInt32(at, true);
}

/** A message as its frame's bytes. */
export function encodeMessage<Name extends MessageName>(
  name: Name,
  sequence: number,
  values: Payloads[Name],
  tail: Uint8Array = new Uint8Array(0),
): Uint8Array {
  const layout = LAYOUTS[name];
  const fixed = fixedBytes(layout);
  const payload = new Uint8Array(fixed + tail.length);
  const view = new DataView(payload.buffer);
  let at = 0;
  for (const field of layout.fields) {
    const value = (values as Record<string, unknown>)[field.name];
    if (field.type === "text") {
      payload.set(new TextEncoder().encode(value as string).subarray(0, field.count), at);
    } else if (field.type === "bytes") {
      payload.set((value as Uint8Array).subarray(0, field.count), at);
    } else {
      const numbers = field.count > 1 ? (value as number[]) : [value as number];
      if (numbers.length !== field.count) throw new RangeError(`${name}.${field.name} has ${field.count} numbers`);
      numbers.forEach((number, i) => putNumber(view, at + i * SIZE[field.type], field.type, number));
    }
    at += field.count * SIZE[field.type];
  }
  payload.set(tail, fixed);
  return encodeFrame({ message: layout.id, version: VERSION, sequence, payload });
}

/** A frame's message; null for an unknown one or a payload of the wrong length. */
export function decodeMessage(frame: Frame): Message | null {
  const name = BY_ID.get(frame.message);
  if (name === undefined) return null;
  const layout = LAYOUTS[name];
  const fixed = fixedBytes(layout);
  const rest = frame.payload.length - fixed;
  if (rest < 0 || (layout.tail === null ? rest !== 0 : rest % SIZE[layout.tail.type] !== 0)) return null;
  const view = new DataView(frame.payload.buffer, frame.payload.byteOffset, frame.payload.length);
  const values: Record<string, unknown> = {};
  let at = 0;
  for (const field of layout.fields) {
    const bytes = field.count * SIZE[field.type];
    if (field.type === "text") {
      const text = frame.payload.subarray(at, at + bytes);
      const end = text.indexOf(0);
      values[field.name] = new TextDecoder().decode(end < 0 ? text : text.subarray(0, end));
    } else if (field.type === "bytes") {
      values[field.name] = frame.payload.slice(at, at + bytes);
    } else if (field.count > 1) {
      const step = SIZE[field.type];
      values[field.name] = Array.from({ length: field.count }, (_, i) => getNumber(view, at + i * step, field.type));
    } else {
      values[field.name] = getNumber(view, at, field.type);
    }
    at += bytes;
  }
  return {
    name,
    sequence: frame.sequence,
    values: values as Payloads[MessageName],
    tail: frame.payload.slice(fixed),
  } as Message;
}

/** int16 numbers as a tail. */
export function int16Tail(numbers: ArrayLike<number>): Uint8Array {
  return new Uint8Array(Int16Array.from(numbers).buffer);
}
