// What the page and the worklet say to each other.
import type { FirstPresets } from "./board";
import type { CvPatch } from "./cv";

/** A panel's codes from a block on; blocks count from the worklet's start. */
export interface PanelMove {
  block: number;
  codes: number[];
}

export interface Options {
  wasm: ArrayBuffer;
  model: ArrayBuffer;
  presets: FirstPresets | null;
  flash: ArrayBuffer | null;
  /** Codes block by block, instead of knobs and patches; for what must be the same every time. */
  script: PanelMove[] | null;
}

export type ToWorklet =
  | { kind: "knob"; index: number; turn: number }
  | { kind: "patch"; jack: number; patch: CvPatch }
  | { kind: "switches"; gate: boolean; button: boolean }
  | { kind: "link"; bytes: Uint8Array }
  | { kind: "power"; model: ArrayBuffer; presets: FirstPresets | null; keepFlash: boolean }
  | { kind: "flash" };

export interface Meters {
  kind: "meters";
  /** Red and green of the left LED, then of the right one: 0..255. */
  leds: number[];
  /** flags, model, wanted, why, preset, peak in, peak out, limited, delay, numbers in a position. */
  status: number[];
  /** Q15. */
  position: number[];
  /** At the CV jacks. */
  volts: number[];
  /** K-weighted mean squares of input and output since the last one, and of how many frames. */
  heard: [number, number, number];
  blocks: number;
  flashChanges: number;
}

export type FromWorklet =
  | Meters
  | { kind: "link"; bytes: Uint8Array }
  | { kind: "reboot"; into: number }
  | { kind: "flash"; bytes: Uint8Array }
  | { kind: "failed"; why: string };
