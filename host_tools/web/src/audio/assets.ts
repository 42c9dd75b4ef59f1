// The files beside the page: the module, the spaces, the loops.
import type { FirstPresets } from "../worklet/board";

export interface Device {
  label: string;
  /** Q15. */
  position: number[];
  /** Where it lies on the plane on which near ones are near; -1..1. */
  plane: [number, number];
  /** A clip of its own sound of the guitar loop, where there is one. */
  clip?: string;
}

/** A preset that is shipped with a space. */
export interface ShippedPreset {
  name: string;
  /** Position, Q15: played, then stored; level_q12. */
  numbers: number[];
}

export interface SpaceMap {
  name: string;
  title: string;
  file: string;
  /** SHA-256 of the model, hexadecimal. */
  model: string;
  devices: Device[];
  presets: ShippedPreset[];
}

export interface Site {
  version: string;
  wasm: string;
  spaces: SpaceMap[];
  loops: { name: string; file: string; frames: number }[];
}

/** What a module with this space in its image begins with. */
export function firstPresets(space: SpaceMap): FirstPresets {
  const sha256 = Uint8Array.from(space.model.match(/../g) ?? [], (pair) => parseInt(pair, 16));
  return { rows: space.presets.map(({ numbers }) => numbers), sha256 };
}

export async function fetchBytes(path: string): Promise<ArrayBuffer> {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error(`${path} is missing from this page's folder (${answer.status})`);
  return answer.arrayBuffer();
}

export async function fetchSite(): Promise<Site> {
  return JSON.parse(new TextDecoder().decode(await fetchBytes("site.json"))) as Site;
}
