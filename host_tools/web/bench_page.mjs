// In the page that bench.py serves: the module's engine and Neural Amp Modeler Core's, the same noise, in turn.
import { createNamModule, NamWasmModule } from "./core/index.js";

const RATE = 48000;
const bytesOf = async (path) => new Uint8Array(await (await fetch(path)).arrayBuffer());

async function ours(seconds, index) {
  const page = { send() {}, reboot() {}, clock: () => 0 };
  const { instance } = await WebAssembly.instantiate(await bytesOf("module.wasm"), { page });
  const board = instance.exports;
  const blob = await bytesOf(`${index}.grit`);
  const at = board.take(blob.length);
  new Uint8Array(board.memory.buffer).set(blob, at);
  const engine = board.engine_open(at, blob.length, 0);
  const frames = seconds * RATE;
  const place = board.take(2 * frames);
  return () => {
    const view = new Int16Array(board.memory.buffer, place, frames);
    for (let i = 0; i < frames; i++) view[i] = (Math.random() - 0.5) * 12000;
    const began = performance.now();
    for (let done = 0; done < frames; done += 48) board.engine_process(engine, place + 2 * done, place + 2 * done, 48);
    return (seconds * 1000) / (performance.now() - began);
  };
}

async function core(seconds, index) {
  const binary = await bytesOf("core/nam.wasm");
  const nam = NamWasmModule.fromModule(await createNamModule({ wasmBinary: binary }));
  nam.setSampleRate(RATE);
  const id = nam.createInstance();
  if (!nam.loadModel(id, await (await fetch(`${index}.nam`)).text())) return null;
  const blocks = Math.round((seconds * RATE) / 128);
  const input = new Float32Array(128);
  const output = new Float32Array(128);
  return () => {
    for (let i = 0; i < 128; i++) input[i] = (Math.random() - 0.5) * 0.4;
    const began = performance.now();
    for (let block = 0; block < blocks; block++) nam.process(id, input, output);
    return (seconds * 1000) / (performance.now() - began);
  };
}

/** Both in turn, three rounds behind one that only warms them; the best of each. */
globalThis.measure = async (seconds, index, hasNam) => {
  const page = await ours(seconds, index);
  const rival = hasNam ? await core(seconds, index) : null;
  let best = { page: 0, core: rival === null ? null : 0 };
  for (let round = 0; round < 4; round++) {
    const now = { page: page(), core: rival === null ? null : rival() };
    if (round === 0) continue;
    best = { page: Math.max(best.page, now.page), core: rival === null ? null : Math.max(best.core, now.core) };
  }
  return best;
};
globalThis.measureReady = true;
