// What a device's own knobs are called, asked of the module that has the model: they stand in the model's bytes.
// As host_tools/module/knob_names.py.
import { HEADER, HEADER_BYTES, KNOB_NAME, MAGIC, MAX_KNOBS } from "../../generated/grit_format";
import { Refusal, type ModuleClient } from "./client";

/** model: 0 is the factory's, n the bank's slot n - 1. [] where the played dimensions are no device's knobs, and of a
 * module that is too old to read its models back. */
export async function ownKnobs(module: ModuleClient, model: number): Promise<string[]> {
  try {
    const header = await bytesOf(module, model, 0, HEADER_BYTES);
    const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
    if (view.byteLength < HEADER_BYTES || view.getUint32(0, true) !== MAGIC) return [];
    const number = (name: string) => {
      const [kind, , at] = HEADER[name]!;
      return kind === "u16" ? view.getUint16(at, true) : view.getUint32(at, true);
    };
    const metadata = await bytesOf(module, model, number("metadata"), number("metadata_bytes"));
    return knobNamesIn(new TextDecoder().decode(metadata), number("position_count"));
  } catch (error) {
    if (error instanceof Refusal) return [];
    throw error;
  }
}

/** As many bytes of a model as are asked for, or as it has. */
async function bytesOf(module: ModuleClient, model: number, start: number, count: number): Promise<Uint8Array> {
  const whole = new Uint8Array(count);
  let have = 0;
  while (have < count) {
    const { tail } = await module.ask("read_model", "model_part", { offset: start + have, model });
    if (tail.length === 0) return whole.subarray(0, have);
    whole.set(tail.subarray(0, count - have), have);
    have += tail.length;
  }
  return whole;
}

/** What a model's metadata, as text, calls the dimensions of its position, if they are a device's own knobs. */
export function knobNamesIn(metadata: string, positionCount: number): string[] {
  let names: unknown;
  try {
    names = (JSON.parse(metadata) as { knobs?: unknown } | null)?.knobs;
  } catch {
    return [];
  }
  if (!Array.isArray(names) || names.length === 0 || names.length !== positionCount || names.length > MAX_KNOBS) return [];
  const good = names.every((name) => typeof name === "string" && KNOB_NAME.test(name));
  return good && new Set(names).size === names.length ? (names as string[]) : [];
}
