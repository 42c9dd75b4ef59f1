// Works on models beside the page.
import { Board, EngineAlone } from "../worklet/board";
import { readNam } from "./nam";
import { roundOf } from "./original";
import { quantizeNam } from "./quantize";

export type Request =
  | { kind: "model"; name: string; bytes: Uint8Array; wasm: ArrayBuffer; audio: Float32Array }
  | { kind: "speed"; bytes: Uint8Array; wasm: ArrayBuffer }
  | { kind: "original"; bytes: Uint8Array; audio: Float32Array };

export type Answer =
  | { kind: "model"; bytes: Uint8Array }
  | { kind: "speed"; times: number }
  | { kind: "original"; audio: Float32Array<ArrayBuffer> }
  | { kind: "failed"; why: string }
  | { kind: "told"; text: string };

const TRIAL_SECONDS = 0.05; // so short that the system seldom takes the processor away meanwhile
const TRIALS = 20;
const ENOUGH_MS = 2500; // of trying: what is as slow as that is known by then
const RATE = 48000;

function engineOf(bytes: Uint8Array, wasm: ArrayBuffer): EngineAlone {
  return new EngineAlone(new Board(wasm, { send: () => {}, reboot: () => {} }), bytes, null);
}

function speed(bytes: Uint8Array, wasm: ArrayBuffer): number {
  const engine = engineOf(bytes, wasm);
  const noise = Int16Array.from({ length: TRIAL_SECONDS * RATE }, () => (Math.random() - 0.5) * 16384);
  let best = Infinity; // the browser compiles it well only once it has run, and may be busy with something else
  const first = performance.now();
  for (let i = 0; i < TRIALS && performance.now() - first < ENOUGH_MS; i++) {
    const began = performance.now();
    engine.process(noise);
    best = Math.min(best, performance.now() - began);
  }
  return (TRIAL_SECONDS * 1000) / Math.max(0.1, best);
}

/** A capture in integers, or why not and the command that can do more. */
function quantized(request: Request & { kind: "model" }): Answer {
  const name = request.name.slice(0, -4);
  try {
    const text = new TextDecoder().decode(request.bytes);
    const { bytes } = quantizeNam(text, name, request.audio, (words) => postMessage({ kind: "told", text: words } satisfies Answer));
    engineOf(bytes, request.wasm); // refuses what could overflow
    return { kind: "model", bytes };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { kind: "failed", why: `${why}; try: gritspace quantize "${request.name}" -o model.grit` };
  }
}

const percent = (share: number) => `${Math.round(100 * share)} %`;

function original(request: Request & { kind: "original" }): Answer {
  const network = readNam(new TextDecoder().decode(request.bytes));
  const tell = (share: number) => postMessage({ kind: "told", text: percent(share) } satisfies Answer);
  return { kind: "original", audio: roundOf(network, request.audio, tell) as Float32Array<ArrayBuffer> };
}

function answer(request: Request): Answer {
  if (request.kind === "original") return original(request);
  if (request.kind === "speed") return { kind: "speed", times: speed(request.bytes, request.wasm) };
  if (request.name.toLowerCase().endsWith(".nam")) return quantized(request);
  engineOf(request.bytes, request.wasm); // refuses what is none
  return { kind: "model", bytes: request.bytes };
}

onmessage = (event: MessageEvent<Request>) => {
  try {
    postMessage(answer(event.data));
  } catch (error) {
    postMessage({ kind: "failed", why: error instanceof Error ? error.message : String(error) } satisfies Answer);
  }
};
